"""Character n-grams by TF-IDF: what the embedding blurs (names, spellings, romanised words) stays visible here."""

import json
from pathlib import Path
from typing import Any, Dict, List, Text

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.sparse_featurizer.sparse_featurizer import SparseFeaturizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.feature_extraction.text import TfidfVectorizer

from components.normaliser import folded

LONGEST = 1000  # letters


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class NgramFeaturizer(SparseFeaturizer, GraphComponent):
    """Weighs the letter groups of a folded message, within words."""

    def __init__(self, config: Dict[Text, Any], name: Text, storage: ModelStorage, resource: Resource) -> None:
        super().__init__(name, config)
        self._storage, self._resource = storage, resource
        self._vectorizer = vectorizer()

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "NgramFeaturizer":
        """Build an untrained featurizer."""
        return cls(config, execution_context.node_name, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "NgramFeaturizer":
        """Build the featurizer of a trained model."""
        featurizer = cls.create(config, model_storage, resource, execution_context)
        with model_storage.read_from(resource) as folder:
            featurizer._vectorizer = load_grams(folder)
        return featurizer

    @classmethod
    def validate_config(cls, config: Dict[Text, Any]) -> None:
        """Nothing can be set."""

    def train(self, training_data: TrainingData) -> Resource:
        """Learn which letter groups there are and how rare each is."""
        self._vectorizer.fit([start(example.get(TEXT)) for example in training_data.intent_examples])
        with self._storage.write_to(self._resource) as folder:
            save_grams(self._vectorizer, folder)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add n-grams to the training examples."""
        self.process([example for example in training_data.training_examples if example.get(TEXT)])
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        """Add n-grams to each message."""
        rows = self._vectorizer.transform([start(message.get(TEXT) or "") for message in messages]) if messages else []
        for place, message in enumerate(messages):
            message.add_features(Features(rows[place], FEATURE_TYPE_SENTENCE, TEXT, self._identifier))
        return messages


def vectorizer() -> TfidfVectorizer:
    """Return the n-grams of this component, not yet fitted."""
    return TfidfVectorizer(
        analyzer="char_wb", ngram_range=(1, 5), min_df=2, sublinear_tf=True, lowercase=False, dtype=np.float32
    )


def save_grams(fitted: TfidfVectorizer, folder: Path) -> None:
    """Write what was learnt as a list and numbers, not as a pickle: loading a model never runs code from it."""
    grams = sorted(fitted.vocabulary_, key=fitted.vocabulary_.__getitem__)
    (folder / "grams.json").write_text(json.dumps(grams, ensure_ascii=False), "utf-8")
    np.save(folder / "idf.npy", fitted.idf_, allow_pickle=False)


def load_grams(folder: Path) -> TfidfVectorizer:
    """Read what was learnt."""
    grams = json.loads((folder / "grams.json").read_text("utf-8"))
    loaded = vectorizer()
    loaded.vocabulary_ = {gram: place for place, gram in enumerate(grams)}
    loaded.idf_ = np.load(folder / "idf.npy", allow_pickle=False)
    return loaded


def start(text: str) -> str:
    """Return the part of a message that is read, folded."""
    return folded(text)[:LONGEST]
