"""What the red-flag detector and the danger reader share: they learn signs from passages and add entities."""

import hashlib
import shutil
from abc import abstractmethod
from pathlib import Path
from typing import Any, Dict, List, Sequence, Text, TypeVar

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from components.embedding import E5, VECTOR
from components.kept import kept
from components.passages import Passage, read_yaml, small_talk
from components.places import data
from components.signs import Scores, SignReader

Self = TypeVar("Self", bound="SignDetector")


class SignDetector(GraphComponent, EntityExtractorMixin):
    """Learns the signs of one list of the taxonomy. A subclass says which, from what, and what it makes of scores."""

    listed: str
    """The list of codes in data/taxonomy.yml."""

    def __init__(self, config: Dict[Text, Any], storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage, self._resource = storage, resource
        self._reader = SignReader([])

    @classmethod
    def create(
        cls: "type[Self]",
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Self:
        """Build an untrained detector."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls: "type[Self]",
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> Self:
        """Build the detector of a trained model."""
        detector = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            detector._reader = SignReader.load(folder)
        return detector

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from the passages of the subclass and from small talk."""
        codes = list(read_yaml(data() / "taxonomy.yml")[self.listed])
        passages = [*self.passages(training_data), *small_talk(training_data)]
        learnt = kept(_key(codes, passages), lambda folder: SignReader(codes).learn(passages).save(folder))
        with self._storage.write_to(self._resource) as folder:
            shutil.copytree(learnt, folder, dirs_exist_ok=True)
        self._reader = SignReader.load(learnt)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leave the examples as they are."""
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        """Add what is found to each message that has an embedding."""
        for message in messages:
            if message.get(VECTOR) is None:
                continue
            scores = self._reader.read(message)
            found = self.found(message.get(TEXT), scores) if scores.pieces else []
            message.set(ENTITIES, [*message.get(ENTITIES, []), *self.add_extractor_name(found)], add_to_output=True)
        return messages

    @abstractmethod
    def passages(self, training_data: TrainingData) -> Sequence[Passage]:
        """Return what is learnt from, with and without signs."""

    @abstractmethod
    def found(self, text: str, scores: Scores) -> List[Dict[Text, Any]]:
        """Return the entities of a message, the surest first."""


def _key(codes: Sequence[str], passages: Sequence[Passage]) -> "hashlib._Hash":
    digest = hashlib.sha256(
        repr((E5.name, codes, [(each.text, sorted(each.signs.items())) for each in passages])).encode()
    )
    for module in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(module.read_bytes())  # another way of cutting or folding learns something else
    return digest
