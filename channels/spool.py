"""Where messages wait while the database is away: append-only files, sealed, on disk before we acknowledge (R7).

One file for each process and spell, `<time>-<id>.open` while its owner holds a lock on it, then `.ready`. A record is
its length and its sealed text; it is bound to its file and place. A torn end was never acknowledged, so it is dropped.
"""

import fcntl
import json
import os
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from core import faults
from core.crypto import Unreadable, Vault, new_id
from core.errors import ConfigError
from core.messages import Inbound, Receipt

LENGTH = struct.Struct(">I")
LONGEST = 16 * 1024 * 1024
Item = Inbound | Receipt


class SpoolFailed(Exception):
    """Nothing could be written: the provider must come again."""


class Spool:
    """A directory of such files. `keep` blocks; call it in a thread."""

    def __init__(self, folder: Path, vault: Vault) -> None:
        self._folder = folder
        self._vault = vault
        self._lock = threading.Lock()
        self._file: BinaryIO | None = None
        self._path: Path | None = None
        self._count = 0

    def check(self) -> None:
        """Write and remove a file. Raise ConfigError when that fails: a gateway without a spool does not start."""
        probe = self._folder / f"probe-{new_id()[:8]}"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with probe.open("wb") as file:
                file.write(b"probe")
                file.flush()
                os.fsync(file.fileno())
            probe.unlink()
        except OSError as error:
            raise ConfigError(f"AMANA_SPOOL_PATH: {self._folder} cannot be written: {error.strerror}") from error

    def keep(self, items: Sequence[Item]) -> None:
        """Append items and return when they are on disk. Raise SpoolFailed when they are not."""
        with self._lock:
            file = self._opened()
            before, count = file.tell(), self._count
            try:
                for item in items:
                    _write(file, self._record(item))
                    self._count += 1
                file.flush()
                os.fsync(file.fileno())
            except OSError as error:
                self._undo(file, before)
                self._count = count
                raise SpoolFailed(error.strerror) from error
            faults.reach("spool.written")

    def _undo(self, file: BinaryIO, size: int) -> None:
        """Cut a half-written record off, or give the file up to those who read it."""
        try:
            os.ftruncate(file.fileno(), size)
            file.seek(size)
        except OSError:
            self._close()

    def _opened(self) -> BinaryIO:
        if self._file is not None:
            return self._file
        try:
            self._path = self._folder / f"{time.time_ns():020d}-{new_id()[:8]}.open"
            # unbuffered: what could not be written must not be tried again when the file is closed
            self._file = self._path.open("xb", buffering=0)
            fcntl.flock(self._file, fcntl.LOCK_EX)
            if not self._path.exists():  # another process took it for an orphan before the lock was ours
                self._close()
                return self._opened()
            self._sync_folder()
        except OSError as error:
            self._close()
            raise SpoolFailed(error.strerror) from error
        self._count = 0
        return self._file

    def _sync_folder(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None

    def _record(self, item: Item) -> bytes:
        assert self._path is not None
        sealed = self._vault.seal_record(f"spool|{self._path.stem}|{self._count}", _encode(item))
        return LENGTH.pack(len(sealed)) + sealed

    def rotate(self) -> None:
        """Hand over what was written so far."""
        with self._lock:
            if self._file is not None and self._path is not None:
                self._path.rename(self._path.with_suffix(".ready"))
                self._close()

    def files(self) -> list[Path]:
        """Return what can be replayed, oldest first: what was handed over, and what dead processes left."""
        for path in self._folder.glob("*.open"):
            if path != self._path:
                _adopt(path)
        return sorted(self._folder.glob("*.ready"))

    def read(self, path: Path) -> Iterator[Item]:
        """Yield the items of a file up to a torn or foreign record."""
        try:
            data = path.read_bytes()
        except FileNotFoundError:  # another process was faster
            return
        at, count = 0, 0
        while at + LENGTH.size <= len(data):
            (length,) = LENGTH.unpack_from(data, at)
            sealed = data[at + LENGTH.size : at + LENGTH.size + length]
            if length > LONGEST or len(sealed) < length:
                return
            try:
                yield _decode(self._vault.open_record(f"spool|{path.stem}|{count}", sealed))
            except Unreadable:
                return
            at, count = at + LENGTH.size + length, count + 1

    def drop(self, path: Path) -> None:
        """Remove a file whose items are stored."""
        path.unlink(missing_ok=True)

    def set_aside(self, path: Path) -> None:
        """Keep a file that holds something which cannot be stored, out of the way of the others."""
        with suppress(FileNotFoundError):
            path.rename(path.with_suffix(".broken"))

    @property
    def waiting(self) -> bool:
        """Whether anything waits."""
        return (self._file is not None and self._count > 0) or bool(self.files())

    def size(self) -> int:
        """Return the bytes that wait, for health and metrics; what is broken counts."""
        return sum(path.stat().st_size for path in self._folder.glob("*-*.*"))


def _write(file: BinaryIO, record: bytes) -> None:
    """Write all of a record: on a disk that is nearly full the system takes a part and says nothing."""
    rest = memoryview(record)
    while rest:
        rest = rest[file.write(rest) :]


def _adopt(path: Path) -> None:
    """Hand over the file of a process that has died: only then the lock on it is free."""
    with suppress(OSError), path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.rename(path.with_suffix(".ready"))


def _encode(item: Item) -> bytes:
    values = {name: value for name, value in asdict(item).items() if name != "alias" or value}  # as earlier code has it
    if isinstance(item, Inbound) and item.sent_at is not None:
        values["sent_at"] = item.sent_at.isoformat()
    return json.dumps({"type": type(item).__name__, **values}, ensure_ascii=False).encode()


def _decode(plain: bytes) -> Item:
    values = json.loads(plain)
    if values.pop("type") == "Receipt":
        return Receipt(**values)
    if values.get("sent_at"):
        values["sent_at"] = datetime.fromisoformat(values["sent_at"])
    return Inbound(**values)
