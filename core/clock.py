"""A clock that does not jump: leases, pauses and ages are counted by it (R36).

It begins with the time of day and runs by the monotonic clock. When the time of day was set forwards or backwards, it
follows at a tenth of the speed: an hour takes ten hours, and nothing expires, fires or starves at once. A restart in
between changes nothing: it goes on from the last time that was written down, unless that is more than a day ahead.
"""

import threading
import time
from collections.abc import Callable

SLEW = 0.1
MOST_AHEAD = 86_400.0
"""Who wrote down a later time than this from now had a clock that was never set."""


class Steady:
    """Seconds since 1970, UTC. Never goes backwards."""

    def __init__(self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._now = wall()
        self._at = monotonic()
        self._begun = False

    def not_before(self, moment: float) -> None:
        """Go on from a time that was written down by this clock, or by another one of the same database."""
        self()
        with self._lock:
            if self._now < moment <= self._now + MOST_AHEAD:
                self._now = moment

    def begin(self) -> None:
        """Begin anew with the time of day, once, before anything is counted by this clock."""
        with self._lock:
            if not self._begun:
                self._now, self._at, self._begun = self._wall(), self._monotonic(), True

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
