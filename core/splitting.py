"""Cutting long texts into messages: at paragraphs, lines, sentences or words, and never inside what belongs together.

What belongs together is a word, an address, a number, and a letter with its marks or an emoji made of several. Words of
scripts that write no spaces (Thai, Lao, Khmer, Burmese, Chinese, Japanese) are found by ICU's dictionaries. Only a word
that is longer than a whole message is cut: between syllables, where we know them, or else between letters.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import accumulate

import regex
from icu4py.breakers import WordBreaker

from core.segments import segments

MOST_SEGMENTS = 10
"""Of one message: phones and carriers lose parts of longer ones."""
NUMBER_LENGTH = 40
_THAI_LAO = r"[\u0e40-\u0e44\u0ec0-\u0ec4]?\X[\u0e2f\u0e30\u0e32\u0e33\u0e45\u0e46\u0eaf\u0eb0\u0eb2\u0eb3\u0ec6]*"
_BURMESE = (
    r"[\u1000-\u102a\u103f](?:\u1039[\u1000-\u102a]|\p{M})*(?:[\u1000-\u102a](?:\u1039[\u1000-\u102a])?\u103a\p{M}*)*"
)
_WHOLE = (
    r"https?://\S+|www\.\S+|[\w.+-]+@[\w-]+\.[\w.-]+"
    rf"|[+(]?\p{{Nd}}(?:[\p{{Nd}} \u00a0\u202f.,()/:'-]{{0,{NUMBER_LENGTH}}}[\p{{Nd}}%])?(?!\p{{Nd}})"
)
SYLLABLE = regex.compile(rf"{_WHOLE}|(?=[\u0e00-\u0eff]){_THAI_LAO}|{_BURMESE}|\X")
_SPACELESS = r"[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Han}\p{Hiragana}\p{Katakana}ー]"
_LETTER = rf"(?!{_SPACELESS})[\p{{L}}\p{{M}}\p{{N}}\u200c\u200d]"
_SIGNS = r"[\p{Pe}\p{Pf}\p{Po}]*"
"""What ends a word or a sentence stays with it."""
WORD = regex.compile(
    rf"(?:{_WHOLE}|(?P<run>(?:(?!\p{{Nd}}){_SPACELESS}[\p{{M}}\u200c\u200d]*)+)"
    rf"|{_LETTER}+(?:['’./@_-]+{_LETTER}+)*|\X){_SIGNS}"
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


def _words(text: str) -> Iterator[str]:
    for found in WORD.finditer(text):
        if found["run"] is None:
            yield found[0]
            continue
        held = ""
        for part in WordBreaker(found[0], "en"):  # the dictionary is chosen by the script
            if held and regex.match(r"\p{L}", part):  # signs stay with the word before them
                yield held
                held = ""
            held += part
        yield held


def _syllables(text: str) -> list[str]:
    return [str(unit) for unit in SYLLABLE.findall(text)]


def _letters(text: str) -> list[str]:
    return [str(unit) for unit in GRAPHEME.findall(text)]


def _place(text: str, fits: Callable[[str], bool]) -> int:
    """Return where to cut: the last border of the best kind in the second half of what fits."""
    whole = set(accumulate(len(letter) for letter in _letters(text)))
    for units in (_words, _syllables, _letters):
        ends = [end for end in accumulate(len(unit) for unit in units(text)) if end in whole]
        count = bisect_right(ends, 0, key=lambda end: 0 if fits(text[:end].rstrip(SPACE)) else 1)
        if count:
            break
    else:
        return len(_letters(text)[0])  # a single letter that is too long: better whole than broken
    most, allowed = ends[count - 1], set(ends[:count])
    if text[most : most + 1] in SPACE:  # what fits ends with a word
        allowed.add(most)
    for border in BORDERS:
        places = [match.end() for match in border.finditer(text, most // 2, min(len(text), most + 1))]
        inside = [place for place in places if place in allowed or (place == most + 1 and text[most] in SPACE)]
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
