"""Learning: one linear support vector machine a class, on all cores, and the examples that lie nearest to a message.

liblinear lets go of Python's lock while it learns, so threads are enough. Why these two: docs/decisions/0004.
"""

import hashlib
import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Optional, Sequence, Tuple

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import LinearSVC

from components.kept import kept

_LIKENESS = 20.0  # how quickly the vote of a neighbour fades with its distance (cosine)
_AT_ONCE = 512  # messages; a table of all against all would take a gigabyte
_LEAST, _MOST = 0.38, 0.5  # likeness; a handful of examples, or of copies, says little about what people write
_NO_VOTE = 1e-3  # the share of a class for which no neighbour votes


def separating(
    rows: csr_matrix,
    belongs: np.ndarray,
    bend: float,
    weights: Optional[np.ndarray] = None,
) -> Tuple[np.ndarray, np.ndarray]:
    """Learn one machine for each column of `belongs`: weights (classes, features) and biases (classes).

    `belongs` is 1 where a row belongs to a class, 0 where not, -1 where it shall not be learnt from. `bend` is the C
    of the machines, `weights` (classes) how much more a row that belongs counts than one that does not.
    """
    weights = np.ones(belongs.shape[1]) if weights is None else weights
    # put in order once: each thread would do it again, in the memory of the others
    rows = csr_matrix(rows, dtype=np.float64)
    rows.sum_duplicates()
    learnt = kept(_key(rows, belongs, bend, weights), lambda folder: _learn(rows, belongs, bend, weights, folder))
    arrays = np.load(learnt / "machines.npz", allow_pickle=False)
    return arrays["weights"], arrays["biases"]


def _learn(rows: csr_matrix, belongs: np.ndarray, bend: float, weights: np.ndarray, folder: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
            learnt = list(threads.map(lambda column, weight: _one(rows, column, bend, weight), belongs.T, weights))
    biases = np.array([bias for _, bias in learnt], dtype=np.float32)
    np.savez(folder / "machines.npz", weights=np.stack([each for each, _ in learnt]), biases=biases)


def _one(rows: csr_matrix, truth: np.ndarray, bend: float, weight: float) -> Tuple[np.ndarray, float]:
    machine = LinearSVC(C=bend, tol=0.1, class_weight={0: 1.0, 1: weight}, random_state=0)
    # stopping early costs nothing that can be measured: cross-validated accuracy is the same to .001
    # a weight of 0 leaves a row out without another copy of all rows, which take half a gigabyte
    machine.fit(rows, np.maximum(truth, 0), sample_weight=(truth >= 0).astype(float))
    return machine.coef_[0].astype(np.float32), float(machine.intercept_[0])


def _key(rows: csr_matrix, belongs: np.ndarray, bend: float, weights: np.ndarray) -> "hashlib._Hash":
    """Name these very rows: an edit of one file leaves most machines as they were."""
    digest = hashlib.sha256(f"{rows.shape} {belongs.shape} {bend} {weights.tolist()}".encode())
    for array in (rows.data, rows.indices, rows.indptr, np.ascontiguousarray(belongs)):
        digest.update(array.tobytes())
    return digest


def one_hot(labels: Sequence[str], classes: Sequence[str]) -> np.ndarray:
    """Return the table (labels, classes) of what belongs to what."""
    places = {name: place for place, name in enumerate(classes)}
    table = np.zeros((len(labels), len(classes)), dtype=np.int8)
    table[np.arange(len(labels)), [places[label] for label in labels]] = 1
    return table


def votes(dense: np.ndarray, examples: np.ndarray, belongs: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Let the examples vote for their class, the nearer the louder.

    Returns the logarithm of each class's share (messages, classes) and the likeness (cosine) to the nearest example.
    """
    shares, nearest = [], []
    for start in range(0, len(dense), _AT_ONCE):
        likeness = dense[start : start + _AT_ONCE] @ examples.T
        most = likeness.max(axis=1)
        loud = np.exp((likeness - most[:, np.newaxis]) * _LIKENESS) @ belongs.astype(np.float32, copy=False)
        shares.append(np.log(loud / loud.sum(axis=1, keepdims=True) + _NO_VOTE))
        nearest.append(most)
    return np.concatenate(shares), np.concatenate(nearest)


def usual_likeness(dense: np.ndarray, far: float) -> float:
    """Return the likeness (cosine) that all but a share of the examples have to the nearest other one."""
    some = np.linspace(0, len(dense) - 1, min(len(dense), _AT_ONCE * 4)).astype(int)
    likeness = dense[some] @ dense.T
    likeness[np.arange(len(some)), some] = -1.0
    return float(np.clip(np.quantile(likeness.max(axis=1), far), _LEAST, _MOST))


def softmax(margins: np.ndarray) -> np.ndarray:
    """Turn margins into shares that sum to 1."""
    powers = np.exp(margins - margins.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
