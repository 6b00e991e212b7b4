"""What the facts in a message say about its meaning, whatever the classifier thinks.

Facts alone ("Nepal", "50000 rupees") are an answer, not a topic: "nepal" looks like the name of the language. The rules
give such an answer to the question that waits for it. And who names both a sum and a visa tells of an offer, also
when they ask about the sum: only the check looks at both.
"""

from typing import Any, Dict, List, Text

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from components.phrases import read_lexicon
from components.tokenizer import tokens_of

ANSWER = "inform"
OFFER = "describe_offer"
OF_AN_OFFER = {"amount", "visa"}
# a visa alone is a question about visas as often as an answer
FACTS = ("country", "nationality", "currency", "amount", "pay_period", "date")
TOPICS_THEMSELVES = ("online_work", "sex_work", "begging")  # "typing job" asks to be warned
LONGEST = 6  # tokens


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class FactReader(GraphComponent):
    """Sets the intent of messages whose facts decide it. Comes after the corridor extractor."""

    def __init__(self) -> None:
        # written as the tokenizer folds them
        self._around = {token.lemma for word in read_lexicon()["around_facts"] for token in tokens_of(str(word))}

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "FactReader":
        """Build the component."""
        return cls()

    def process(self, messages: List[Message]) -> List[Message]:
        """Set the intent of bare answers and of offers."""
        for message in messages:
            found = message.get(ENTITIES) or []
            if self._is_bare(message.get(TEXT) or "", found):
                message.set(INTENT, {"name": ANSWER, "confidence": 1.0}, add_to_output=True)
            elif {entity["entity"] for entity in found} >= OF_AN_OFFER:
                message.set(INTENT, {"name": OFFER, "confidence": 1.0}, add_to_output=True)
        return messages

    def _is_bare(self, text: str, entities: List[Dict[str, Any]]) -> bool:
        told = {entity["entity"] for entity in entities}
        spans = [
            (entity["start"], entity["end"])
            for entity in entities
            if entity["entity"] in FACTS or ("country" not in told and _is_work(entity))
        ]
        tokens = tokens_of(text)
        if not spans or len(tokens) > LONGEST:
            return False
        return all(
            token.lemma in self._around or any(start <= token.start < end for start, end in spans) for token in tokens
        )


def _is_work(entity: Dict[Text, Any]) -> bool:
    """Tell whether a kind of work can be an answer. With a country ("casino job in Cambodia") it is a story."""
    return entity["entity"] == "sector" and entity["value"] not in TOPICS_THEMSELVES
