"""The learnt half of the danger check in the gateway: it hears what no phrase says.

It reads words and letters, needs neither Rasa nor a numerical library, and is learnt in a quarter of a minute from
messages of people in danger and from what only sounds like them (docs/decisions/0007).
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from core import linear
from core.crypto import new_id
from core.examples import EXAMPLES, examples_of
from core.files import read_yaml
from core.folding import tokens
from core.linear import Groups, Machine, Row

MAY_TELL = frozenset(
    "talk_to_human irregular_route under_age housing_food injury_health harassment arrest_detention report_abuse "
    "victim_support what_is_trafficking crisis describe_situation".split()
)
"""Intents whose examples may tell of an emergency, so they do not show what none looks like."""
MAY_MEAN_DANGER = frozenset(
    "irregular_route under_age forced_marriage organ_sale vulnerability_abused movement_restricted isolated violence "
    "threats bad_conditions forced_crime sexual_exploitation sold_on".split()
)
"""Red flags whose passages may tell of an emergency."""
ONE_IN = 4
"""Of the examples of intents is enough, """
WORRY = "missing_relative"
"""but all of these are needed: a sister who does not pick up is near to one who is locked in."""
BEND, BEND_CODES = 0.5, 0.3
VERSION = b"2"
"""Of what is kept; change it when folding or learning changes."""
KEPT = 3
"""Files of earlier lists: a rolling restart asks for the last ones again."""


@dataclass(frozen=True, slots=True)
class DangerReader:
    """Tells how much a message sounds like danger, and which."""

    groups: Groups
    any_danger: Machine
    codes: dict[str, Machine]

    def row(self, words: Sequence[str]) -> Row:
        """Return what is read of folded words."""
        return self.groups.row(words)

    def score(self, words: Sequence[str]) -> float:
        """Return how much folded words sound like danger: about 1 when they do, about -1 when they do not."""
        return self.any_danger.score(self.row(words))

    def code(self, words: Sequence[str]) -> str:
        """Return the likeliest code of a danger that is told in folded words."""
        row = self.row(words)
        return max(self.codes, key=lambda code: self.codes[code].score(row))


def load(data: Path, cache: Path) -> DangerReader:
    """Read what was learnt from data/<language>/, or learn it and keep it in the cache folder."""
    kept = cache / f"danger-{_digest(data)}.bin"
    if kept.exists():
        # a file that is cut off or of another kind is learnt anew
        with suppress(EOFError, OSError, ValueError):
            return _read(kept)
    reader = learn(list(messages(data)))
    cache.mkdir(parents=True, exist_ok=True)
    partial = cache / f"{kept.name}.{new_id()}"
    _write(reader, partial)
    partial.replace(kept)
    for old in sorted(cache.glob("danger-*.bin"), key=lambda path: path.stat().st_mtime)[:-KEPT]:
        old.unlink(missing_ok=True)
    return reader


def messages(data: Path) -> Iterator[tuple[str, str | None]]:
    """Yield (message, danger code or None) of every language."""
    for path in sorted(data.glob("*/danger.yml")):
        for code, rows in read_yaml(path).items():
            yield from ((str(text), code) for kind in ("fires", "told") for text in rows.get(kind) or ())
            yield from ((str(text), None) for kind in ("quiet", "harmless") for text in rows.get(kind) or ())
    for path in sorted(data.glob("*/red_flags.yml")):
        content = read_yaml(path)
        yield from ((text, None) for text in content.get("unflagged") or ())
        flagged = content.get("flagged") or ()
        yield from ((row["text"], None) for row in flagged if MAY_MEAN_DANGER.isdisjoint(row["flags"]))
    for path in sorted(data.glob(f"*/{EXAMPLES}")):
        for intent, text in examples_of(path):
            if intent == WORRY or (intent not in MAY_TELL and crc32(text.encode()) % ONE_IN == 0):
                yield text, None


def learn(told: Sequence[tuple[str, str | None]]) -> DangerReader:
    """Learn from (message, danger code or None)."""
    groups, rows = Groups.fit([token.word for token in tokens(text)] for text, _ in told)
    found = [code for _, code in told]
    any_danger = linear.learn(rows, [code is not None for code in found], BEND)
    dangers = [(row, code) for row, code in zip(rows, found, strict=True) if code is not None]
    alone = [row for row, _ in dangers]
    codes = {
        name: linear.learn(alone, [code == name for _, code in dangers], BEND_CODES)
        for name in sorted({code for _, code in dangers})
    }
    return DangerReader(groups, any_danger, codes)


def _digest(data: Path) -> str:
    content = hashlib.sha256(VERSION)
    for name in ("danger.yml", "red_flags.yml", EXAMPLES):
        for path in sorted(data.glob(f"*/{name}")):
            content.update(f"{path.parent.name}/{name}\0".encode() + path.read_bytes())
    return content.hexdigest()[:16]


def _write(reader: DangerReader, path: Path) -> None:
    with path.open("wb") as file:
        file.write(" ".join(reader.codes).encode() + b"\n")
        reader.groups.save(file)
        for machine in (reader.any_danger, *reader.codes.values()):
            machine.save(file)


def _read(path: Path) -> DangerReader:
    with path.open("rb") as file:
        codes = file.readline(200).decode().split()
        groups, any_danger = Groups.load(file), Machine.load(file)
        return DangerReader(groups, any_danger, {code: Machine.load(file) for code in codes})
