"""Letter groups, words and pairs of words by TF-IDF: what the embedding blurs (names, spellings) stays visible here."""

import json
from collections import Counter
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence, Text, Tuple

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
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

from components.normaliser import folded

LONGEST = 1000  # letters
_WORD = "  "  # what words and pairs begin with: no group of letters has two spaces in a row


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class NgramFeaturizer(SparseFeaturizer, GraphComponent):
    """Weighs the letter groups of a folded message, within words, and its words and pairs of words."""

    def __init__(self, config: Dict[Text, Any], name: Text, storage: ModelStorage, resource: Resource) -> None:
        super().__init__(name, config)
        self._storage, self._resource = storage, resource
        self._grams = Grams({}, np.zeros(0))

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
            featurizer._grams = Grams.load(folder)
        return featurizer

    @classmethod
    def validate_config(cls, config: Dict[Text, Any]) -> None:
        """Nothing can be set."""

    def train(self, training_data: TrainingData) -> Resource:
        """Learn which letter groups there are and how rare each is."""
        self._grams = Grams.fit([start(example.get(TEXT)) for example in training_data.intent_examples])
        with self._storage.write_to(self._resource) as folder:
            self._grams.save(folder)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add n-grams to the training examples."""
        self.process([example for example in training_data.training_examples if example.get(TEXT)])
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        """Add n-grams to each message."""
        rows = self._grams.transform([start(message.get(TEXT) or "") for message in messages])
        for place, message in enumerate(messages):
            message.add_features(Features(rows[place], FEATURE_TYPE_SENTENCE, TEXT, self._identifier))
        return messages


class Grams:
    """Weighs groups by TF-IDF. scikit-learn learns the weights; it would take half a millisecond for a text.

    Words weigh as much as letters together: within one row of length 1 the many letter groups drowned them
    (docs/decisions/0004).
    """

    def __init__(self, places: Mapping[str, int], rarity: np.ndarray) -> None:
        self._places, self._rarity = places, rarity.astype(np.float32)
        self._of_words = np.zeros(len(places), dtype=np.int64)
        self._of_words[[place for gram, place in places.items() if gram.startswith(_WORD)]] = 1

    @classmethod
    def fit(cls, texts: Sequence[str]) -> "Grams":
        """Learn which groups there are in folded texts and how rare each is."""
        fitted = TfidfVectorizer(analyzer=_groups, min_df=2).fit(texts)
        return cls(fitted.vocabulary_, fitted.idf_)

    def transform(self, texts: Sequence[str]) -> csr_matrix:
        """Return rows, shape (texts, groups), float32. Letters have the length 1 and so have words, or 0 if unknown."""
        columns: List[int] = []
        counts: List[int] = []
        ends = [0]
        for text in texts:
            known = [(place, count) for gram, count in _counted(text) if (place := self._places.get(gram)) is not None]
            columns += [place for place, _ in known]
            counts += [count for _, count in known]
            ends.append(len(columns))
        places = np.array(columns, dtype=np.int32)
        weights = (1 + np.log(np.array(counts, dtype=np.float32))) * self._rarity[places]
        rows = np.repeat(np.arange(len(texts)), np.diff(ends))
        halves = 2 * rows + self._of_words[places]
        lengths = np.sqrt(np.bincount(halves, weights * weights)).astype(np.float32)
        shape = len(texts), len(self._places)
        return csr_matrix((weights / lengths[halves], places, np.array(ends, dtype=np.int32)), shape=shape)

    def save(self, folder: Path) -> None:
        """Write what was learnt as a list and numbers, not as a pickle: loading a model never runs code from it."""
        grams = sorted(self._places, key=self._places.__getitem__)
        (folder / "grams.json").write_text(json.dumps(grams, ensure_ascii=False), "utf-8")
        np.save(folder / "idf.npy", self._rarity, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path) -> "Grams":
        """Read what was learnt."""
        grams = json.loads((folder / "grams.json").read_text("utf-8"))
        return cls({gram: place for place, gram in enumerate(grams)}, np.load(folder / "idf.npy", allow_pickle=False))


_letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 5), lowercase=False).build_analyzer()


def _groups(text: str) -> List[str]:
    words = text.split()
    pairs = (f"{_WORD}{first} {second}" for first, second in pairwise(words))
    return [*_letters(text), *(_WORD + word for word in words), *pairs]


@lru_cache(maxsize=64)
def _counted(text: str) -> Tuple[Tuple[str, int], ...]:
    # three readers with vocabularies of their own look at the same message
    return tuple(Counter(_groups(text)).items())


def start(text: str) -> str:
    """Return the part of a message that is read, folded."""
    return folded(text)[:LONGEST]
