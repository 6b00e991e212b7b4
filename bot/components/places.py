"""Where the components find what they learn from and keep what need not be computed again."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def data() -> Path:
    """Return the folder of what is learnt from."""
    return Path(os.environ.get("AMANA_DATA") or ROOT / "data")


def cache_folder() -> Path:
    """Return the folder of what was computed before."""
    return Path(os.environ.get("AMANA_CACHE") or ROOT / "var" / "cache")
