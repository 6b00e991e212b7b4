"""Cuts text into the pieces that the sentence model knows: a unigram model, after SentencePiece (Kudo 2018)."""

import re
from array import array
from functools import lru_cache
from typing import Dict, List, Tuple

import numpy as np

_START = "\u2581"  # stands where a word begins
_UNKNOWN_COSTS = 10.0
"""How much less likely an unknown letter is than the least likely piece (SentencePiece, kUnkPenalty)."""


class WordPieces:
    """The likeliest pieces of each word. Words are remembered: people use the same ones."""

    def __init__(self, pieces: List[str], scores: np.ndarray, respelt: Dict[int, str], unknown: int) -> None:
        self._numbers = {word: number for number, word in enumerate(pieces) if number != unknown}
        self._scores = array("f", scores)
        self._longest = max(len(word) for word in self._numbers)
        self._respelt, self._unknown = respelt, unknown
        self._unknown_score = min(self._scores) - _UNKNOWN_COSTS
        self._cut = lru_cache(maxsize=20_000)(self._best)

    def numbers(self, text: str) -> List[int]:
        """Return the numbers of the pieces of a text."""
        spaced = re.sub(" {2,}", " ", text.translate(self._respelt))
        marked = spaced.replace(" ", _START)
        if not marked.startswith(_START):
            marked = _START + marked
        return [number for word in re.findall(f"{_START}[^{_START}]*", marked) for number in self._cut(word)]

    def _best(self, word: str) -> Tuple[int, ...]:
        """Return the likeliest pieces (Viterbi): for each end of a piece the best way there."""
        ways: List[Tuple[float, Tuple[int, ...]]] = [(0.0, ())]
        for end in range(1, len(word) + 1):
            best = ways[end - 1][0] + self._unknown_score, (*ways[end - 1][1], self._unknown)
            for start in range(max(0, end - self._longest), end):
                number = self._numbers.get(word[start:end])
                if number is not None and ways[start][0] + self._scores[number] > best[0]:
                    best = ways[start][0] + self._scores[number], (*ways[start][1], number)
            ways.append(best)
        return ways[-1][1]
