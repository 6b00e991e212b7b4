"""Cuts a message into the pieces in which a warning sign may stand: sentences, their parts, or windows of words.

A forwarded advert is dozens of lines of which two matter, and a message typed on a phone may have no full stop at all.
"""

from itertools import pairwise
from typing import Iterator, List, Tuple

import regex
from rasa.nlu.tokenizers.tokenizer import Token

from components.tokenizer import tokens_of

Span = Tuple[int, int]
LONGEST = 14  # words of a piece
WHOLE = 30  # words: a message up to this length is also read as one piece
MOST = 60  # pieces of one message that are read

# a full stop between digits belongs to the number
_SENTENCES = regex.compile(r"(?:(?<!\d)\.|\.(?!\d)|[!?…।॥؟۔።፧፨\n•●|;]|\s/\s|\p{Extended_Pictographic})+")
_PARTS = regex.compile(r"[,،፣፤:–—]\s|\s[-–—]\s")


def pieces(text: str) -> List[Span]:
    """Return the places of the pieces in a text, in order, then two pieces that follow one another, if they are not
    long together; short texts also stand in it whole.
    """
    words = _words(text)
    found = list(_pieces(text, words))[:MOST]
    # "at the end of the month he counts. nothing is left for me": a sign may need both sentences
    found += [two for two in _together(found) if len(_within(words, two)) <= WHOLE][:MOST]
    if words and len(words) <= WHOLE:
        whole = (words[0].start, words[-1].end)
        found += [] if whole in found else [whole]
    return found


def _together(found: List[Span]) -> List[Span]:
    return [(one[0], other[1]) for one, other in pairwise(found) if other[0] >= one[1]]


def _within(words: List[Token], span: Span) -> List[Token]:
    return [word for word in words if span[0] <= word.start and word.end <= span[1]]


def _pieces(text: str, words: List[Token]) -> Iterator[Span]:
    for sentence in _cut(_SENTENCES, text, words):
        if len(sentence) <= LONGEST:
            yield _span(sentence)
            continue
        for part in _cut(_PARTS, text, sentence):
            yield from _windows(part)


def _cut(border: "regex.Pattern[str]", text: str, words: List[Token]) -> Iterator[List[Token]]:
    """Group words between borders."""
    if not words:
        return
    borders = [match.start() for match in border.finditer(text, words[0].start, words[-1].end)]
    group: List[Token] = []
    for word in words:
        while borders and borders[0] < word.start:
            borders.pop(0)
            if group:
                yield group
                group = []
        group.append(word)
    yield group


def _words(text: str) -> List[Token]:
    # an emoji stands between pieces, not in one
    return [token for token in tokens_of(text) if not _SENTENCES.fullmatch(token.text)]


def _windows(words: List[Token]) -> Iterator[Span]:
    """Windows that overlap by half, so that no sign is cut in two."""
    step = LONGEST // 2
    for start in range(0, max(1, len(words) - step), step):
        yield _span(words[start : start + LONGEST])


def _span(words: List[Token]) -> Span:
    return words[0].start, words[-1].end
