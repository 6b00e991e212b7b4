"""Reading the files that editors write."""

from pathlib import Path
from typing import Any

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml reads ten times faster than Python and is in every wheel; the danger lists are large."""


def read_yaml(path: Path) -> Any:
    """Read a YAML file, with safe types only."""
    return yaml.load(path.read_text("utf-8"), Loader=LOADER)  # noqa: S506 (both loaders are safe ones)
