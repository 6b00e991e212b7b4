"""Learns signs from marked passages, and scores the pieces of a message and the message as a whole.

Shared by the red-flag detector and the danger reader. A sign is a linear machine over the embedding of a piece and its
letter n-grams; a second one reads whole passages, and a third tells passages with any sign from those with none.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

import numpy as np
from rasa.shared.nlu.training_data.message import Message
from scipy.sparse import csr_matrix, hstack

from components.clauses import Span, pieces
from components.embedding import VECTOR, centred, readable_start, remembered, shared_model
from components.machines import separating
from components.ngrams import Grams, start
from components.passages import Passage

PIECES = "pieces"
READERS = ("piece", "whole", "any")
_BEND, _WEIGHT, _BEND_ANY = 0.8, 1.5, 0.6  # chosen on passages held out, docs/decisions/0008
_LOST = 1.6  # marked words are lost in a piece that is so many times longer
_MOSTLY, _PARTLY = 0.6, 0.25  # shares of the marked words that a piece must hold to show a sign, or to be left out


@dataclass(frozen=True)
class Scores:
    """What was found in a message: scores of shape (pieces, signs) and (signs,), and that of there being any sign."""

    pieces: List[Span]
    each: np.ndarray
    whole: np.ndarray
    any: float


class SignReader:
    """Machines for a fixed list of signs."""

    def __init__(self, codes: Sequence[str]) -> None:
        self.codes = list(codes)
        self._mean = np.zeros(1, dtype=np.float32)
        self._grams = Grams({}, np.zeros(0))
        self._weights: Dict[str, Tuple[np.ndarray, np.ndarray]] = {}

    def learn(self, passages: Sequence[Passage]) -> "SignReader":
        """Learn from passages, with and without signs; return itself."""
        rows = [row for passage in passages for row in self._rows_of(passage)]
        texts = [text for text, _ in rows]
        whole = [passage.text for passage in passages]
        vectors = remembered(shared_model(), [readable_start(text) for text in [*texts, *whole]])
        self._mean = vectors[: len(texts)].mean(axis=0)
        self._grams = Grams.fit([start(text) for text in texts])
        shown = np.array([[code in passage.signs for code in self.codes] for passage in passages], dtype=np.int8)
        in_pieces = np.stack([signs for _, signs in rows])
        # one after the other: the rows of all pieces take gigabytes while they are learnt from
        pieces_shown = separating(self._features(vectors[: len(texts)], texts), in_pieces, _BEND, _by_rarity(in_pieces))
        of_wholes = self._features(vectors[len(texts) :], whole)
        self._weights = {
            "piece": _turned(*pieces_shown),
            "whole": _turned(*separating(of_wholes, shown, _BEND, _by_rarity(shown))),
            "any": _turned(*separating(of_wholes, shown.any(axis=1, keepdims=True), _BEND_ANY)),
        }
        return self

    def read(self, message: Message) -> Scores:
        """Score a message that has an embedding."""
        text = message.get("text")
        spans, vectors = _pieces_of(message)
        texts = [text[first:last] for first, last in spans]
        features = self._features(np.vstack([*vectors, message.get(VECTOR)]), [*texts, text])
        whole = features[len(spans) :]
        return Scores(
            spans, self._score("piece", features[: len(spans)]), self._score("whole", whole)[0],
            float(self._score("any", whole)[0, 0]),
        )  # fmt: skip

    def pull(self, code: str, words: Sequence[str]) -> np.ndarray:
        """Return how much the letters of each word speak for a sign, to choose the words that show it."""
        weights = self._weights["piece"][0][len(self._mean) :, self.codes.index(code)]
        return np.asarray(self._grams.transform([start(word) for word in words]) @ weights)

    def save(self, folder: Path) -> None:
        """Write what was learnt."""
        self._grams.save(folder)
        (folder / "codes.json").write_text(json.dumps(self.codes), "utf-8")
        weights = {f"{name}_w": weights.T for name, (weights, _) in self._weights.items()}
        biases = {f"{name}_b": bias for name, (_, bias) in self._weights.items()}
        np.savez(folder / "signs.npz", mean=self._mean, **weights, **biases)

    @classmethod
    def load(cls, folder: Path) -> "SignReader":
        """Read what was learnt."""
        reader = cls(json.loads((folder / "codes.json").read_text("utf-8")))
        reader._grams = Grams.load(folder)
        arrays = np.load(folder / "signs.npz", allow_pickle=False)
        reader._mean = arrays["mean"]
        reader._weights = {name: _turned(arrays[f"{name}_w"], arrays[f"{name}_b"]) for name in READERS}
        return reader

    def _score(self, name: str, features: csr_matrix) -> np.ndarray:
        weights, biases = self._weights[name]
        return np.asarray(features @ weights + biases)

    def _features(self, vectors: np.ndarray, texts: Sequence[str]) -> csr_matrix:
        grams = self._grams.transform([start(text) for text in texts])
        return hstack([csr_matrix(centred(vectors, self._mean)), grams], dtype=np.float32).tocsr()

    def _rows_of(self, passage: Passage) -> List[Tuple[str, np.ndarray]]:
        """Return what the machines for pieces learn from: the pieces, and marked words that are lost in theirs."""
        found = pieces(passage.text)
        marked = [span for span in sorted(set(passage.signs.values())) if not _stands_out(span, found)]
        shown = {span: self._shown(passage, span) for span in [*found, *marked]}
        return [(passage.text[a:b], signs) for (a, b), signs in shown.items()]

    def _shown(self, passage: Passage, piece: Span) -> np.ndarray:
        shown = np.zeros(len(self.codes), dtype=np.int8)
        for code, span in passage.signs.items():
            share = (min(span[1], piece[1]) - max(span[0], piece[0])) / (span[1] - span[0])
            if share > _PARTLY:
                shown[self.codes.index(code)] = 1 if share >= _MOSTLY else -1
        return shown


def _turned(weights: np.ndarray, biases: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Turn weights once: a product with a turned view would copy megabytes for every message."""
    return np.ascontiguousarray(weights.T), biases


def _by_rarity(belongs: np.ndarray) -> np.ndarray:
    """Weigh what shows a sign the more, the fewer rows show it."""
    sizes = np.maximum((belongs == 1).sum(axis=0), 1)
    return np.asarray(_WEIGHT * np.median(sizes) / sizes)


def _stands_out(span: Span, found: Sequence[Span]) -> bool:
    return any(a <= span[0] and span[1] <= b and b - a <= _LOST * (span[1] - span[0]) for a, b in found)


def _pieces_of(message: Message) -> Tuple[List[Span], List[np.ndarray]]:
    """Cut and embed a message once for all readers."""
    known = message.get(PIECES)
    if known is None:
        text = message.get("text")
        spans = pieces(text)
        whole = message.get(VECTOR)
        others = [text[first:last] for first, last in spans if text[first:last].strip() != text.strip()]
        made = iter(shared_model().embed([readable_start(other) for other in others]) if others else [])
        known = spans, [next(made) if text[a:b].strip() != text.strip() else whole for a, b in spans]
        message.set(PIECES, known)
    return known
