"""Strings that look like telephone numbers: they are nobody's facts, and are hidden where words are quoted."""

import regex

from components.normaliser import ascii_digits

_PHONE = regex.compile(r"(?<![\p{L}\p{N}])\+?\p{Nd}(?:[ .()/-]{0,2}\p{Nd}){7,15}(?![\p{L}\p{N}])")
_GROUPED = regex.compile(r"\p{Nd}{1,3}(?:[ .]\p{Nd}{3})+")  # 1 500 000 is a sum
_DATE = regex.compile(r"\p{Nd}{1,4}([./-])\p{Nd}{1,2}\1\p{Nd}{1,4}(?: \p{Nd}{1,2})?")  # and the hour after it
_LICENCE = regex.compile(r"\p{Nd}{1,4}/\p{Nd}{3}/\p{Nd}{2,3}")  # 1234/074/75
_ROUND_RANGE = regex.compile(r"(\p{Nd}{1,3}00)-(\p{Nd}{1,3}00)")  # 1500-2000 is pay
_NOT_PHONES = (_GROUPED, _DATE, _LICENCE)


def phones(text: str) -> "list[tuple[int, int]]":
    """Return the places of telephone-like strings."""
    return [match.span() for match in _PHONE.finditer(text) if not _is_other(match.group())]


def _is_other(digits: str) -> bool:
    digits = ascii_digits(digits)
    ends = _ROUND_RANGE.fullmatch(digits)
    # pay rises from the one to the other, to the double at most
    is_pay = ends is not None and int(ends[1]) < int(ends[2]) <= 2 * int(ends[1])
    return is_pay or any(pattern.fullmatch(digits) for pattern in _NOT_PHONES)


def masked(text: str) -> str:
    """Put a dot for each digit of a telephone-like string; the length stays the same."""
    for start, end in phones(text):
        text = text[:start] + "".join("•" if letter.isdigit() else letter for letter in text[start:end]) + text[end:]
    return text
