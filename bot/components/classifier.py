"""Which intent a message has: a linear support vector machine over embedding and n-grams, with calibrated confidence.

Why this head: docs/decisions/0004-sentence-embeddings.md. The margins of the machine become probabilities through
one temperature, chosen on held-out folds, so that of the messages with confidence .8 about 80 in 100 are right.
"""

import json
import warnings
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
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from components.progress import progress

RANKED = 10
_FOLDS = 3
_TEMPERATURES = np.geomspace(0.02, 2.0, 60)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class TopicClassifier(IntentClassifier, GraphComponent):
    """Ranks the intents of a message."""

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Return the weight of the n-grams beside the embedding, and how much the machine may bend."""
        return {"ngram_weight": 1.0, "C": 0.3}

    def __init__(self, config: Dict[Text, Any], storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage, self._resource = storage, resource
        self._intents: List[str] = []
        self._dense = self._sparse = self._bias = np.zeros(0)
        self._temperature = 1.0

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
            weights = np.load(folder / "weights.npz", allow_pickle=False)
            classifier._take(learnt["intents"], weights["weights"], weights["bias"], learnt["temperature"])
        return classifier

    def train(self, training_data: TrainingData) -> Resource:
        """Learn the weights, and the temperature on folds that were held out."""
        examples = [example for example in training_data.intent_examples if example.get(TEXT)]
        rows = vstack([self._row(example) for example in examples]).tocsr()
        intents = np.array([example.get(INTENT) for example in examples])
        temperature = self._calibrated(rows, intents)
        machine = self._fitted(rows, intents)
        progress("learning intents", _FOLDS + 1, _FOLDS + 1)
        # with two intents the machine keeps one row of weights for both
        weights, bias = machine.coef_, machine.intercept_
        if len(machine.classes_) == 2:
            weights, bias = np.vstack([-weights, weights]), np.concatenate([-bias, bias])
        self._take(list(machine.classes_), weights.astype(np.float32), bias.astype(np.float32), temperature)
        with self._storage.write_to(self._resource) as folder:
            learnt = {"intents": self._intents, "temperature": temperature}
            (folder / "intents.json").write_text(json.dumps(learnt), "utf-8")
            np.savez(folder / "weights.npz", weights=weights.astype(np.float32), bias=bias.astype(np.float32))
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leave the examples as they are; nothing after this learns from predictions."""
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        """Set intent and ranking of each message; an empty message gets no intent."""
        for message in messages:
            dense, sparse = _features(message)
            ranking = self._ranking(dense, sparse) if dense is not None else []
            message.set(INTENT, ranking[0] if ranking else {"name": None, "confidence": 0.0}, add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
        return messages

    def _ranking(self, dense: np.ndarray, sparse: csr_matrix) -> List[Dict[str, Any]]:
        margins = (dense @ self._dense)[0] + (sparse @ self._sparse)[0] + self._bias
        sure = _softmax(margins / self._temperature)
        best = np.argsort(-sure)[:RANKED]
        return [{"name": self._intents[place], "confidence": float(sure[place])} for place in best]

    def _row(self, message: Message) -> csr_matrix:
        dense, sparse = _features(message)
        return hstack([csr_matrix(dense), sparse * self._config["ngram_weight"]])

    def _fitted(self, rows: csr_matrix, intents: np.ndarray) -> LinearSVC:
        with warnings.catch_warnings():
            # stopping early costs nothing that can be measured: cross-validated accuracy is the same to .001
            warnings.simplefilter("ignore", ConvergenceWarning)
            return LinearSVC(C=self._config["C"], tol=0.1, random_state=0).fit(rows, intents)

    def _calibrated(self, rows: csr_matrix, intents: np.ndarray) -> float:
        names, counts = np.unique(intents, return_counts=True)
        if counts.min() < _FOLDS or len(names) < 3:
            return 0.25  # too little to measure; a usual value
        margins, truth = np.zeros((len(intents), len(names))), np.searchsorted(names, intents)
        folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0).split(rows, intents)
        for number, (learn, held) in enumerate(folds, start=1):
            margins[held] = self._fitted(rows[learn], intents[learn]).decision_function(rows[held])
            progress("learning intents", number, _FOLDS + 1)
        losses = [-np.log(_softmax(margins / t)[np.arange(len(truth)), truth] + 1e-12).mean() for t in _TEMPERATURES]
        return float(_TEMPERATURES[int(np.argmin(losses))])

    def _take(self, intents: List[str], weights: np.ndarray, bias: np.ndarray, temperature: float) -> None:
        self._intents, self._bias, self._temperature = intents, bias, temperature
        dense = self._config.get("dense_size") or EMBEDDING_SIZE
        self._dense = np.ascontiguousarray(weights[:, :dense].T)
        self._sparse = np.ascontiguousarray(weights[:, dense:].T) * self._config["ngram_weight"]


EMBEDDING_SIZE = 384


def _features(message: Message) -> Tuple[Any, Any]:
    dense = message.get_dense_features(TEXT)[1]
    sparse = message.get_sparse_features(TEXT)[1]
    return (dense.features if dense else None), (sparse.features if sparse else None)


def _softmax(margins: np.ndarray) -> np.ndarray:
    powers = np.exp(margins - margins.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
