"""Where the memory of conversations is."""

import os
from pathlib import Path


def memory_path() -> Path:
    """Return the file; its folder is the one that the assistant writes to."""
    default = Path(__file__).resolve().parent.parent / "var" / "tracker.sqlite3"
    return Path(os.environ.get("AMANA_TRACKER_PATH") or default)
