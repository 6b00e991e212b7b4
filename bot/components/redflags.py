"""Red flags in a message: several at once, each with the words that show it and a confidence.

Learnt from data/<language>/red_flags.yml in all languages together. What the flags mean: data/taxonomy.yml.
"""

from pathlib import Path
from typing import Any, Dict, Iterator, List, Sequence, Text, Tuple

import numpy as np
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.training_data.training_data import TrainingData

from components.clauses import Span
from components.detector import SignDetector
from components.passages import Passage, read_yaml
from components.places import data
from components.signs import Scores
from components.tokenizer import tokens_of

_FEWEST, _MOST = 2, 9  # words that are quoted


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class RedFlagDetector(SignDetector):
    """Adds an entity `red_flag` for each flag: its code, the words that show it, and the confidence."""

    listed = "red_flags"

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Return the limits; chosen on passages held out, docs/decisions/0008."""
        return {
            "whole": 0.3,  # how much the whole message counts beside its strongest piece
            "any": 0.2,  # how much it counts that the message shows any flag at all
            "threshold": 0.05,
            "steepness": 4.0,  # of the confidence around the threshold, which is .5
        }

    def passages(self, training_data: TrainingData) -> Sequence[Passage]:
        """Return the marked passages of every language."""
        return read_passages(data())

    def found(self, text: str, scores: Scores) -> List[Dict[Text, Any]]:
        """Return each flag with the words that show it."""
        best = scores.each.max(axis=0)
        share = self._config["whole"]
        sure = (1 - share) * best + share * scores.whole + self._config["any"] * scores.any - self._config["threshold"]
        return [self._entity(text, scores, place, sure[place]) for place in np.argsort(-sure) if sure[place] > 0]

    def _entity(self, text: str, scores: Scores, place: int, sure: float) -> Dict[Text, Any]:
        code = self._reader.codes[place]
        first, last = self._shown(text, scores.pieces[int(scores.each[:, place].argmax())], code)
        confidence = 1 / (1 + np.exp(-self._config["steepness"] * sure))
        return {
            "entity": "red_flag",
            "value": code,
            "start": first,
            "end": last,
            "confidence_entity": float(confidence),
        }

    def _shown(self, text: str, piece: Span, code: str) -> Span:
        """Narrow a piece to the run of words whose letters speak for the flag."""
        words = tokens_of(text[piece[0] : piece[1]])
        if len(words) <= _FEWEST + 1:
            return piece
        pull = self._reader.pull(code, [word.text for word in words])
        pull = pull - pull.mean()
        runs = [(a, b) for a in range(len(words)) for b in range(a + _FEWEST, min(a + _MOST, len(words)) + 1)]
        first, last = max(runs, key=lambda run: pull[run[0] : run[1]].sum())
        return piece[0] + words[first].start, piece[0] + words[last - 1].end


def read_passages(folder: Path) -> List[Passage]:
    """Read <language>/red_flags.yml of every language."""
    return [passage for path in sorted(folder.glob("*/red_flags.yml")) for passage in _passages(path)]


def _passages(path: Path) -> Iterator[Passage]:
    content = read_yaml(path)
    for row in content.get("flagged") or []:
        yield Passage(row["text"], {code: _place(row["text"], quote) for code, quote in row["flags"].items()})
    for text in content.get("unflagged") or []:
        yield Passage(text, {})


def _place(text: str, quote: str) -> Tuple[int, int]:
    first = text.index(quote)
    return first, first + len(quote)
