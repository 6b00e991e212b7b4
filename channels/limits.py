"""Limits on how often something may happen, kept in memory for unnamed keys: no address is stored or logged (R61)."""

import hashlib
import hmac
from collections.abc import Callable

from core.crypto import new_secret

MOST_KEYS = 50_000


class Buckets:
    """For each key a bucket of `burst` drops that fills up with `rate` drops a second."""

    def __init__(self, *, burst: int, rate: float, clock: Callable[[], float]) -> None:
        self._burst = float(burst)
        self._rate = rate
        self._clock = clock
        self._salt = new_secret().encode()
        self._levels: dict[bytes, tuple[float, float]] = {}

    def take(self, key: str) -> bool:
        """Take a drop; return whether there was one."""
        name = hmac.new(self._salt, key.encode(errors="surrogatepass"), hashlib.sha256).digest()[:16]
        now = self._clock()
        level, since = self._levels.pop(name, (self._burst, now))
        level = min(self._burst, level + (now - since) * self._rate)
        allowed = level >= 1.0
        # the newest stand last, so that the oldest is the first to be forgotten
        self._levels[name] = (level - 1.0 if allowed else level, now)
        if len(self._levels) > MOST_KEYS:
            del self._levels[next(iter(self._levels))]
        return allowed
