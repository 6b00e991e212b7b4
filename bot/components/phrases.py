"""A book of phrases: finds them in a message by whole folded words, the longest first, never inside a word."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, FrozenSet, Iterable, List, Mapping, Sequence, Tuple

from rasa.nlu.tokenizers.tokenizer import Token

from components.normaliser import folded
from components.passages import read_yaml
from components.tokenizer import tokens_of

LEXICON = Path(__file__).resolve().parents[2] / "data" / "lexicon.yml"
_SHORTEST_STEM = 3  # letters that must be left of a name when an ending or a beginning is taken off

Words = Tuple[str, ...]


@dataclass(frozen=True)
class Match:
    """A phrase found: what it means and the tokens it covers (`last` is not included)."""

    value: Any
    first: int
    last: int


def words_of(phrase: str) -> Words:
    """Split a phrase as messages are split."""
    return tuple(token.lemma for token in tokens_of(phrase))


def read_lexicon(path: Path = LEXICON) -> Dict[str, Any]:
    """Read the editors' spellings."""
    return read_yaml(path)


class PhraseBook:
    """Phrases with what they mean."""

    def __init__(
        self, phrases: Iterable[Tuple[Words, Any]], endings: Sequence[str] = (), beginnings: Sequence[str] = ()
    ):
        self._meanings: Dict[Words, Any] = {}
        for words, value in phrases:
            if words:
                self._meanings.setdefault(words, value)
        self._longest: Dict[str, int] = {}
        for words in self._meanings:
            self._longest[words[0]] = max(len(words), self._longest.get(words[0], 0))
        self._endings = _by_length(endings)
        self._beginnings = _by_length(beginnings)

    def find(self, tokens: Sequence[Token]) -> List[Match]:
        """Find phrases from left to right without overlap."""
        words = [token.lemma for token in tokens]
        found: List[Match] = []
        place = 0
        while place < len(words):
            match = self._at(words, place)
            found += [match] if match else []
            place = match.last if match else place + 1
        return found

    def _at(self, words: List[str], first: int) -> Any:
        for start in self._bare(words[first], self._beginnings, front=True):
            for length in range(self._longest.get(start, 1), 0, -1):
                phrase = [start, *words[first + 1 : first + length]]
                if len(phrase) < length:
                    continue
                for end in self._bare(phrase[-1], self._endings, front=False):
                    value = self._meanings.get((*phrase[:-1], end))
                    if value is not None:
                        return Match(value, first, first + length)
        return None

    @staticmethod
    def _bare(word: str, affixes: Mapping[int, FrozenSet[str]], front: bool) -> List[str]:
        """Return the word, and what is left of it without an affix, the shortest affix first."""
        bare = [word]
        for length, known in affixes.items():
            if len(word) - length < _SHORTEST_STEM:
                break
            if (word[:length] if front else word[-length:]) in known:
                bare.append(word[length:] if front else word[:-length])
        return bare


def _by_length(affixes: Sequence[str]) -> Dict[int, FrozenSet[str]]:
    known = {folded(affix) for affix in affixes}
    return {length: frozenset(a for a in known if len(a) == length) for length in sorted({len(a) for a in known} - {0})}


def inverted(table: Mapping[Any, Iterable[str]]) -> List[Tuple[Words, Any]]:
    """Turn {meaning: phrases} into phrases with their meaning."""
    return [(words_of(str(phrase)), value) for value, phrases in table.items() for phrase in phrases]
