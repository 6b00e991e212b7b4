"""Skeletons of Unicode's technical standard 39: two texts that look alike have the same one.

They come from ICU, the library of Unicode itself, which `icu4py` brings along for the borders of words. It has no door
to this part of it, so ICU's C interface is called; that one is stable, apart from the version in every name.
"""

import ctypes
import re
from functools import cache, lru_cache
from pathlib import Path

import icu4py.breakers

from core.errors import ConfigError

_LIBRARY = re.compile(r"libicui18n\b.*?\.(?:so\.)?(?P<version>\d+)")
_FOLDERS = (Path(icu4py.__file__).parent.with_name("icu4py.libs"), Path(icu4py.__file__).parent / ".dylibs")
"""Where the wheels for Linux and for macOS keep it."""
_GROWTH = 18
"""No character becomes more characters than this (as in NFKD), nor a character more bytes than four."""


@lru_cache(maxsize=65536)
def skeleton(text: str) -> str:
    """Return what a text looks like, in one spelling. It is for comparing only."""
    library, version, checker = _icu()
    raw = text.encode("utf-8", "replace")
    room = ctypes.create_string_buffer(4 * _GROWTH * len(text) + 4)
    problem = ctypes.c_int(0)
    size = library[f"uspoof_getSkeletonUTF8_{version}"](
        checker, ctypes.c_uint32(0), raw, len(raw), room, len(room), ctypes.byref(problem)
    )
    return room.raw[:size].decode("utf-8", "replace") if problem.value <= 0 else text


@cache
def _icu() -> tuple[ctypes.CDLL, str, ctypes.c_void_p]:
    """Open the library, and one checker, which all threads may ask."""
    files = (path for folder in _FOLDERS for path in sorted(folder.glob("libicui18n*")))
    for path in files:
        if named := _LIBRARY.match(path.name):
            library, problem = ctypes.CDLL(str(path)), ctypes.c_int(0)
            begin = library[f"uspoof_open_{named['version']}"]
            begin.restype = ctypes.c_void_p
            checker = begin(ctypes.byref(problem))
            if checker and problem.value <= 0:
                return library, named["version"], ctypes.c_void_p(checker)
    raise ConfigError("icu4py came without the part of ICU that compares what words look like")
