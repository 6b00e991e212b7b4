"""What was learnt before, kept on disk under a name for all that it was learnt from: an edit costs what it changes."""

import hashlib
import shutil
import uuid
from pathlib import Path
from typing import Callable

from components.places import cache_folder

_KEPT = 24  # two trainings of everything, and some edits


def kept(key: "hashlib._Hash", learn: Callable[[Path], None]) -> Path:
    """Return the folder of what is learnt under a key; `learn` fills it, if nobody did before."""
    learnt = cache_folder() / "learnt" / key.hexdigest()[:32]
    if learnt.exists():
        learnt.touch()
        return learnt
    # two trainings at once write to different folders, and the first that is done stands
    partial = learnt.with_name(f"{uuid.uuid4().hex}.part")
    partial.mkdir(parents=True)
    try:
        learn(partial)
        partial.rename(learnt)
    except OSError:
        if not learnt.exists():
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    _drop_old(learnt.parent)
    return learnt


def _drop_old(folder: Path) -> None:
    for old in sorted(folder.iterdir(), key=lambda each: each.stat().st_mtime)[:-_KEPT]:
        shutil.rmtree(old, ignore_errors=True)
