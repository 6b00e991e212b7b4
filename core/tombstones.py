"""Who was erased, and when, in a file beside the spool: it outlives the database, and a restore reads it (R50).

A line is a keyed tag and a time. Without the master key it tells nobody who it was.
"""

import os
from collections.abc import Mapping
from pathlib import Path

KEPT_SECONDS = 400 * 86_400.0
"""No backup that is older may be restored."""
NAME = "erased"


def read(path: Path) -> dict[str, float]:
    """Return the tags and when each was erased last. A line that was not finished is left out."""
    found: dict[str, float] = {}
    if not path.exists():
        return found
    for line in path.read_text("ascii", errors="replace").splitlines():
        tag, _, at = line.partition(" ")
        if at.endswith(";"):
            found[tag] = max(float(at[:-1]), found.get(tag, 0.0))
    return found


def keep(path: Path, stones: Mapping[str, float], now: float) -> None:
    """Add what is not in the file yet, on disk when this returns; forget what is too old to matter."""
    known = read(path)
    new = {tag: at for tag, at in stones.items() if at > known.get(tag, 0.0)}
    if any(at < now - KEPT_SECONDS for at in known.values()):
        everything = {tag: at for tag, at in {**known, **new}.items() if at >= now - KEPT_SECONDS}
        fresh = path.with_suffix(".new")
        _append(fresh, everything)
        fresh.replace(path)
    elif new:
        _append(path, new)


def _append(path: Path, stones: Mapping[str, float]) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        # begins with a new line: the one before may have been torn
        file.write("".join(f"\n{tag} {at!r};" for tag, at in stones.items()))
        file.flush()
        os.fsync(file.fileno())
