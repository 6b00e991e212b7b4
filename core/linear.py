"""Machines that tell kinds of messages apart by their words and letters, learnt and asked in plain Python.

The gateway has no numerical library. Support vector machines with squared hinge loss are learnt by dual coordinate
descent (Hsieh et al., ICML 2008, algorithm 1: what liblinear does): 30,000 messages in a quarter of a minute, one read
in 0.2 ms. Groups are hashed, so what is kept has a fixed size and no words in it.
"""

import math
import random
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import mul
from typing import BinaryIO
from zlib import crc32

BITS = 20
LETTERS = range(2, 6)
"""Sizes of the groups of letters, within words; a word begins and ends with a space."""
ROUNDS = 10
STEP = 1e-3
"""A smaller step of a weight is not worth taking."""


@dataclass(frozen=True, slots=True)
class Row:
    """The groups of a message: their places, and how much each weighs. Words and letters have the length 1 each."""

    places: Sequence[int]
    values: Sequence[float]


class Groups:
    """Turns folded words into rows: words, pairs of neighbours and letter groups, the rarer the heavier (TF-IDF)."""

    def __init__(self, rarity: "array[float]") -> None:
        self._rarity = rarity

    @classmethod
    def fit(cls, texts: Iterable[Sequence[str]]) -> tuple["Groups", list[Row]]:
        """Learn how rare each group is; return the rows of the texts, too."""
        found = [_groups(words) for words in texts]
        seen = Counter(place for groups in found for part in groups for place in part)
        rarity = array("f", bytes(4 << BITS))
        for place, times in seen.items():
            if times > 1:  # what stands in one text only says nothing about the next
                rarity[place] = 1 + math.log((1 + len(found)) / (1 + times))
        groups = cls(rarity)
        return groups, [groups._row(each) for each in found]

    def row(self, words: Sequence[str]) -> Row:
        """Return the row of a text; places that weigh nothing are left out."""
        return self._row(_groups(words))

    def _row(self, groups: Iterable[Iterable[int]]) -> Row:
        places: list[int] = []
        values: list[float] = []
        for part in groups:
            known = [(place, weight) for place in part if (weight := self._rarity[place])]
            length = math.sqrt(sum(weight * weight for _, weight in known)) or 1.0
            places += [place for place, _ in known]
            values += [weight / length for _, weight in known]
        return Row(places, array("f", values))

    def save(self, file: BinaryIO) -> None:
        """Write what was learnt."""
        self._rarity.tofile(file)

    @classmethod
    def load(cls, file: BinaryIO) -> "Groups":
        """Read what was learnt. Raise EOFError when the file is cut off."""
        return cls(_floats(file, 1 << BITS))


@dataclass(slots=True)
class Machine:
    """A line between rows that belong and rows that do not."""

    weights: "array[float]"
    bias: float = 0.0

    def score(self, row: Row) -> float:
        """Return how far a row lies on the side of those that belong; those learnt from lie beyond 1 or -1."""
        total: float = sum(map(mul, map(self.weights.__getitem__, row.places), row.values), self.bias)
        return total

    def save(self, file: BinaryIO) -> None:
        """Write what was learnt."""
        array("f", [self.bias]).tofile(file)
        self.weights.tofile(file)

    @classmethod
    def load(cls, file: BinaryIO) -> "Machine":
        """Read what was learnt. Raise EOFError when the file is cut off."""
        bias = _floats(file, 1)[0]
        return cls(_floats(file, 1 << BITS), bias)


def learn(rows: Sequence[Row], belongs: Sequence[bool], bend: float) -> Machine:
    """Learn to tell the rows that belong from the others. `bend` is the C of the machine."""
    machine = Machine(array("f", bytes(4 << BITS)))
    weights = machine.weights
    pulls = [0.0] * len(rows)
    ease = 0.5 / bend
    sizes = [sum(value * value for value in row.values) + 1 + ease for row in rows]
    order = list(range(len(rows)))
    dice = random.Random(0)  # noqa: S311 (the same order each time, so that the same data make the same machine)
    for _ in range(ROUNDS):
        dice.shuffle(order)
        for place in order:
            row, sign, pull = rows[place], 1 if belongs[place] else -1, pulls[place]
            lack = sign * machine.score(row) - 1 + ease * pull
            step = max(pull - lack / sizes[place], 0.0) - pull
            if abs(step) > STEP:
                pulls[place] = pull + step
                step *= sign
                machine.bias += step
                for group, value in zip(row.places, row.values, strict=True):
                    weights[group] += step * value
    return machine


def _groups(words: Sequence[str]) -> tuple["array[int]", "array[int]"]:
    """Return the places of the words and pairs of a text, and those of its groups of letters."""
    whole = {*words, *(f"{first} {second}" for first, second in pairwise(words))}
    letters = {f"_{group}" for word in set(words) for group in _letters(f" {word} ")}
    return _places(whole), _places(letters)


def _letters(word: str) -> Iterable[str]:
    for size in LETTERS:
        if size >= len(word):
            yield word
            return
        yield from (word[start : start + size] for start in range(len(word) - size + 1))


def _places(groups: Iterable[str]) -> "array[int]":
    # sorted, because sets of words are in another order in each process, and so would be the sums
    return array("I", sorted({crc32(group.encode("utf-8", "surrogatepass")) & ((1 << BITS) - 1) for group in groups}))


def _floats(file: BinaryIO, count: int) -> "array[float]":
    read = file.read(4 * count)
    if len(read) < 4 * count:
        raise EOFError
    return array("f", read)
