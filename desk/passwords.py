"""Passwords: which are good enough, and Argon2 off the event loop with a bound on the memory it takes."""

import asyncio
import unicodedata
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

SHORTEST, LONGEST = 12, 200
AT_ONCE = 2
"""One computation takes 64 MiB."""
COMMON = Path(__file__).with_name("common_passwords.txt")


class Passwords:
    """Makes and verifies password hashes."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._common = frozenset(COMMON.read_text("utf-8").split())
        # an unknown name costs as much as a known one
        self._nobody = self._hasher.hash("nobody has this password")

    def problem(self, password: str, name: str, organisation: str) -> str | None:
        """Return why a password is refused, as a sentence, or None when it is good."""
        plain = _plain(password)
        folded = plain.casefold()
        if len(plain) < SHORTEST:
            return f"Please take at least {SHORTEST} characters. Some words that do not belong together are good."
        if len(plain) > LONGEST:
            return f"Please take at most {LONGEST} characters."
        if folded in self._common or len(set(folded)) < 5:
            return "This password is on the lists that attackers try first. Please take another."
        own = [word for word in (name.casefold(), organisation.casefold(), "amana") if len(word) > 2]
        rest = folded
        for word in own:
            rest = rest.replace(word, "")
        if len(rest) < SHORTEST // 2:
            return "Please take a password that is not made of your name or the name of this service."
        return None

    async def hash(self, password: str) -> str:
        """Return the hash of a password."""
        async with self._slots:
            return await asyncio.to_thread(self._hasher.hash, _plain(password))

    async def fits(self, password: str, stored: str | None) -> bool:
        """Tell whether a password fits a stored hash; takes as long when there is none."""
        async with self._slots:
            fits = await asyncio.to_thread(self._verify, stored or self._nobody, _plain(password[: 4 * LONGEST]))
        return fits and stored is not None

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except VerifyMismatchError:
            return False


def _plain(password: str) -> str:
    # keyboards write the same letter in different ways (NIST SP 800-63B, 3.1.1.2)
    return unicodedata.normalize("NFKC", password)
