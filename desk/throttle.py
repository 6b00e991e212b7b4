"""Slows down guessing: by address, by name, and by both together, without locking the owner of a name out.

Lives in the memory of the one desk process and is forgotten with it. Nothing of it is logged.
"""

from collections.abc import Callable
from dataclasses import dataclass

REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Rate:
    """How many attempts may come at once, and after how many seconds one more is given back."""

    burst: int
    seconds: float


ADDRESS = Rate(20, 6)
PAIR = Rate(5, 20)
NAME = Rate(30, 20)


class Throttle:
    """Counts attempts to sign in. `clock` gives seconds that only grow."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._used: dict[tuple[str, str], tuple[float, float]] = {}
        self._known: dict[tuple[str, str], None] = {}

    def wait(self, name: str, address: str) -> float:
        """Count an attempt and return 0, or return for how many seconds none is allowed."""
        rates = {("address", address): ADDRESS, ("pair", f"{name}\0{address}"): PAIR}
        # whoever attacks a name from elsewhere does not slow down its owner at the usual place
        if (name, address) not in self._known:
            rates["name", name] = NAME
        now = self._clock()
        used = {key: self._level(key, rate, now) for key, rate in rates.items()}
        wait = max((used[key] + 1 - rate.burst) * rate.seconds for key, rate in rates.items())
        if wait > 0:
            return wait
        for key, level in used.items():
            self._used.pop(key, None)  # the newest stand last
            self._used[key] = (level + 1, now)
        _forget(self._used)
        return 0.0

    def succeeded(self, name: str, address: str) -> None:
        """Forget the attempts from this address for this name, and remember that its owner signs in from here."""
        self._used.pop(("pair", f"{name}\0{address}"), None)
        self._known.pop((name, address), None)
        self._known[name, address] = None
        _forget(self._known)

    def _level(self, key: tuple[str, str], rate: Rate, now: float) -> float:
        level, since = self._used.get(key, (0.0, now))
        return max(0.0, level - (now - since) / rate.seconds)


def _forget(table: dict[tuple[str, str], object]) -> None:
    while len(table) > REMEMBERED:
        del table[next(iter(table))]
