"""The second line of the danger check: what is learnt from messages of people in danger, beside the phrases.

The first line is deterministic and stands in the gateway (core/risk.py): it works when the assistant does not, and what
it finds nothing here can take back. This line may only add what the phrases missed (docs/decisions/0007).
"""

from typing import Any, Dict, Iterator, List, Text

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from components.embedding import VECTOR
from components.passages import Passage, read_yaml, small_talk
from components.places import data
from components.signs import SignReader


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class DangerReader(GraphComponent, EntityExtractorMixin):
    """Adds one entity `danger`, the likeliest code, when a message tells of an emergency."""

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Return the limit; chosen on messages held out, docs/decisions/0007."""
        return {"threshold": 0.15, "steepness": 4.0}

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
    ) -> "DangerReader":
        """Build an untrained reader."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "DangerReader":
        """Build the reader of a trained model."""
        reader = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            reader._reader = SignReader.load(folder)
        return reader

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from the messages of data/<language>/danger.yml, passages without danger, and small talk."""
        self._reader = SignReader(list(read_yaml(data() / "taxonomy.yml")["danger"]))
        self._reader.learn([*_messages(), *small_talk(training_data)])
        with self._storage.write_to(self._resource) as folder:
            self._reader.save(folder)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leave the examples as they are."""
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        """Add what is found to each message."""
        for message in messages:
            if message.get(VECTOR) is not None:
                found = self.add_extractor_name(self._danger(message))
                message.set(ENTITIES, [*message.get(ENTITIES, []), *found], add_to_output=True)
        return messages

    def _danger(self, message: Message) -> List[Dict[Text, Any]]:
        scores = self._reader.read(message)
        if not scores.pieces:
            return []
        each = (scores.each.max(axis=0) + scores.whole) / 2
        sure = (each.max() + scores.any) / 2 - self._config["threshold"]
        if sure <= 0:
            return []
        place = int(each.argmax())
        first, last = scores.pieces[int(scores.each[:, place].argmax())]
        confidence = float(1 / (1 + np.exp(-self._config["steepness"] * sure)))
        code = self._reader.codes[place]
        return [{"entity": "danger", "value": code, "start": first, "end": last, "confidence_entity": confidence}]


def _messages() -> Iterator[Passage]:
    for path in sorted(data().glob("*/danger.yml")):
        for code, rows in read_yaml(path).items():
            for text in map(str, [*(rows.get("fires") or []), *(rows.get("told") or [])]):
                yield Passage(text, {code: (0, len(text))})
            for text in map(str, [*(rows.get("quiet") or []), *(rows.get("harmless") or [])]):
                yield Passage(text, {})
    for path in sorted(data().glob("*/red_flags.yml")):
        for text in read_yaml(path).get("unflagged") or []:
            yield Passage(text, {})
