"""Lets the assistants be succeeded, one after the other, when another model was released (R18)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from core.config import ROOT


class Assistant(Protocol):
    """A process that another one can succeed."""

    @property
    def successor(self) -> object | None:
        """Whoever is to take its place and has not yet."""

    def succeed(self, environment: Mapping[str, str]) -> None:
        """Start another one beside it."""


class Exchange:
    """Watches the manifest of models. One assistant after the other is succeeded, so that one at a time loads."""

    def __init__(self, environment: Mapping[str, str], assistants: Sequence[Assistant]) -> None:
        self._environment, self._assistants = environment, assistants
        self._manifest = Path(environment.get("AMANA_MODELS") or ROOT / "models") / "manifest.json"
        self._seen = self._stamp()
        self._waiting: list[Assistant] = []

    def look(self) -> None:
        """Notice another manifest, and start the next successor when none is on its way."""
        stamp = self._stamp()
        if stamp != self._seen:
            self._seen, self._waiting = stamp, list(self._assistants)
        if self._waiting and all(one.successor is None for one in self._assistants):
            self._waiting.pop(0).succeed(self._environment)

    def _stamp(self) -> tuple[int, int] | None:
        try:
            found = self._manifest.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns
