"""Which intent a message has: linear machines over embedding and n-grams and the votes of the nearest examples.

Why this head: docs/decisions/0004-sentence-embeddings.md. Margins and votes become probabilities through one
temperature, chosen on held-out folds, so that of the messages with confidence .8 about 80 in 100 are right.
"""

import json
from typing import Any, Dict, List, Text, Tuple

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix, hstack, vstack
from sklearn.model_selection import StratifiedKFold

from components.machines import one_hot, separating, softmax, usual_likeness, votes
from components.progress import progress

RANKED = 10
NEAREST = "nearest_example"
"""Property of a message: its likeness (cosine of centred embeddings) to the nearest example, as a share of the likeness
that all but a few examples have to their nearest one: below 1 it stands further off than what was learnt from."""
_MANY, _FADING = 25_000, 0.45
"""From so many examples on n-grams count fully; chosen on parts of our own examples, docs/decisions/0004."""
_TEMPERATURES = np.geomspace(0.02, 4.0, 80)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class TopicClassifier(IntentClassifier, GraphComponent):
    """Ranks the intents of a message."""

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Return the weights of embedding and neighbours beside the n-grams, how much the machines may bend,
        and the share of examples that are taken to stand far off.
        """
        return {"dense_weight": 1.0, "neighbours": 0.1, "C": 0.3, "far": 0.015}

    def __init__(self, config: Dict[Text, Any], storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage, self._resource = storage, resource
        self._intents: List[str] = []
        self._dense = self._sparse = self._bias = self._examples = self._belongs = np.zeros(0)
        self._temperature = self._dense_weight = self._usual = 1.0

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "TopicClassifier":
        """Build an untrained classifier."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "TopicClassifier":
        """Build the classifier of a trained model."""
        classifier = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            learnt = json.loads((folder / "intents.json").read_text("utf-8"))
            arrays = np.load(folder / "learnt.npz", allow_pickle=False)
            classifier._intents, classifier._temperature = learnt["intents"], learnt["temperature"]
            classifier._dense_weight, classifier._usual = learnt["dense_weight"], learnt["usual"]
            classifier._take(arrays["weights"], arrays["bias"])
            classifier._examples = arrays["examples"].astype(np.float32)
            classifier._belongs = np.eye(len(classifier._intents), dtype=np.float32)[arrays["places"]]
        return classifier

    def train(self, training_data: TrainingData) -> Resource:
        """Learn the weights, and the temperature on a half that was held out."""
        examples = [example for example in training_data.intent_examples if example.get(TEXT)]
        # of few examples the n-grams are hardly known yet, and the embedding must carry more
        self._dense_weight = self._config["dense_weight"] * max(1.0, _MANY / len(examples)) ** _FADING
        dense = np.vstack([_features(example)[0] for example in examples])
        rows = self._rows(dense, vstack([_features(example)[1] for example in examples]))
        self._intents = sorted({example.get(INTENT) for example in examples})
        belongs = one_hot([example.get(INTENT) for example in examples], self._intents)
        self._temperature = self._calibrated(rows, dense, belongs)
        weights, bias = separating(rows, belongs, self._config["C"])
        progress("learning intents", 2, 2)
        self._take(weights, bias)
        self._examples, self._belongs = dense, belongs.astype(np.float32)
        self._usual = usual_likeness(dense, self._config["far"])
        with self._storage.write_to(self._resource) as folder:
            learnt = {
                "intents": self._intents, "temperature": self._temperature, "dense_weight": self._dense_weight,
                "usual": self._usual,
            }  # fmt: skip
            (folder / "intents.json").write_text(json.dumps(learnt), "utf-8")
            arrays = {"examples": dense.astype(np.float16), "places": belongs.argmax(axis=1).astype(np.int16)}
            np.savez(folder / "learnt.npz", weights=weights, bias=bias, **arrays)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leave the examples as they are; nothing after this learns from predictions."""
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        """Set intent, ranking and likeness of each message; an empty message gets no intent."""
        for message in messages:
            dense, sparse = _features(message)
            ranking, nearest = self._ranking(dense, sparse) if dense is not None else ([], 0.0)
            message.set(INTENT, ranking[0] if ranking else {"name": None, "confidence": 0.0}, add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
            message.set(NEAREST, nearest)
        return messages

    def _ranking(self, dense: np.ndarray, sparse: csr_matrix) -> Tuple[List[Dict[str, Any]], float]:
        margins = (dense @ self._dense)[0] + (sparse @ self._sparse)[0] + self._bias
        shares, nearest = votes(dense, self._examples, self._belongs)
        sure = softmax((margins + self._config["neighbours"] * shares[0]) / self._temperature)
        best = np.argsort(-sure)[:RANKED]
        ranking = [{"name": self._intents[place], "confidence": float(sure[place])} for place in best]
        return ranking, float(nearest[0]) / self._usual

    def _rows(self, dense: np.ndarray, sparse: csr_matrix) -> csr_matrix:
        return hstack([csr_matrix(dense * self._dense_weight), sparse]).tocsr()

    def _calibrated(self, rows: csr_matrix, dense: np.ndarray, belongs: np.ndarray) -> float:
        truth = belongs.argmax(axis=1)
        if belongs.sum(axis=0).min() < 4 or belongs.shape[1] < 3:
            return 0.25  # too little to measure; a usual value
        learn, held = next(StratifiedKFold(2, shuffle=True, random_state=0).split(rows, truth))
        weights, bias = separating(rows[learn], belongs[learn], self._config["C"])
        shares, _ = votes(dense[held], dense[learn], belongs[learn])
        margins = rows[held] @ weights.T + bias + self._config["neighbours"] * shares
        progress("learning intents", 1, 2)
        true = np.arange(len(held)), truth[held]
        losses = [-np.log(softmax(margins / t)[true] + 1e-12).mean() for t in _TEMPERATURES]
        return float(_TEMPERATURES[int(np.argmin(losses))])

    def _take(self, weights: np.ndarray, bias: np.ndarray) -> None:
        size = self._config.get("dense_size") or EMBEDDING_SIZE
        self._dense = np.ascontiguousarray(weights[:, :size].T) * self._dense_weight
        self._sparse, self._bias = np.ascontiguousarray(weights[:, size:].T), bias


EMBEDDING_SIZE = 384


def _features(message: Message) -> Tuple[Any, Any]:
    dense = message.get_dense_features(TEXT)[1]
    sparse = message.get_sparse_features(TEXT)[1]
    return (dense.features if dense else None), (sparse.features if sparse else None)
