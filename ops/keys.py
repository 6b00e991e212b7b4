"""Reads .env and makes one with fresh keys when there is none. `python -m ops.keys` does that and says so."""

import base64
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.config import ROOT

FILE = ROOT / ".env"


def fresh() -> dict[str, str]:
    """Return settings that differ on every installation."""
    return {
        "AMANA_MASTER_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "AMANA_TRACKER_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "AMANA_INTERNAL_SECRET": secrets.token_urlsafe(32),
    }


def write(path: Path, settings: Mapping[str, str]) -> None:
    """Write settings to a file that only its owner can read."""
    lines = ["# Keys of this installation. Keep a copy in a safe place: without them all stored texts are lost."]
    lines += [f"{name}={value}" for name, value in settings.items()]
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write("\n".join(lines) + "\n")


def read(path: Path) -> dict[str, str]:
    """Read NAME=value lines; comments and empty lines are left out."""
    if not path.exists():
        return {}
    lines = (line.strip() for line in path.read_text("utf-8").splitlines())
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, value in pairs}


def environment(path: Path = FILE) -> dict[str, str]:
    """Return the environment for our processes: .env, made if absent, and above it what is set already."""
    settings = read(path)
    if not path.exists() and "AMANA_MASTER_KEY" not in os.environ:
        settings = fresh()
        write(path, settings)
    return {**settings, **os.environ}


def for_models() -> dict[str, str]:
    """Return a fresh pair: one half where models are trained, the other where they are served."""
    private = Ed25519PrivateKey.generate()
    halves = {"SIGNING_KEY": private.private_bytes_raw(), "SIGNER": private.public_key().public_bytes_raw()}
    return {f"AMANA_MODEL_{name}": base64.b64encode(half).decode() for name, half in halves.items()}


def main(arguments: list[str]) -> int:
    """Make .env if there is none; with `models`, print keys that models are signed with."""
    if arguments == ["models"]:
        sys.stdout.write("".join(f"{name}={value}\n" for name, value in for_models().items()))
        return 0
    if FILE.exists():
        sys.stdout.write(".env is there already; nothing was changed.\n")
        return 0
    write(FILE, fresh())
    sys.stdout.write("Wrote .env with fresh keys.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
