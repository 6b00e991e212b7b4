"""Strings that look like telephone numbers: they are nobody's facts, and are hidden where words are quoted."""

import regex

_PHONE = regex.compile(r"(?<![\p{L}\p{N}])\+?\p{Nd}(?:[ .()/-]{0,2}\p{Nd}){7,15}(?![\p{L}\p{N}])")
_GROUPED = regex.compile(r"\p{Nd}{1,3}(?:[ .]\p{Nd}{3})+")  # 1 500 000 is a sum
_DATE = regex.compile(r"\p{Nd}{1,4}[./-]\p{Nd}{1,2}[./-]\p{Nd}{1,4}")


def phones(text: str) -> "list[tuple[int, int]]":
    """Return the places of telephone-like strings."""
    found = (match for match in _PHONE.finditer(text))
    return [
        match.span() for match in found if not (_GROUPED.fullmatch(match.group()) or _DATE.fullmatch(match.group()))
    ]


def masked(text: str) -> str:
    """Put a dot for each digit of a telephone-like string; the length stays the same."""
    for start, end in phones(text):
        text = text[:start] + "".join("•" if letter.isdigit() else letter for letter in text[start:end]) + text[end:]
    return text
