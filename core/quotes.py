"""The words that are quoted back to a person: enough of them that a "not" is not lost."""

import re

SHORT = 5
"""A quote of fewer words gets some of those around it."""
BEFORE, AFTER = 2, 2
BORDER = re.compile(r"[.,;:!?\n/।؟،።፣…]")
WORD = re.compile(r"\S+")


def quoted(text: str, start: int, end: int) -> str:
    """Return the words from `start` to `end`, with their neighbours in the same clause when they are few."""
    words = text[start:end].split()
    if not words or len(words) >= SHORT:
        return " ".join(words)
    borders = [match.end() for match in BORDER.finditer(text) if match.end() <= start]
    left = WORD.findall(text[borders[-1] if borders else 0 : start])
    following = BORDER.search(text, end)
    right = WORD.findall(text[end : following.start() if following else len(text)])
    return " ".join([*left[-BEFORE:], text[start:end].strip(), *right[:AFTER]])
