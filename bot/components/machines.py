"""Learning: one linear support vector machine a class, on all cores, and the examples that lie nearest to a message.

liblinear lets go of Python's lock while it learns, so threads are enough. Why these two: docs/decisions/0004.
"""

import hashlib
import os
import uuid
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Sequence, Tuple

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import LinearSVC

from components.places import cache_folder

_KEPT = 24  # files of learnt machines; two trainings of everything
_LIKENESS = 20.0  # how quickly the vote of a neighbour fades with its distance (cosine)
_AT_ONCE = 512  # messages; a table of all against all would take a gigabyte
_NO_VOTE = 1e-3  # the share of a class for which no neighbour votes


def separating(
    rows: csr_matrix,
    belongs: np.ndarray,
    bend: float,
    weight: float = 1.0,
) -> Tuple[np.ndarray, np.ndarray]:
    """Learn one machine for each column of `belongs`: weights (classes, features) and biases (classes).

    `belongs` is 1 where a row belongs to a class, 0 where not, -1 where it shall not be learnt from. `bend` is the C
    of the machines, `weight` how much more a row that belongs counts than one that does not.
    """

    # put in order once: each thread would do it again, in the memory of the others
    rows = csr_matrix(rows, dtype=np.float64)
    rows.sum_duplicates()
    kept = _kept(rows, belongs, bend, weight)
    if kept.exists():
        arrays = np.load(kept, allow_pickle=False)
        kept.touch()
        return arrays["weights"], arrays["biases"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
            learnt = list(threads.map(lambda column: _one(rows, column, bend, weight), belongs.T))
    weights, biases = np.stack([each for each, _ in learnt]), np.array([bias for _, bias in learnt], dtype=np.float32)
    _keep(kept, weights=weights, biases=biases)
    return weights, biases


def _one(rows: csr_matrix, truth: np.ndarray, bend: float, weight: float) -> Tuple[np.ndarray, float]:
    known = truth >= 0
    machine = LinearSVC(C=bend, tol=0.1, class_weight={0: 1.0, 1: weight}, random_state=0)
    # stopping early costs nothing that can be measured: cross-validated accuracy is the same to .001
    machine.fit(rows if known.all() else rows[known], truth[known])
    return machine.coef_[0].astype(np.float32), float(machine.intercept_[0])


def _kept(rows: csr_matrix, belongs: np.ndarray, bend: float, weight: float) -> Path:
    """Name the file for what is learnt from these very rows: an edit of one file leaves most machines as they were."""
    digest = hashlib.blake2b(f"{rows.shape} {belongs.shape} {bend} {weight}".encode(), digest_size=16)
    for array in (rows.data, rows.indices, rows.indptr, np.ascontiguousarray(belongs)):
        digest.update(array.tobytes())
    return cache_folder() / "machines" / f"{digest.hexdigest()}.npz"


def _keep(path: Path, **arrays: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{uuid.uuid4().hex}.part.npz")
    np.savez(partial, **arrays)
    partial.replace(path)
    files = sorted(path.parent.glob("*.npz"), key=lambda file: file.stat().st_mtime)
    for old in files[:-_KEPT]:
        old.unlink(missing_ok=True)


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


def softmax(margins: np.ndarray) -> np.ndarray:
    """Turn margins into shares that sum to 1."""
    powers = np.exp(margins - margins.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
