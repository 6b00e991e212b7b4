"""Looking an agency up in an official list, by licence number or by a name in any script and spelling.

A name is compared in Latin letters without the words that most agencies share. Only an equal licence number or an all
but equal name counts as found; what is merely similar is asked back ("did you mean"), for a wrong "it is licensed" is
worse than a question.
"""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

from anyascii import anyascii
from rapidfuzz import fuzz, process

from core.errors import ConfigError

Status = Literal["valid", "expired", "suspended"]
COLUMNS = ("name", "licence", "status", "valid_until", "source_url", "checked_on")
STATUSES = ("", "valid", "expired", "suspended")
SAME, SIMILAR = 96, 72
"""Likeness of names, of 100: at least this is the same, at least that is asked back."""
MOST_CANDIDATES = 3
COMMON = frozenset(
    "pvt private ltd limited co company corp corporation inc llc the and of manpower overseas recruitment recruiting "
    "recruiter agency agent employment services service international enterprise enterprises placement consultancy "
    "consultants foreign job jobs sdn bhd pt cv est".split()
)
NUMBER = re.compile(r"[^0-9a-z]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """An entry of an official list."""

    name: str
    licence: str
    status: str
    """As in the list: valid, expired or suspended; empty where the list does not say."""
    valid_until: str
    """ISO date; empty where the list does not say."""
    checked_on: str

    def state(self, today: date) -> Status | None:
        """Return what the list says for today; None when it says neither a state nor a date."""
        if self.status == "suspended":
            return "suspended"
        if self.status == "expired" or (self.valid_until and self.valid_until < today.isoformat()):
            return "expired"
        return "valid" if self.valid_until else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The result of looking an agency up: the entry, or some that it might be, or neither."""

    agency: Agency | None = None
    candidates: tuple[Agency, ...] = ()


@dataclass(frozen=True, slots=True)
class AgencyList:
    """The list of one country."""

    agencies: tuple[Agency, ...]
    _names: tuple[str, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_names", tuple(plain_name(row.name) for row in self.agencies))

    @property
    def checked_on(self) -> str:
        """Return the day of the list."""
        return max(row.checked_on for row in self.agencies)

    def find(self, text: str) -> Found:
        """Look up what a person wrote: a licence number, a name, or both."""
        by_number = self._by_number(text)
        if by_number:
            return Found(agency=by_number)
        ranked = process.extract(plain_name(text), self._names, scorer=_likeness, limit=MOST_CANDIDATES)
        if not ranked or not plain_name(text):
            return Found()
        same = [index for _, score, index in ranked if score >= SAME]
        if len(same) == 1:
            return Found(agency=self.agencies[same[0]])
        return Found(candidates=tuple(self.agencies[index] for _, score, index in ranked if score >= SIMILAR))

    def _by_number(self, text: str) -> Agency | None:
        wanted = {plain_number(word) for word in (text, *text.split())}
        hits = [row for row in self.agencies if row.licence and plain_number(row.licence) in wanted]
        return hits[0] if len(hits) == 1 else None


def plain_number(text: str) -> str:
    """Return a licence number without separators, in small Latin letters and Western digits."""
    return NUMBER.sub("", anyascii(text).lower())


def plain_name(text: str) -> str:
    """Return a name as Latin words without those that most agencies share; all words where nothing else is left."""
    words = re.findall(r"[a-z0-9]+", anyascii(text).lower())
    return " ".join([word for word in words if word not in COMMON] or words)


def _likeness(one: str, other: str, **_: object) -> float:
    # vowels are what romanised spellings differ in, so consonants alone count as well, but never as the same
    return max(fuzz.token_sort_ratio(one, other), fuzz.token_sort_ratio(_bones(one), _bones(other)) - 6)


def _bones(name: str) -> str:
    return " ".join(word[0] + re.sub(r"[aeiouyh]|(.)(?=\1)", "", word[1:]) for word in name.split())


def read_list(path: Path) -> AgencyList:
    """Read an imported list. Raise ConfigError naming the row that cannot be read."""
    with path.open(encoding="utf-8", newline="") as file:
        return AgencyList(tuple(agencies(csv.DictReader(file), path.name)))


def agencies(rows: Iterable[dict[str, str]], source: str) -> Iterable[Agency]:
    """Return the rows of an imported list."""
    for number, row in enumerate(rows, start=2):
        try:
            if not row["name"].strip() or row["status"] not in STATUSES:
                raise ValueError("name or status")
            date.fromisoformat(row["valid_until"] or row["checked_on"])
            yield Agency(**{name: row[name].strip() for name in COLUMNS if name != "source_url"})
        except (KeyError, ValueError, AttributeError) as error:
            raise ConfigError(f"{source}, line {number}: {error}") from error


def load(folder: Path) -> dict[str, AgencyList]:
    """Read data/knowledge/registers/<country>.csv of every country that has one."""
    return {path.stem: read_list(path) for path in sorted(folder.glob("??.csv"))}
