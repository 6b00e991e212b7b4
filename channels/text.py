"""Cutting long texts into messages: at paragraphs, lines, sentences or words, and never inside what belongs together.

What belongs together is a letter with its marks, a syllable where a script writes no spaces (Thai, Lao, Burmese,
Khmer), an emoji made of several, an address and a number. Words of scripts without spaces are not known here: finding
them takes a dictionary for each language (ICU's come with a compiler and a system library), and they are cut between
syllables.
"""

from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate

import regex

from core.segments import segments

MOST_SEGMENTS = 10
"""Of one message: phones and carriers lose parts of longer ones."""
NUMBER_LENGTH = 40
_THAI_LAO = r"[\u0e40-\u0e44\u0ec0-\u0ec4]?\X[\u0e2f\u0e30\u0e32\u0e33\u0e45\u0e46\u0eaf\u0eb0\u0eb2\u0eb3\u0ec6]*"
_BURMESE = (
    r"[\u1000-\u102a\u103f](?:\u1039[\u1000-\u102a]|\p{M})*(?:[\u1000-\u102a](?:\u1039[\u1000-\u102a])?\u103a\p{M}*)*"
)
UNIT = regex.compile(
    r"https?://\S+|www\.\S+|[\w.+-]+@[\w-]+\.[\w.-]+"
    rf"|[+(]?\p{{Nd}}(?:[\p{{Nd}} \u00a0\u202f.,()/:'-]{{0,{NUMBER_LENGTH}}}[\p{{Nd}}%])?"
    rf"|(?=[\u0e00-\u0eff]){_THAI_LAO}|{_BURMESE}|\X"
)
GRAPHEME = regex.compile(r"\X")
BORDERS = (
    regex.compile(r"\n[ \t]*\n"),
    regex.compile(r"\n"),
    regex.compile(r"(?<=[.!?…।॥؟۔።፧။។៕])[\s\u200b]|(?<=[。！？။។៕།])"),
    regex.compile(r"[\s\u200b]"),
)
SPACE = "\u200b \t\n\r\u00a0\u202f"


def split(text: str, limit: int, *, segmented: bool = False) -> list[str]:
    """Cut a text into parts of at most `limit` characters and, where texts travel in segments, a few of these.

    Several parts by SMS are numbered where that costs no segment: they may arrive in another order.
    """

    def fits(part: str) -> bool:
        return len(part) <= limit and (not segmented or segments(part).count <= MOST_SEGMENTS)

    rest, parts = text.strip(SPACE), []
    while not fits(rest):
        at = _place(rest, fits)
        parts.append(rest[:at].rstrip(SPACE))
        rest = rest[at:].lstrip(SPACE)
    if rest or not parts:
        parts.append(rest)
    return _numbered(parts, fits) if segmented else parts


def _place(text: str, fits: Callable[[str], bool]) -> int:
    """Return where to cut: the last border of the best kind in the second half of what fits."""
    for units in (UNIT, GRAPHEME):
        ends = list(accumulate(len(unit) for unit in units.findall(text)))
        count = bisect_right(ends, 0, key=lambda end: 0 if fits(text[:end].rstrip(SPACE)) else 1)
        if count:
            break
    else:
        return len(str(GRAPHEME.findall(text)[0]))  # a single letter that is too long: better whole than broken
    most, allowed = ends[count - 1], set(ends[:count])
    if text[most : most + 1] in SPACE:  # what fits ends with a word
        allowed.add(most)
    for border in BORDERS:
        places = [match.end() for match in border.finditer(text, most // 2, min(len(text), most + 1))]
        inside = [place for place in places if place in allowed or place == most + 1]
        if inside:
            return inside[-1]
    return most


def _numbered(parts: list[str], fits: Callable[[str], bool]) -> list[str]:
    """Put (1/3) behind every part, if no part grows by a segment."""
    if len(parts) == 1:
        return parts
    marked = [f"{part} ({number}/{len(parts)})" for number, part in enumerate(parts, start=1)]
    free = all(segments(new).count == segments(old).count for old, new in zip(parts, marked, strict=True))
    return marked if free and all(fits(part) for part in marked) else parts
