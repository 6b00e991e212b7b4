"""Which features and which head understand intents best: one fifth of our own examples held out, first and third guess.

Runs in the assistant's environment: `bot/.venv/bin/python bench/heads.py`. The examples are those that the assistant
learns from: the figures compare heads, they do not say what strangers' messages will get (bench/understanding.py does).
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "bot"))
os.chdir(ROOT / "bot")

from absent import leave_out_tensorflow  # noqa: E402

leave_out_tensorflow()

import numpy as np  # noqa: E402
import yaml  # noqa: E402
from components.embedding import centred, readable_start, remembered, shared_model  # noqa: E402
from components.machines import one_hot, separating, votes  # noqa: E402
from components.ngrams import Grams, start  # noqa: E402
from scipy.sparse import csr_matrix, hstack  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402

NEIGHBOURS, DENSE = 0.1, 1.0  # as in components/classifier.py


def read() -> "tuple[list[str], list[str]]":
    """Read every example with its intent."""
    rows = []
    for path in sorted((ROOT / "data").glob("*/nlu.yml")):
        for block in yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)["nlu"]:
            lines = [line[2:].strip() for line in block["examples"].splitlines() if line.startswith("- ")]
            rows += [(line, block["intent"]) for line in lines]
    texts, intents = zip(*rows, strict=True)
    return list(texts), list(intents)


class Split:
    """Features of the assistant, learnt from four fifths."""

    def __init__(self) -> None:
        texts, intents = read()
        self.held = np.random.RandomState(0).rand(len(texts)) < 0.2
        self.learn = ~self.held
        vectors = remembered(shared_model(), [readable_start(text) for text in texts])
        self.dense = centred(vectors, vectors[self.learn].mean(axis=0))
        folded = [start(text) for text in texts]
        grams = Grams.fit([folded[place] for place in np.flatnonzero(self.learn)])
        self.grams = grams.transform(folded)
        self.both = hstack([csr_matrix(self.dense * DENSE), self.grams]).tocsr()
        self.belongs = one_hot(intents, sorted(set(intents)))

    def machines(self, rows: csr_matrix) -> np.ndarray:
        """Score what is held out by support vector machines."""
        weights, bias = separating(rows[self.learn], self.belongs[self.learn], 0.3)
        return np.asarray(rows[self.held] @ weights.T + bias)

    def logistic(self) -> np.ndarray:
        """Score by logistic regression over the embeddings."""
        head = LogisticRegression(C=10, max_iter=200, tol=1e-2)
        return head.fit(self.dense[self.learn], self.belongs[self.learn].argmax(axis=1)).decision_function(
            self.dense[self.held]
        )

    def nearest(self) -> np.ndarray:
        """Score by the votes of near examples."""
        return votes(self.dense[self.held], self.dense[self.learn], self.belongs[self.learn])[0]


def main() -> None:
    """Print one row for each head."""
    split = Split()
    heads: dict[str, Callable[[], np.ndarray]] = {
        "letter n-grams, SVM": lambda: split.machines(split.grams),
        "embeddings, SVM": lambda: split.machines(csr_matrix(split.dense)),
        "embeddings, logistic regression": split.logistic,
        "embeddings, nearest examples": split.nearest,
        "both, SVM": lambda: split.machines(split.both),
        "both, SVM, and nearest examples": lambda: split.machines(split.both) + NEIGHBOURS * split.nearest(),
    }
    truth = split.belongs[split.held].argmax(axis=1)
    print(f"{len(split.held)} examples\n{'head':36}{'first':>8}{'top 3':>8}{'seconds':>9}")
    for name, head in heads.items():
        began = time.monotonic()
        best: list[np.ndarray] = np.argsort(-head(), axis=1)[:, :3]
        first, third = (best[:, 0] == truth).mean(), (best == truth[:, np.newaxis]).any(axis=1).mean()
        print(f"{name:36}{first:>8.3f}{third:>8.3f}{time.monotonic() - began:>9.1f}", flush=True)


if __name__ == "__main__":
    main()
