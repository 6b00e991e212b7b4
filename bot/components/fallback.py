"""When to admit that a message was not understood.

Three signs, any of which is enough: no topic is likely, two topics are almost equally likely and neither is
clear, or nothing that the assistant learnt from resembles the message at all. The ranking stays as it is,
so that the likeliest topics can be offered.
"""

from typing import Any, Dict, List, Text

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME as UNSURE
from rasa.shared.nlu.constants import INTENT
from rasa.shared.nlu.training_data.message import Message

from components.classifier import NEAREST


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class UnsureClassifier(IntentClassifier, GraphComponent):
    """Replaces an unsure intent by nlu_fallback."""

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Return the limits; chosen by cross-validation."""
        return {
            "threshold": 0.35,  # the least confidence of the first topic
            "margin": 0.1,  # the least lead over the second topic ...
            "clear": 0.5,  # ... unless the first is at least this sure
            "nearest": 1.0,  # the least likeness to some example, as a share of what is usual among examples
        }

    def __init__(self, config: Dict[Text, Any]) -> None:
        self._config = config

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "UnsureClassifier":
        """Build the component."""
        return cls(config)

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
        return float(message.get(NEAREST) or 0.0) < self._config["nearest"]
