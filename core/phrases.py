"""Phrases as editors write them, compiled into something that finds them in a message quickly.

The little language (docs/formats.md): a word, `word*`, `*word`, `(a|b c|)`, and `...` for up to three other words.
A phrase is looked for only where one of its first words stands, and choices are never written out, so thousands of
phrases with dozens of choices each cost a fraction of a millisecond.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Generic, TypeVar

from core.errors import ConfigError
from core.folding import Token, tokens

GAP_WORDS, CACHED_WORDS = 3, 4096
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Piece:
    """One word of a phrase, possibly with an open beginning or end."""

    word: str
    open_start: bool = False
    open_end: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """Up to three other words."""


@dataclass(slots=True)
class Index(Generic[Value]):
    """Finds what belongs to a word, exactly or by its open beginning or end."""

    exact: dict[str, list[Value]] = field(default_factory=dict)
    beginning: dict[str, list[Value]] = field(default_factory=dict)
    ending: dict[str, list[Value]] = field(default_factory=dict)
    within: list[tuple[str, Value]] = field(default_factory=list)

    def add(self, piece: Piece, value: Value) -> None:
        """File a value under a piece."""
        if piece.open_start and piece.open_end:
            self.within.append((piece.word, value))
            return
        table = self.ending if piece.open_start else self.beginning if piece.open_end else self.exact
        table.setdefault(piece.word, []).append(value)

    def at(self, word: str) -> Iterator[Value]:
        """Return the values whose piece a word fits."""
        yield from self.exact.get(word, ())
        if self.beginning:
            for length in range(1, len(word) + 1):
                yield from self.beginning.get(word[:length], ())
        if self.ending:
            for start in range(len(word)):
                yield from self.ending.get(word[start:], ())
        for part, value in self.within:
            if part in word:
                yield value


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several sequences, found by their first word. `optional` allows none of them."""

    options: Index["Sequel"]
    optional: bool
    firsts: frozenset[Piece]


Element = Piece | Gap | Choice
Sequel = tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase that was found: its label and the tokens that it covers, from `first` up to but not including `end`."""

    label: str
    first: int
    end: int


def parse(phrase: str) -> Sequel:
    """Compile a phrase. Raise ConfigError when it cannot be read."""
    elements = list(_elements(phrase.replace("…", "...").replace("...", " ... ")))
    while elements and isinstance(elements[0], Gap):
        elements.pop(0)
    while elements and isinstance(elements[-1], Gap):
        elements.pop()
    if not elements or _is_optional(elements):
        raise ConfigError(f"a phrase without words: {phrase!r}")
    return tuple(elements)


def _is_optional(elements: Iterable[Element]) -> bool:
    return all(isinstance(element, Gap) or (isinstance(element, Choice) and element.optional) for element in elements)


def _elements(text: str) -> Iterator[Element]:
    while text:
        opening = text.find("(")
        if opening < 0:
            yield from _pieces(text)
            return
        closing = _closing(text, opening)
        before, after = text[:opening], text[closing + 1 :]
        # a star that touches the bracket belongs to each choice: `(a|b)*` means `(a*|b*)`
        left, right = before.endswith("*"), after.startswith("*")
        yield from _pieces(before.rstrip("*") if left else before)
        yield _choice(text[opening + 1 : closing], left, right)
        text = after.lstrip("*") if right else after


def _closing(text: str, opening: int) -> int:
    nearest = text.find(")", opening)
    if nearest > 0 and "(" not in text[opening + 1 : nearest]:
        return nearest
    depth = 0
    for index in range(opening, len(text)):
        depth += {"(": 1, ")": -1}.get(text[index], 0)
        if depth == 0:
            return index
    raise ConfigError(f"a bracket is left open in the phrase: {text}")


@cache
def _choice(text: str, left: bool, right: bool) -> Choice:
    # the same brackets ("my brother", "my sister" ...) stand in hundreds of phrases
    options: Index[Sequel] = Index()
    optional, firsts = False, set()
    for part in _split_choices(text):
        stripped = part.strip()
        starred = f"{'*' * left}{stripped}{'*' * right}" if stripped else ""
        sequel = tuple(_elements(starred) if "(" in starred else _pieces(starred))
        if _is_optional(sequel):
            optional = True
            continue
        for piece in _firsts(sequel):
            options.add(piece, sequel)
            firsts.add(piece)
    return Choice(options, optional, frozenset(firsts))


def _split_choices(text: str) -> list[str]:
    """Split at the bars that stand outside inner brackets."""
    if "(" not in text:
        return text.split("|")
    parts, depth = [""], 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _pieces(text: str) -> Iterator[Element]:
    for part in text.split():
        yield from (Gap(),) if part == "..." else _words(part)


@cache
def _words(part: str) -> tuple[Piece, ...]:
    inside = part.strip("*")
    if not inside or set(inside) & set("*|)"):
        raise ConfigError(f"a star, bar or bracket is out of place in a phrase: {part}")
    words = [token.word for token in tokens(part)]
    return tuple(
        Piece(
            word,
            open_start=number == 0 and part.startswith("*"),
            open_end=number == len(words) - 1 and part.endswith("*"),
        )
        for number, word in enumerate(words)
    )


def _firsts(elements: Sequence[Element]) -> set[Piece]:
    """Return the words with which a sequence may begin."""
    found: set[Piece] = set()
    for element in elements:
        if isinstance(element, Piece):
            return found | {element}
        if isinstance(element, Choice):
            found |= element.firsts
            if not element.optional:
                return found
    return found


def _ends(elements: Sequel, words: Sequence[Token], start: int) -> set[int]:
    """Return every place where a sequence that begins at `start` may end."""
    places = {start}
    for element in elements:
        places = {end for place in places for end in _steps(element, words, place)}
        if not places:
            break
    return places


def _steps(element: Element, words: Sequence[Token], place: int) -> Iterator[int]:
    if isinstance(element, Gap):
        yield from range(place, min(place + GAP_WORDS, len(words)) + 1)
        return
    if isinstance(element, Choice):
        if element.optional:
            yield place
        if place < len(words):
            for sequel in element.options.at(words[place].word):
                yield from _ends(sequel, words, place)
    elif place < len(words) and _fits(element, words[place].word):
        yield place + 1


def _fits(piece: Piece, word: str) -> bool:
    if piece.open_start and piece.open_end:
        return piece.word in word
    if piece.open_start:
        return word.endswith(piece.word)
    return word.startswith(piece.word) if piece.open_end else word == piece.word


class Finder:
    """Finds labelled phrases in tokens."""

    def __init__(self, labelled: Iterable[tuple[str, str]]) -> None:
        self._index: Index[tuple[Sequel, str]] = Index()
        for phrase, label in labelled:
            sequel = parse(phrase)
            for piece in _firsts(sequel):
                self._index.add(piece, (sequel, label))
        self._at = lru_cache(maxsize=CACHED_WORDS)(lambda word: tuple(self._index.at(word)))

    def find(self, words: Sequence[Token]) -> list[Hit]:
        """Return every phrase that stands in the tokens, at its shortest, in the order of where it begins."""
        hits = []
        for start, token in enumerate(words):
            for sequel, label in self._at(token.word):
                ends = _ends(sequel, words, start)
                if ends:
                    hits.append(Hit(label, start, min(ends)))
        return hits
