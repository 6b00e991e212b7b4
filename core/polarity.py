"""Yes or no, from the first or the last word of an answer: "no tengo ...", "licence number छैन"."""

from collections.abc import Mapping
from pathlib import Path

from core.examples import examples_of
from core.folding import tokens

MEANINGS = ("affirm", "deny")


class Polarity:
    """Tells yes from no by the words that mean nothing else."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = words

    def of(self, text: str) -> str | None:
        """Return "affirm", "deny" or None. The first word decides, then the last."""
        words = [token.word for token in tokens(text)]
        ends = (words[0], words[-1]) if words else ()
        return next((self._words[word] for word in ends if word in self._words), None)


def load(data: Path) -> Polarity:
    """Learn from the one-word examples of the intents affirm and deny in data/<language>/nlu.yml."""
    meanings: dict[str, set[str]] = {}
    for path in sorted(data.glob("*/nlu.yml")):
        for intent, example in examples_of(path):
            words = tokens(example)
            if intent in MEANINGS and len(words) == 1:
                meanings.setdefault(words[0].word, set()).add(intent)
    return Polarity({word: meant.pop() for word, meant in meanings.items() if len(meant) == 1})
