"""Keys, keyed tags and sealed fields.

One master key lives outside the database. From it two keys are derived: one to find people by a keyed tag of
their address, one to wrap a random data key for each person. All that a person said is sealed with the
person's own data key, so that erasing the person is throwing one key away (R48-R50).
"""

import base64
import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import ConfigError

KEY_BYTES = 32
NONCE_BYTES = 12
VERSION = b"\x01"


class Unreadable(Exception):
    """A sealed field was altered, moved to another place, or sealed with another key."""


def same(left: str, right: str) -> bool:
    """Compare two secrets in constant time."""
    # a header may hold bytes that are no text
    return hmac.compare_digest(left.encode(errors="surrogatepass"), right.encode(errors="surrogatepass"))


def new_id() -> str:
    """Make a random identifier of 128 bits, as 32 hex digits."""
    return secrets.token_hex(16)


def new_secret() -> str:
    """Make a random secret of 256 bits, safe in a URL."""
    return secrets.token_urlsafe(KEY_BYTES)


def digest(secret: str) -> str:
    """Return what is stored of a high-entropy secret such as a session token (SHA-256, hex)."""
    return hashlib.sha256(secret.encode()).hexdigest()


def decode_key(text: str, name: str) -> bytes:
    """Read a key of 32 bytes from base64. Raise ConfigError naming the setting when it is not one."""
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigError(f"{name} must be 32 random bytes in base64; `make keys` writes one")
    return key


def _seal(key: bytes, place: str, plain: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return VERSION + nonce + AESGCM(key).encrypt(nonce, plain, VERSION + place.encode())


def _unseal(key: bytes, place: str, sealed: bytes) -> bytes:
    nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, body, sealed[:1] + place.encode())
    except (InvalidTag, ValueError) as error:
        raise Unreadable(place) from error


class Vault:
    """Seals and tags with keys derived from the master key. `place` is "table|column|row" and is bound to the text."""

    def __init__(self, master: bytes) -> None:
        self._tag_key = self._derive(master, b"amana tag 1")
        self._wrap_key = self._derive(master, b"amana wrap 1")
        self._spool_key = self._derive(master, b"amana spool 1")

    @staticmethod
    def _derive(master: bytes, purpose: bytes) -> bytes:
        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(master)

    def tag(self, purpose: str, value: str) -> str:
        """Return a keyed tag of a value (HMAC-SHA-256, hex): equal values have equal tags, and only the key tells."""
        return hmac.new(self._tag_key, f"{purpose}\0{value}".encode(), hashlib.sha256).hexdigest()

    def new_data_key(self, person: str) -> bytes:
        """Make a data key for a person and return it wrapped."""
        return _seal(self._wrap_key, f"person|data_key|{person}", secrets.token_bytes(KEY_BYTES))

    def seal(self, person: str, wrapped: bytes, place: str, text: str) -> bytes:
        """Seal a text with the person's data key. Raise Unreadable when the key is not this person's."""
        return _seal(self._unwrap(person, wrapped), place, text.encode())

    def unseal(self, person: str, wrapped: bytes, place: str, sealed: bytes) -> str:
        """Return the text of a sealed field. Raise Unreadable when it was altered or moved."""
        return _unseal(self._unwrap(person, wrapped), place, sealed).decode()

    def seal_record(self, place: str, plain: bytes) -> bytes:
        """Seal what waits outside of the database, before it is known whose it is."""
        return _seal(self._spool_key, place, plain)

    def open_record(self, place: str, sealed: bytes) -> bytes:
        """Return what `seal_record` was given. Raise Unreadable when it was altered or moved."""
        return _unseal(self._spool_key, place, sealed)

    def _unwrap(self, person: str, wrapped: bytes) -> bytes:
        return _unseal(self._wrap_key, f"person|data_key|{person}", wrapped)
