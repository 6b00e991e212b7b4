"""Red flags in a message: several at once, each with the words that show it and a confidence.

Learnt from data/<language>/red_flags.yml in all languages together. What the flags mean: data/taxonomy.yml.
"""

from pathlib import Path
from typing import Any, Dict, Iterator, List, Text, Tuple

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from components.clauses import Span
from components.embedding import VECTOR
from components.passages import Passage, read_yaml, small_talk
from components.places import data
from components.signs import Scores, SignReader
from components.tokenizer import tokens_of

_FEWEST, _MOST = 2, 9  # words that are quoted


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class RedFlagDetector(GraphComponent, EntityExtractorMixin):
    """Adds an entity `red_flag` for each flag: its code, the words that show it, and the confidence."""

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Return the limits; chosen on passages held out, docs/decisions/0008."""
        return {
            "whole": 0.3,  # how much the whole message counts beside its strongest piece
            "any": 0.2,  # how much it counts that the message shows any flag at all
            "threshold": -0.05,
            "steepness": 4.0,  # of the confidence around the threshold, which is .5
        }

    def __init__(self, config: Dict[Text, Any], storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage, self._resource = storage, resource
        self._reader = SignReader([])

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "RedFlagDetector":
        """Build an untrained detector."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "RedFlagDetector":
        """Build the detector of a trained model."""
        detector = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            detector._reader = SignReader.load(folder)
        return detector

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from the marked passages and from small talk."""
        codes = list(read_yaml(data() / "taxonomy.yml")["red_flags"])
        self._reader = SignReader(codes)
        self._reader.learn([*read_passages(data()), *small_talk(training_data)])
        with self._storage.write_to(self._resource) as folder:
            self._reader.save(folder)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leave the examples as they are."""
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        """Add the flags of each message, the surest first."""
        for message in messages:
            if message.get(VECTOR) is not None:
                found = self.add_extractor_name(self._flags(message))
                message.set(ENTITIES, [*message.get(ENTITIES, []), *found], add_to_output=True)
        return messages

    def _flags(self, message: Message) -> List[Dict[Text, Any]]:
        scores = self._reader.read(message)
        if not scores.pieces:
            return []
        best = scores.each.max(axis=0)
        share = self._config["whole"]
        sure = (1 - share) * best + share * scores.whole + self._config["any"] * scores.any - self._config["threshold"]
        return [
            self._entity(message.get(TEXT), scores, place, sure[place])
            for place in np.argsort(-sure)
            if sure[place] > 0
        ]

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
