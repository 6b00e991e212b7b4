"""N-grams, classifier and the decision to admit not having understood, on vectors made by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from components.classifier import EMBEDDING_SIZE, NEAREST, TopicClassifier
from components.fallback import UnsureClassifier
from components.machines import usual_likeness
from components.ngrams import NgramFeaturizer
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, INTENT, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

TOPICS = {"fees": "fee agent money", "wages": "salary late boss", "greet": "hello good morning"}


class Node:
    node_name = "node"


def message(text: str, topic: int, intent: str = "") -> Message:
    direction = np.zeros((1, EMBEDDING_SIZE), dtype=np.float32)
    if topic >= 0:
        direction[0, topic] = 1.0
    else:
        direction[0, 100:] = 0.06
    made = Message(data={TEXT: text, **({INTENT: intent} if intent else {})})
    made.add_features(Features(direction, FEATURE_TYPE_SENTENCE, TEXT, "embedding"))
    return made


def examples() -> list[Message]:
    return [
        message(f"{words} {number}", topic, intent)
        for topic, (intent, words) in enumerate(TOPICS.items())
        for number in range(6)
    ]


class Trained:
    """The three components, trained and loaded again from their files."""

    def __init__(self, folder: Path) -> None:
        storage = LocalModelStorage.create(folder)
        data = TrainingData(examples())
        self.parts: list[Any] = []
        for kind in (NgramFeaturizer, TopicClassifier, UnsureClassifier):
            config: dict[str, Any] = {"alias": None, **kind.get_default_config()}
            place = Resource(kind.__name__)
            if kind is UnsureClassifier:
                self.parts.append(kind.create(config, storage, place, Node()))
                continue
            kind.create(config, storage, place, Node()).train(data)
            loaded = kind.load(config, storage, place, Node())
            loaded.process_training_data(data)
            self.parts.append(loaded)

    def read(self, text: str, topic: int) -> Message:
        messages = [message(text, topic)]
        for part in self.parts:
            messages = part.process(messages)
        return messages[0]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return Trained(tmp_path_factory.mktemp("model"))


@pytest.mark.parametrize(("text", "topic", "intent"), [("agent fee", 0, "fees"), ("my salary", 1, "wages")])
def test_a_clear_message_gets_its_intent(trained: Trained, text: str, topic: int, intent: str) -> None:
    read = trained.read(text, topic)

    assert read.get(INTENT)["name"] == intent
    assert read.get("intent_ranking")[0]["name"] == intent
    assert abs(sum(entry["confidence"] for entry in read.get("intent_ranking")) - 1.0) < 1e-5


def test_a_message_like_nothing_that_was_learnt_is_not_understood(trained: Trained) -> None:
    read = trained.read("zzz qqq", -1)

    assert read.get(INTENT)["name"] == "nlu_fallback"
    assert read.get("intent_ranking")[0]["name"] in TOPICS


def test_an_empty_message_is_not_understood(trained: Trained) -> None:
    empty = Message(data={TEXT: ""})
    for part in trained.parts[1:]:
        part.process([empty])

    assert empty.get(INTENT) == {"name": "nlu_fallback", "confidence": 0.0}


@pytest.mark.parametrize(
    ("sure", "is_unsure"),
    [
        ([0.9, 0.05], False),
        ([0.2, 0.1], True),
        ([0.42, 0.41], True),
        ([0.52, 0.48], False),
        ([0.4, 0.2], False),
        ([], True),
    ],
)
def test_an_unlikely_or_a_torn_topic_is_not_taken(trained: Trained, sure: list[float], is_unsure: bool) -> None:
    near = Message(data={NEAREST: 1.1})

    assert trained.parts[2]._is_unsure(near, sure) is is_unsure


def test_what_stands_further_off_than_the_examples_do_is_not_taken(trained: Trained) -> None:
    assert trained.parts[2]._is_unsure(Message(data={NEAREST: 0.9}), [0.9, 0.05])


def test_usual_likeness_is_that_of_all_but_a_few() -> None:
    angles = np.radians([0, 10, 20, 30, 40, 50, 60, 70, 80, 250])
    examples = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)

    assert usual_likeness(examples, 0.5) == pytest.approx(0.5)  # cos 10 degrees, cut
    assert usual_likeness(examples, 0.0) == pytest.approx(0.38)  # the one that stands alone, cut from below


def test_ngrams_do_not_see_accents_or_native_digits(trained: Trained) -> None:
    ngrams = trained.parts[0]
    one, other = ngrams.process([message("sálary 1", 1), message("salary १", 1)])

    rows = [each.get_sparse_features(TEXT)[1].features for each in (one, other)]
    assert (rows[0] != rows[1]).nnz == 0
