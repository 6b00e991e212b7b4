"""A book of phrases: finds them in a message by whole folded words, the longest first, never inside a word."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterable, List, Mapping, Sequence, Tuple

import yaml
from rasa.nlu.tokenizers.tokenizer import Token

from components.normaliser import folded
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
    return yaml.safe_load(path.read_text("utf-8"))


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
        self._endings = tuple(folded(ending) for ending in endings)
        self._beginnings = tuple(folded(beginning) for beginning in beginnings)

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
    def _bare(word: str, affixes: Sequence[str], front: bool) -> List[str]:
        taken = [
            word[len(affix) :] if front else word[: -len(affix)]
            for affix in affixes
            if (word.startswith(affix) if front else word.endswith(affix)) and len(word) - len(affix) >= _SHORTEST_STEM
        ]
        return [word, *taken]


def inverted(table: Mapping[Any, Iterable[str]]) -> List[Tuple[Words, Any]]:
    """Turn {meaning: phrases} into phrases with their meaning."""
    return [(words_of(str(phrase)), value) for value, phrases in table.items() for phrase in phrases]
