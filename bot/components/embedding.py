"""Sentence embeddings: one vector for a message, near the vectors of messages that mean the same in any language."""

import hashlib
import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, List, Protocol, Text, Tuple

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from components.normaliser import readable
from components.places import cache_folder
from components.progress import progress

LONGEST = 400  # letters; what a message is about stands there, and the time grows with the length
VECTOR = "embedding"
"""Property of a message: its vector as the model gave it, not centred."""
_BATCH = 64
_ASKED = 500  # at once; SQLite takes 999 values in any build


class Embedder(Protocol):
    """Whatever can turn sentences into vectors can replace the model."""

    name: str

    def embed(self, texts: List[str]) -> np.ndarray:
        """Return one row of float32 of length 1 for each text."""


class E5:
    """multilingual-e5-small, with the weights of a package."""

    name = "e5-small-8bit-1-query"  # another one for other vectors: it names them in the cache

    def __init__(self) -> None:
        # imported here: it takes 100 MB, which tests with another embedder do without
        from components.encoder import Encoder
        from components.weights import Weights, packed_file

        self._encoder = Encoder(Weights(packed_file()))

    def embed(self, texts: List[str]) -> np.ndarray:
        """Embed as queries, which the model was trained to compare with one another."""
        return self._encoder.embed(texts)


class EmbeddingCache:
    """Vectors of training examples by the hash of their text, so that one edited example costs one embedding."""

    def __init__(self, embedder: Embedder, path: Path) -> None:
        self._embedder = embedder
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, timeout=30)
        self._database.execute("CREATE TABLE IF NOT EXISTS vector (hash BLOB PRIMARY KEY, numbers BLOB) WITHOUT ROWID")

    def embed(self, texts: List[str]) -> np.ndarray:
        """Return the vectors, computing and keeping those that are new."""
        hashes = [self._hash(text) for text in texts]
        known = self._known(hashes)
        found = {key: text for key, text in zip(hashes, texts, strict=True) if key not in known}
        new = list(found.items())
        batches = [new[start : start + _BATCH] for start in range(0, len(new), _BATCH)]
        # the model lets go of Python's lock
        with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
            made = threads.map(self._rows, batches)
            for number, (batch, rows) in enumerate(zip(batches, made, strict=True)):
                with self._database:
                    self._database.executemany("INSERT OR REPLACE INTO vector VALUES (?, ?)", rows)
                known.update(rows)
                progress("embedding training examples", number * _BATCH + len(batch), len(new))
        return np.stack([np.frombuffer(known[key], dtype=np.float32) for key in hashes])

    def _rows(self, batch: List[Tuple[bytes, str]]) -> List[Tuple[bytes, bytes]]:
        vectors = self._embedder.embed([text for _, text in batch])
        return [(key, vector.astype(np.float32).tobytes()) for (key, _), vector in zip(batch, vectors, strict=True)]

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def _known(self, hashes: List[bytes]) -> Dict[bytes, bytes]:
        known: Dict[bytes, bytes] = {}
        for start in range(0, len(hashes), _ASKED):
            some = hashes[start : start + _ASKED]
            places = ",".join("?" * len(some))
            found = f"SELECT hash, numbers FROM vector WHERE hash IN ({places})"  # noqa: S608 -- only question marks
            known.update(self._database.execute(found, some))
        return known

    def _hash(self, text: str) -> bytes:
        return hashlib.sha256(f"{self._embedder.name}\n{text}".encode()).digest()[:16]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class EmbeddingFeaturizer(DenseFeaturizer, GraphComponent):
    """Gives each message its embedding, less the mean of the training examples."""

    # E5 vectors of any two sentences are alike (cosine .8 and more); without the mean the differences show

    def __init__(self, config: Dict[Text, Any], name: Text, storage: ModelStorage, resource: Resource) -> None:
        super().__init__(name, config)
        self._storage, self._resource = storage, resource
        self._embedder: Embedder = shared_model()
        self._mean = np.zeros(1, dtype=np.float32)

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "EmbeddingFeaturizer":
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
    ) -> "EmbeddingFeaturizer":
        """Build the featurizer of a trained model."""
        featurizer = cls.create(config, model_storage, resource, execution_context)
        with model_storage.read_from(resource) as folder:
            featurizer._mean = np.load(folder / "mean.npy", allow_pickle=False)
        return featurizer

    @classmethod
    def validate_config(cls, config: Dict[Text, Any]) -> None:
        """Nothing can be set."""

    def train(self, training_data: TrainingData) -> Resource:
        """Learn the mean."""
        vectors = self._cached([readable_start(example.get(TEXT)) for example in training_data.intent_examples])
        self._mean = vectors.mean(axis=0)
        with self._storage.write_to(self._resource) as folder:
            np.save(folder / "mean.npy", self._mean, allow_pickle=False)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add vectors to the training examples."""
        examples = [example for example in training_data.training_examples if example.get(TEXT)]
        vectors = self._cached([readable_start(example.get(TEXT)) for example in examples])
        for example, vector in zip(examples, vectors, strict=True):
            self._add(example, vector)
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        """Add a vector to each message."""
        for message in messages:
            text = readable_start(message.get(TEXT) or "")
            if text:
                self._add(message, self._embedder.embed([text])[0])
        return messages

    def _cached(self, texts: List[str]) -> np.ndarray:
        return remembered(self._embedder, texts)

    def _add(self, message: Message, vector: np.ndarray) -> None:
        message.set(VECTOR, vector)
        row = centred(vector[np.newaxis, :], self._mean)
        message.add_features(Features(row, FEATURE_TYPE_SENTENCE, TEXT, self._identifier))


@lru_cache(maxsize=1)
def shared_model() -> Embedder:
    """Return the one model of this process."""
    return E5()


def remembered(embedder: Embedder, texts: List[str]) -> np.ndarray:
    """Embed training texts through the cache on disk."""
    cache = EmbeddingCache(embedder, cache_folder() / "embeddings.sqlite3")
    try:
        return cache.embed(texts)
    finally:
        cache.close()


def centred(vectors: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Take the mean away and make each row of length 1."""
    less = vectors - mean
    lengths = np.linalg.norm(less, axis=1, keepdims=True)
    return (less / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)


def readable_start(text: str) -> str:
    """Return the part of a message that is embedded."""
    return readable(text)[:LONGEST]
