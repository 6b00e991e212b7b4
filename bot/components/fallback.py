"""When to admit that a message was not understood.

Three signs, any of which is enough: no topic is likely, two topics are almost equally likely and neither is
clear, or nothing that the assistant learnt from resembles the message at all. The ranking stays as it is,
so that the likeliest topics can be offered.
"""

from typing import Any, Dict, List, Text

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME as UNSURE
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class UnsureClassifier(IntentClassifier, GraphComponent):
    """Replaces an unsure intent by nlu_fallback."""

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Return the limits; chosen by cross-validation."""
        return {
            "threshold": 0.35,  # the least confidence of the first topic
            "margin": 0.1,  # the least lead over the second topic ...
            "clear": 0.5,  # ... unless the first is at least this sure
            "nearest": 0.38,  # the least likeness (cosine of centred embeddings) to some training example
        }

    def __init__(self, config: Dict[Text, Any], storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage, self._resource = storage, resource
        self._examples = np.zeros((0, 0), dtype=np.float32)

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "UnsureClassifier":
        """Build an untrained component."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "UnsureClassifier":
        """Build the component of a trained model."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component._examples = np.load(folder / "examples.npy", allow_pickle=False).astype(np.float32)
        return component

    def train(self, training_data: TrainingData) -> Resource:
        """Keep the embeddings of the examples, to measure how far a message is from all of them."""
        rows = [example.get_dense_features(TEXT)[1].features[0] for example in training_data.intent_examples]
        self._examples = np.stack(rows)
        with self._storage.write_to(self._resource) as folder:
            np.save(folder / "examples.npy", self._examples.astype(np.float16), allow_pickle=False)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leave the examples as they are."""
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        """Set the intent of unsure messages to nlu_fallback."""
        for message in messages:
            ranking = message.get("intent_ranking") or []
            if self._is_unsure(message, [entry["confidence"] for entry in ranking]):
                confidence = ranking[0]["confidence"] if ranking else 0.0
                message.set(INTENT, {"name": UNSURE, "confidence": confidence}, add_to_output=True)
        return messages

    def _is_unsure(self, message: Message, sure: List[float]) -> bool:
        if not sure or sure[0] < self._config["threshold"]:
            return True
        if len(sure) > 1 and sure[0] < self._config["clear"] and sure[0] - sure[1] < self._config["margin"]:
            return True
        dense = message.get_dense_features(TEXT)[1]
        return float((self._examples @ dense.features[0]).max()) < self._config["nearest"]
