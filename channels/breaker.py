"""Keeps people from waiting for an assistant that is down.

Why not a library: pybreaker 1.4 does asyncio by way of tornado only; circuitbreaker 2.1 and purgatory 3.0 let every
caller through when they try again, and people would wait in a row. This one lets a single turn try, every five seconds.
"""

import time
from collections.abc import Callable

from core.errors import TurnFailed

FAILURES_TO_OPEN = 3
REST_SECONDS = 5.0


class Breaker:
    """Open after failures in a row; then one probe now and then."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._try_at = 0.0

    def check(self) -> None:
        """Raise TurnFailed while the assistant is taken to be down."""
        now = self._clock()
        if self._failures >= FAILURES_TO_OPEN and now < self._try_at:
            raise TurnFailed("breaker open")
        self._try_at = now + REST_SECONDS

    def succeeded(self) -> None:
        """Note a good answer."""
        self._failures = 0

    def failed(self) -> None:
        """Note a bad one."""
        self._failures += 1
        self._try_at = self._clock() + REST_SECONDS
