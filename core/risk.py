"""Levels of risk and the danger check: in every language, before anything else, without the assistant (R14, R15).

Phrases that people wrote come first. A reader that learnt words and letters (core/danger_reader.py) adds what no phrase
says; it takes nothing back.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from pathlib import Path

from core import danger_reader
from core.danger_reader import DangerReader
from core.errors import ConfigError
from core.files import read_yaml
from core.folding import Token, tokens
from core.phrases import Finder, Hit

CODES = ("violence_now", "locked_in", "self_harm", "medical", "child_at_risk", "at_sea_or_desert")
"""The danger codes of data/taxonomy.yml."""
ORDER = ("self_harm", "violence_now", "medical", "at_sea_or_desert", "child_at_risk", "locked_in")
"""When several dangers are found in one message, the first of these is answered."""


SPAN, UNLESS_SPAN = 14, 8
"""Parts of a phrase that are joined by `&` stand within so many words, in any order. What takes an alarm back must
stand nearer: "we watched a film. Now he is beating me" is no film."""
FOUND = 0.2
"""What the reader's score must pass to be danger without a phrase; chosen on English and Spanish messages,
docs/decisions/0007."""
FEWEST = 3
"""Words; of fewer ("no sé") the letters tell nothing, and plain cries of two words are phrases."""
SENTENCE_END = frozenset(".!?।۔؟…\n።፤;")
LONG_SENTENCE, WINDOW = 24, 16
"""Words. Many people write without a full stop; then windows that overlap by half are read."""


class Level(IntEnum):
    """How urgent a case is; the desk's queue is ordered by it."""

    NORMAL = 0
    RAISED = 1
    HIGH = 2
    DANGER = 3


SHARED = {"hi": "hi-ur", "ur": "hi-ur"}
"""Languages that are one when they are spoken, and romanised alike."""
BORROWED = "en"
"""Its words stand in messages and lists of every language ("locked in"), so what it takes back counts for all."""


@dataclass(frozen=True, slots=True)
class Danger:
    """An emergency that a message tells of, and the words that show it, as they were written."""

    code: str
    quote: str


class Lookout:
    """Finds labelled phrases, and phrases of several parts (`a & b`) that stand near each other."""

    def __init__(self, labelled: Iterable[tuple[str, str]], span: int) -> None:
        self._span = span
        self._groups: dict[str, list[tuple[list[str], str]]] = {}
        searched: dict[tuple[str, str], None] = {}
        for phrase, label in labelled:
            first, *others = (part.strip() for part in phrase.split("&"))
            if others:
                # a part is searched for once, however many phrases need it; its label is the part itself
                searched |= {(part, f"&{part}"): None for part in (first, *others)}
                self._groups.setdefault(f"&{first}", []).append(([f"&{part}" for part in others], label))
            else:
                searched[phrase, label] = None
        self._finder = Finder(searched)

    def find(self, words: Sequence[Token]) -> list[Hit]:
        """Return every phrase that stands in the tokens."""
        hits: list[Hit] = []
        parts: dict[str, list[Hit]] = {}
        for hit in self._finder.find(words):
            if hit.label.startswith("&"):
                parts.setdefault(hit.label, []).append(hit)
            else:
                hits.append(hit)
        for part, places in parts.items():
            for others, label in self._groups.get(part, ()):
                if all(other in parts for other in others):
                    hits += _together(label, places, [parts[other] for other in others], self._span)
        return hits


def _together(label: str, places: Sequence[Hit], others: Sequence[Sequence[Hit]], span: int) -> list[Hit]:
    """Return a hit for each place near which all the other parts stand, none on top of another."""
    found = []
    for place in places:
        group = [place]
        for part in others:
            near = [hit for hit in _around(part, place.first, span) if _fits(hit, group, span)]
            if not near:
                break
            group.append(min(near, key=lambda hit: abs(hit.first - group[0].first)))
        else:
            found.append(Hit(label, min(hit.first for hit in group), max(hit.end for hit in group)))
    return found


def _around(hits: Sequence[Hit], word: int, span: int) -> Sequence[Hit]:
    """Return those hits that begin within so many words. Hits come in the order of where they begin."""
    low = bisect_left(hits, word - span, key=lambda hit: hit.first)
    return hits[low : bisect_left(hits, word + span, low, key=lambda hit: hit.first)]


def _fits(hit: Hit, group: Sequence[Hit], span: int) -> bool:
    """A part fits a group that it does not overlap and that stays short with it."""
    apart = all(hit.end <= other.first or other.end <= hit.first for other in group)
    first, end = min(hit.first, *(other.first for other in group)), max(hit.end, *(other.end for other in group))
    return apart and end - first <= span


class DangerCheck:
    """Finds emergencies in a message, in any of the languages that it was given."""

    def __init__(
        self, lists: Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]], reader: DangerReader | None = None
    ) -> None:
        self._phrases = Lookout(_labelled(lists, "phrases"), SPAN)
        self._unless = Lookout(_labelled(lists, "unless"), UNLESS_SPAN)
        self._reader = reader

    def find(self, text: str) -> Danger | None:
        """Return the most urgent danger in a text, or None."""
        words = tokens(text)
        hits = self._not_taken_back(words)
        if not hits:
            return self._without_phrase(text, words)
        first = min(hits, key=lambda hit: (ORDER.index(_code(hit)), hit.first))
        return Danger(_code(first), text[words[first.first].start : words[first.end - 1].end])

    def _without_phrase(self, text: str, words: Sequence[Token]) -> Danger | None:
        """Return what the reader finds, with the words of the part that sounds most like it."""
        if self._reader is None or len(words) < FEWEST:
            return None
        plain = [token.word for token in words]
        scores = {(first, end): self._reader.score(plain[first:end]) for first, end in _parts(text, words)}
        first, end = max(scores, key=lambda place: scores[place])
        if scores[first, end] <= FOUND:
            return None
        return Danger(self._reader.code(plain[first:end]), text[words[first].start : words[end - 1].end])

    def _not_taken_back(self, words: Sequence[Token]) -> list[Hit]:
        """Return the hits that nothing takes back: no `unless` of the same language that overlaps, and none that takes
        back what another language found in the same words ("beating me" stands in several lists).
        """
        unless = {place for no in self._unless.find(words) for place in _places(no, no.label)}
        found = [
            (hit, unless.isdisjoint({*_places(hit, hit.label), *_places(hit, f"{BORROWED} {_code(hit)}")}))
            for hit in self._phrases.find(words)
        ]
        taken = {place: hit.label for hit, holds in found if not holds for place in _places(hit, _code(hit))}
        return [
            hit
            for hit, holds in found
            if holds and {taken.get(place, hit.label) for place in _places(hit, _code(hit))} == {hit.label}
        ]


def _parts(text: str, words: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Yield the place of the whole text, and those of its sentences and windows when there are several."""
    yield 0, len(words)
    ends = [
        number
        for number in range(1, len(words))
        if not SENTENCE_END.isdisjoint(text[words[number - 1].end : words[number].start])
    ]
    if not ends and len(words) <= LONG_SENTENCE:
        return
    for first, end in pairwise([0, *ends, len(words)]):
        if end - first <= LONG_SENTENCE:
            yield first, end
        else:
            yield from ((place, min(place + WINDOW, end)) for place in range(first, end - WINDOW // 2, WINDOW // 2))


def _labelled(lists: Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]], kind: str) -> Iterator[tuple[str, str]]:
    """Yield (phrase, label). What takes a phrase back counts for its own language and for those that share its words:
    "me bat" ("do not tell me", Urdu) must not silence "il me bat" ("he beats me", French).
    """
    for language, codes in lists.items():
        family = SHARED.get(language, language)
        for code, rows in codes.items():
            yield from ((phrase, f"{family} {code}") for phrase in rows.get(kind) or ())


def _code(hit: Hit) -> str:
    return hit.label.split()[-1]


def _places(hit: Hit, label: str) -> Iterator[tuple[str, int]]:
    """Return the words of a hit under a label."""
    return ((label, word) for word in range(hit.first, hit.end))


def load(data: Path, cache: Path | None = None) -> DangerCheck:
    """Read data/<language>/danger.yml of every language. Raise ConfigError for an unknown code or a broken phrase.

    With a folder that keeps what is learnt, the learnt half is read or learnt, too; without, the phrases stand alone.
    """
    lists = {}
    for path in sorted(data.glob("*/danger.yml")):
        content = read_yaml(path)
        strangers = set(content) - set(CODES)
        if strangers:
            raise ConfigError(f"{path.parent.name}/danger.yml: unknown code {', '.join(sorted(strangers))}")
        lists[path.parent.name] = content
    if not lists:
        raise ConfigError(f"no danger.yml below {data}: the danger check cannot work")
    return DangerCheck(lists, danger_reader.load(data, cache) if cache else None)
