"""Learning: one linear support vector machine a class, on all cores, and the examples that lie nearest to a message.

liblinear lets go of Python's lock while it learns, so threads are enough. Why these two: docs/decisions/0004.
"""

import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, Optional, Sequence, Tuple

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import LinearSVC

_LIKENESS = 20.0  # how quickly the vote of a neighbour fades with its distance (cosine)
_AT_ONCE = 512  # messages; a table of all against all would take a gigabyte
_NO_VOTE = 1e-3  # the share of a class for which no neighbour votes


def separating(
    rows: csr_matrix,
    belongs: np.ndarray,
    bend: float,
    weight: float = 1.0,
    step: Optional[Callable[[], None]] = None,
) -> Tuple[np.ndarray, np.ndarray]:
    """Learn one machine for each column of `belongs`: weights (classes, features) and biases (classes).

    `belongs` is 1 where a row belongs to a class, 0 where not, -1 where it shall not be learnt from. `bend` is the C
    of the machines, `weight` how much more a row that belongs counts than one that does not.
    """

    def one(column: int) -> Tuple[np.ndarray, float]:
        truth = belongs[:, column]
        known = truth >= 0
        machine = LinearSVC(C=bend, tol=0.1, class_weight={0: 1.0, 1: weight}, random_state=0)
        # stopping early costs nothing that can be measured: cross-validated accuracy is the same to .001
        machine.fit(rows if known.all() else rows[known], truth[known])
        if step:
            step()
        return machine.coef_[0].astype(np.float32), float(machine.intercept_[0])

    # put in order once: each thread would do it again, in the memory of the others
    rows = csr_matrix(rows, dtype=np.float64)
    rows.sum_duplicates()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
            learnt = list(threads.map(one, range(belongs.shape[1])))
    return np.stack([weights for weights, _ in learnt]), np.array([bias for _, bias in learnt], dtype=np.float32)


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
