"""A clock that does not jump: leases, pauses and ages are counted by it (R36).

It begins with the time of day and runs by the monotonic clock. When the time of day was set forwards or backwards, it
follows at a tenth of the speed: an hour takes ten hours, and nothing expires, fires or starves at once.
"""

import threading
import time
from collections.abc import Callable

SLEW = 0.1


class Steady:
    """Seconds since 1970, UTC. Never goes backwards."""

    def __init__(self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._now = wall()
        self._at = monotonic()

    def __call__(self) -> float:
        """Return the time."""
        with self._lock:
            at = self._monotonic()
            passed = at - self._at
            self._now += passed
            wrong = self._wall() - self._now
            most = SLEW * passed
            self._now += max(-most, min(most, wrong))
            self._at = at
            return self._now
