"""A small model that tells languages in Latin letters apart, native or romanised."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping

from core.folding import fold
from core.scripts import script

NGRAMS = (1, 2, 3, 4, 5)


class LatinModel:
    """Naive Bayes over character n-grams, for languages written in Latin letters, native or romanised."""

    def __init__(self, counts: Mapping[str, Mapping[str, int]]) -> None:
        self._counts = counts
        self._languages = list(counts)
        self._gains: dict[str, list[tuple[int, float]]] = {}
        """For each n-gram the languages that know it, by number, and what it adds to them: most are in few."""
        for number, table in enumerate(counts.values()):
            for gram, count in table.items():
                self._gains.setdefault(gram, []).append((number, math.log(count + 1)))
        vocabulary = len(self._gains)
        self._unseen = [-math.log(sum(table.values()) + vocabulary) for table in counts.values()]

    @classmethod
    def train(cls, lines: Iterable[tuple[str, str]]) -> "LatinModel":
        """Train on (language, text). Texts that are not in Latin letters are left out."""
        counts: dict[str, Counter[str]] = {}
        for language, text in lines:
            if script(text) == "Latn":
                counts.setdefault(language, Counter()).update(_grams(text))
        return cls(counts)

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """How often each n-gram was seen in each language, without those seen once: what is worth keeping."""
        return {language: {gram: n for gram, n in table.items() if n > 1} for language, table in self._counts.items()}

    def guess(self, text: str) -> tuple[str, float]:
        """Return the likeliest language and its share (0 to 1). Raise ValueError when the model knows no language."""
        grams = _grams(text)
        scores = [len(grams) * unseen for unseen in self._unseen]
        for gram in grams:
            for number, gain in self._gains.get(gram, ()):
                scores[number] += gain
        most = max(scores)
        # n-grams of one text overlap, so their evidence is worth about one letter in NGRAMS each
        share = sum(math.exp((score - most) / len(NGRAMS)) for score in scores)
        return self._languages[scores.index(most)], 1 / share


def _grams(text: str) -> list[str]:
    padded = f" {fold(text)} "
    return [padded[i : i + size] for size in NGRAMS for i in range(len(padded) - size + 1)]
