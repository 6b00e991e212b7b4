"""Cutting long texts into messages at paragraphs, sentences or words, never inside a word that fits."""

import re

BORDERS = (re.compile(r"\n\n"), re.compile(r"\n"), re.compile(r"(?<=[.!?।؟።])\s"), re.compile(r"\s"))


def split(text: str, limit: int) -> list[str]:
    """Cut a text into parts of at most `limit` characters."""
    rest, parts = text.strip(), []
    while len(rest) > limit:
        at = _border(rest, limit)
        parts.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    return [*parts, rest]


def _border(text: str, limit: int) -> int:
    """Return where to cut: the last border of the best kind in the second half of what fits, else the limit itself."""
    for border in BORDERS:
        ends = [match.end() for match in border.finditer(text, limit // 2, limit)]
        if ends:
            return ends[-1]
    return limit
