"""One assistant after the other on the same port: the next one is ready before the old one leaves.

Both listen for a moment, but only who holds the lock takes what comes: no two processes work on one conversation, and
nobody is turned away. What the old one has in hand it finishes.
"""

import asyncio
import fcntl
import os
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

PATIENCE = 25.0
"""Seconds after which an old one that does not leave is ended; it gives what it has in hand 15."""
BACKLOG = 128


class Occupied(Exception):
    """Somebody else serves there."""


class Place:
    """The port on loopback, and the lock that says whose turn it is."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port = port
        self._lock = (folder / f"assistant-{port}.lock").open("a+")
        self.door = socket.socket()

    def claim(self) -> None:
        """Take the place while it is empty, or raise Occupied."""
        try:
            self._hold()
            with socket.socket() as alone:
                alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                alone.bind(("127.0.0.1", self.port))
        except OSError as error:
            raise Occupied(f"127.0.0.1:{self.port} is in use") from error
        self._bind()

    def share(self) -> None:
        """Prepare to take the place of whoever serves there."""
        self._bind()

    async def enter(self, *_: Any) -> None:
        """Begin to listen; where somebody serves, ask them to leave and wait for it."""
        self.door.listen(BACKLOG)
        began = time.monotonic()
        asked = False
        while not self._is_ours():
            late = time.monotonic() - began > PATIENCE
            if late or not asked:
                asked = self._ask_to_leave(signal.SIGKILL if late else signal.SIGTERM)
            await asyncio.sleep(0.02)

    async def leave(self, *_: Any) -> None:
        """Let the next one in."""
        fcntl.flock(self._lock, fcntl.LOCK_UN)

    def _bind(self) -> None:
        self.door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.door.bind(("127.0.0.1", self.port))

    def _is_ours(self) -> bool:
        try:
            self._hold()
        except BlockingIOError:
            return False
        return True

    def _hold(self) -> None:
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._lock.seek(0)
        self._lock.truncate()
        self._lock.write(str(os.getpid()))
        self._lock.flush()

    def _ask_to_leave(self, how: signal.Signals) -> bool:
        self._lock.seek(0)
        told = self._lock.read()
        if not told.isdigit():  # the other one is just writing it
            return False
        with suppress(ProcessLookupError):
            os.kill(int(told), how)
        return True
