"""How much there is to learn from and how varied it is: `python -m ops.variety`; `check` fails when it is too little.

Examples that differ in one word only are near-duplicates: they are what templates filled with lists of words look like,
and they teach nothing. Limits and reasons: docs/formats.md.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from core.config import ROOT
from core.examples import examples_of
from core.files import read_yaml
from core.folding import fold
from core.languages import LANGUAGES
from core.scripts import script
from ops.content import DATA, FLAGS, INTENTS, UNSEEN

EXAMPLES, PASSAGES, UNFLAGGED, MESSAGES = 20, 12, 120, 60
"""The least of an intent, of a flag, of passages without flags, of unseen messages, in each language."""
ROMANISED = {"hi": 10, "ur": 10, "bn": 10, "ne": 10, "ar": 6, "am": 6}
"""The least of an intent in Latin letters."""
SHORTEST = 4
"""Words: shorter examples ("yes", "stop now") are alike by nature."""
DISTINCT, WITHIN, ACROSS, FAMILY = 0.6, 0.02, 0.01, 4
"""The least share of word pairs that are distinct; the largest shares of near-duplicates within an intent and across
intents; the most examples that are one sentence with another word in one place."""


@dataclass(frozen=True, slots=True)
class Variety:
    """Figures of one language."""

    examples: int
    distinct: float
    within: float
    across: float
    family: int
    long: float


def variety(examples: Sequence[tuple[str, str]]) -> Variety:
    """Measure (intent, example) pairs."""
    words = [(intent, tuple(fold(text).split())) for intent, text in examples]
    pairs = [pair for _, row in words for pair in pairwise(row)]
    families: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, (_, row) in enumerate(words):
        if len(row) >= SHORTEST:
            for pattern in _patterns(row):
                families[pattern].append(place)
    near = [set(places) for places in families.values() if len(set(places)) > 1]
    within, across = set(), set()
    for places in near:
        for intent, count in Counter(words[place][0] for place in places).items():
            if count > 1:
                within |= {place for place in places if words[place][0] == intent}
        if len({words[place][0] for place in places}) > 1:
            across |= places
    total = len(words) or 1
    return Variety(
        examples=len(words),
        distinct=len(set(pairs)) / (len(pairs) or 1),
        within=len(within) / total,
        across=len(across) / total,
        family=max(map(len, near), default=1),
        long=sum(len(row) > 15 for _, row in words) / total,
    )


def _patterns(row: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield what is left when each word in turn is left out or left open."""
    for place in range(len(row)):
        yield (*row[:place], "*", *row[place + 1 :])


def shortages(language: str, examples: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Say what a language has too little of."""
    counts = Counter(intent for intent, _ in examples)
    latin = Counter(intent for intent, text in examples if script(text) == "Latn")
    for intent in sorted(INTENTS):
        if counts[intent] < EXAMPLES:
            yield f"{intent}: {counts[intent]} examples, not {EXAMPLES}"
        if latin[intent] < ROMANISED.get(language, 0):
            yield f"{intent}: {latin[intent]} examples in Latin letters, not {ROMANISED[language]}"
    yield from _few_passages(DATA / language / "red_flags.yml")
    unseen = UNSEEN / f"{language}.yml"
    rows = sum(len(part) for part in read_yaml(unseen).values()) if unseen.exists() else 0
    if rows < MESSAGES:
        yield f"tests/understanding: {rows} messages, not {MESSAGES}"


def _few_passages(path: Path) -> Iterator[str]:
    content: Mapping[str, Sequence[Mapping[str, Mapping[str, str]]]] = read_yaml(path) if path.exists() else {}
    marks = Counter(code for row in content.get("flagged") or () for code in row["flags"])
    yield from (f"{flag}: {marks[flag]} passages, not {PASSAGES}" for flag in sorted(FLAGS) if marks[flag] < PASSAGES)
    if len(content.get("unflagged") or ()) < UNFLAGGED:
        yield f"{len(content.get('unflagged') or ())} passages without flags, not {UNFLAGGED}"


def sameness(found: Variety) -> Iterator[str]:
    """Say where a language's examples are too much alike."""
    if found.distinct < DISTINCT:
        yield f"only {found.distinct:.2f} of the word pairs are distinct, not {DISTINCT}"
    if found.within > WITHIN:
        yield f"{found.within:.3f} of the examples differ from another of their intent in one word, not {WITHIN}"
    if found.across > ACROSS:
        yield f"{found.across:.3f} of the examples differ from one of another intent in one word, not {ACROSS}"
    if found.family > FAMILY:
        yield f"{found.family} examples are one sentence with another word in one place, not {FAMILY}"


def main(arguments: Sequence[str]) -> int:
    """Print the table, or only what is too little."""
    problems = []
    table = [f"{'':4}{'examples':>9}{'distinct':>10}{'within':>8}{'across':>8}{'family':>8}{'long':>7}"]
    for language in LANGUAGES:
        path = DATA / language / "nlu.yml"
        examples = list(examples_of(path)) if path.exists() else []
        found = variety(examples)
        table.append(
            f"{language:4}{found.examples:>9}{found.distinct:>10.2f}{found.within:>8.3f}{found.across:>8.3f}"
            f"{found.family:>8}{found.long:>7.2f}"
        )
        folder = (DATA / language).relative_to(ROOT)
        problems += [f"{folder}: {what}" for what in (*shortages(language, examples), *sameness(found))]
    lines = problems if arguments == ["check"] else [*table, *problems]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
