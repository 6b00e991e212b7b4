"""The manifest of models: which files may be loaded, and which of them is the one to serve.

A model is a tar of pickles: whoever can slip one in runs code. So nothing is unpacked whose bytes are not those that
were trained, as the manifest beside the models says; and with AMANA_MODEL_SIGNER the manifest must be signed.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

MANIFEST = "manifest.json"
SIGNING_KEY = "AMANA_MODEL_SIGNING_KEY"
SIGNER = "AMANA_MODEL_SIGNER"
_CHUNK = 1024 * 1024

Entry = Dict[str, Any]


class Refused(Exception):
    """A model, or the manifest, was not what was released; the words say why, and name no more than files."""


def admitted(folder: Path) -> List[Entry]:
    """Return what the manifest vouches for, the one to serve first. Raise Refused when it cannot be relied on."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        entries = [{"name": str(row["name"]), "sha256": str(row["sha256"])} for row in manifest["models"]]
        signature = str(manifest.get("signature") or "")
    except FileNotFoundError as error:
        raise Refused(f"there is no {MANIFEST}") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused(f"{MANIFEST} cannot be read") from error
    _check_signature(entries, signature)
    return entries


@contextmanager
def intact(folder: Path, entry: Entry) -> Iterator[Path]:
    """Give a private copy of a model, made while it was hashed: what was looked at is what is loaded.

    Raise Refused when its bytes are not those of the manifest.
    """
    with tempfile.TemporaryDirectory(prefix="amana-model-") as private:
        copy = Path(private) / Path(entry["name"]).name
        try:
            with (folder / copy.name).open("rb") as source, copy.open("wb") as target:
                found = _copied(source, target)
        except FileNotFoundError as error:
            raise Refused(f"{copy.name} is missing") from error
        if not hmac.compare_digest(found, entry["sha256"]):
            raise Refused(f"{copy.name} is not what was released: its SHA-256 differs")
        yield copy


def is_intact(folder: Path, name: str) -> bool:
    """Tell whether a model is there, in the manifest, and unchanged."""
    try:
        entry = next(entry for entry in admitted(folder) if entry["name"] == name)
        with (folder / name).open("rb") as file:
            return _copied(file) == entry["sha256"]
    except (Refused, StopIteration, OSError):
        return False


def serve_next(folder: Path, name: str) -> None:
    """Let a model that is vouched for already be the one to serve."""
    if admitted(folder)[0]["name"] != name:
        publish(folder, name)


def publish(folder: Path, name: str) -> None:
    """Make a model the one to serve; those that were vouched for before and are still there stay behind it.

    The file was made here, by the caller: it is hashed, not checked.
    """
    with (folder / name).open("rb") as file:
        entries = [{"name": name, "sha256": _copied(file)}]
    try:
        entries += [one for one in admitted(folder) if one["name"] != name and (folder / one["name"]).exists()]
    except Refused as error:
        if (folder / MANIFEST).exists():
            print(f"what was released before is not vouched for any longer: {error}", file=sys.stderr)
    manifest = {"models": entries, "signature": _signature(entries)}
    unfinished = folder / f".{MANIFEST}-{os.getpid()}"
    with unfinished.open("w", encoding="utf-8") as file:
        json.dump(manifest, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(folder / MANIFEST)


def check_that_we_may_publish() -> None:
    """Raise Refused where models are only served: they must be signed, and the key to sign with is elsewhere."""
    if os.environ.get(SIGNER) and not os.environ.get(SIGNING_KEY):
        raise Refused(f"models must be signed here, and {SIGNING_KEY} is not set: bring a released model")


def _copied(source: Any, target: Any = None) -> str:
    digest = hashlib.sha256()
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
        if target is not None:
            target.write(chunk)
    return digest.hexdigest()


def _signed_bytes(entries: List[Entry]) -> bytes:
    return b"amana models\0" + json.dumps(entries, sort_keys=True, separators=(",", ":")).encode()


def _signature(entries: List[Entry]) -> str:
    encoded = os.environ.get(SIGNING_KEY, "")
    if not encoded:
        check_that_we_may_publish()
        return ""
    key = Ed25519PrivateKey.from_private_bytes(_key(SIGNING_KEY, encoded))
    return base64.b64encode(key.sign(_signed_bytes(entries))).decode()


def _check_signature(entries: List[Entry], signature: str) -> None:
    encoded = os.environ.get(SIGNER, "")
    if not encoded:
        return
    try:
        key = Ed25519PublicKey.from_public_bytes(_key(SIGNER, encoded))
        key.verify(base64.b64decode(signature, validate=True), _signed_bytes(entries))
    except (InvalidSignature, binascii.Error) as error:
        raise Refused(f"{MANIFEST} bears no signature of our key") from error


def _key(name: str, encoded: str) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != 32:
        raise Refused(f"{name} must hold 32 bytes in base64")
    return key
