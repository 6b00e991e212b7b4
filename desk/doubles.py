"""Names and addresses that look like another one: one that we know, or one of the same talk (R53).

Two are compared by what they look like (their skeletons), and are another's double when they are not the same word in
another spelling. Of addresses every likeness counts, "arnana.org" and "amana.org" too. Two words of a talk must also
differ in their script, or in single signs such as 1 and l, for "modern" and "modem" are ordinary words; and how Arabic
or Devanagari is spelt differs from keyboard to keyboard.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate, chain
from pathlib import Path
from urllib.parse import urlsplit

import regex

from core import register
from core.config import Settings
from core.folding import fold, fold_word
from desk.likeness import PIECE, Suspect, scripts, suspects
from desk.skeletons import skeleton

SHORTEST_NAME, SHORTEST_WORD = 5, 4
"""Letters: of a known name, of a word of a talk. Shorter ones are alike by chance."""
MOST_WORDS = 6
"""Of a name, as far as it is looked at."""
OFTEN_IMITATED = (
    "facebook.com", "whatsapp.com", "telegram.org", "instagram.com", "tiktok.com", "youtube.com", "google.com",
    "gmail.com", "linkedin.com", "indeed.com", "paypal.com", "westernunion.com", "moneygram.com", "iom.int", "ilo.org",
)  # fmt: skip
TABLES = ("registers", "hotlines")
"""Tables of our knowledge whose addresses people are sent to."""
_ADDRESS = regex.compile(r"https?://([\w.-]+\w)")
_LETTER = regex.compile(r"\p{L}")
Looks = Mapping[str, tuple[str, ...]]
"""What has a certain look, by the look."""


@dataclass(frozen=True, slots=True)
class Known:
    """Names and addresses that another one may look like."""

    names: Looks = field(default_factory=dict)
    hosts: Looks = field(default_factory=dict)
    firsts: frozenset[str] = frozenset()
    """Looks of the first words of the names, so that most words need no further look."""

    def __or__(self, more: "Known") -> "Known":
        """Return both."""
        names, hosts = {**self.names, **more.names}, {**self.hosts, **more.hosts}
        return Known(names, hosts, self.firsts | more.firsts)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a text may imitate: names that are known to be real, and the other words of its talk."""

    sure: Known = field(default_factory=Known)
    talk: Known = field(default_factory=Known)


NOTHING = Surroundings()


def marks(text: str, around: Surroundings) -> list[Suspect]:
    """Return all places of a text that may not be what they look like, in order; none overlaps another."""
    found: list[Suspect] = []
    for one in sorted(chain(suspects(text), doubles(text, around)), key=lambda place: (place.start, -place.end)):
        last = found[-1] if found else None
        if last and one.start < last.end:
            found[-1] = Suspect(last.start, max(last.end, one.end), f"{last.why}; {one.why}")
        else:
            found.append(one)
    return found


def of_service(settings: Settings, knowledge: Path) -> Known:
    """Return what this service knows: itself, the lists of licensed agencies, and where it sends people."""
    hosts = {urlsplit(url).hostname or "" for url in (settings.public_url, settings.desk_url)}
    for name in TABLES:
        hosts.update(_ADDRESS.findall((knowledge / f"{name}.csv").read_text("utf-8")))
    names = [settings.organisation, *_agencies(register.load(knowledge / "registers").values())]
    return known(names, [*OFTEN_IMITATED, *sorted(hosts)])


def _agencies(lists: Iterable[register.AgencyList]) -> Iterator[str]:
    """Yield the names of agencies, whole and without the words that most of them share."""
    for row in chain.from_iterable(one.agencies for one in lists):
        yield row.name
        own = [word for word in row.name.split() if word.casefold().strip(".,()") not in register.COMMON]
        if len(own) > 1:
            yield " ".join(own)


def known(names: Iterable[str], hosts: Iterable[str] = ()) -> Known:
    """Return how these names and addresses look. A short name has too many doubles by chance."""
    long = [" ".join(_words(name)) for name in names if len(_LETTER.findall(name)) >= SHORTEST_NAME]
    by_look = _by_look(long)
    return Known(by_look, _by_look(map(_host, hosts)), frozenset(look.partition(" ")[0] for look in by_look))


def of_talk(texts: Iterable[str]) -> Known:
    """Return how the words and addresses of a talk look."""
    found = list(chain.from_iterable(map(PIECE.finditer, texts)))
    words = (one[0] for one in found if one["word"] and len(one[0]) >= SHORTEST_WORD)
    return Known(_by_look(words), _by_look(_host(one[0]) for one in found if one["host"]))


def doubles(text: str, around: Surroundings) -> Iterator[Suspect]:
    """Yield what looks like something else, in order."""
    pieces = list(PIECE.finditer(text))
    after = 0
    for place, found in enumerate(pieces):
        if found.start() < after:
            continue
        end, other = found.end(), None
        if found["host"]:
            other = _host_like(_host(found[0]), around)
        elif named := _name_like(pieces[place : place + MOST_WORDS], around.sure):
            end, other = named
        else:
            other = next((one for one in _alike(found[0], around.talk.names) if _are_doubles(found[0], one)), None)
        after = end
        if other:
            yield Suspect(found.start(), end, f"looks like {other}")


def _host_like(host: str, around: Surroundings) -> str | None:
    labels = host.split(".")
    for first in range(len(labels) - 1):  # login.d0fe.gov.np looks like dofe.gov.np
        part = ".".join(labels[first:])
        sure = _alike(part, around.sure.hosts)
        others = [one for one in sure or _alike(part, around.talk.hosts) if one.casefold() != part.casefold()]
        if len(others) < len(sure) or not _LETTER.search(part):
            return None  # it is a known one itself
        if others:
            return others[0]
    return None


def _name_like(pieces: "list[regex.Match[str]]", among: Known) -> tuple[int, str | None] | None:
    """Return where the longest known name ends, by its look, and which one it is unless it is really written so."""
    if not among.firsts.intersection(_looks(pieces[0][0])):
        return None
    best: tuple[int, str | None] | None = None
    for name, last in zip(accumulate((one[0] for one in pieces), "{} {}".format), pieces, strict=True):
        if others := _alike(name, among.names):
            best = last.end(), None if fold(name) in map(fold, others) else others[0]
    return best


def _are_doubles(one: str, other: str) -> bool:
    """Tell whether two words that look alike are more than two spellings, or two words that happen to."""
    if fold_word(one) == fold_word(other) or not (_LETTER.search(one) and _LETTER.search(other)):
        return False
    mine, others = _scripts(one), _scripts(other)
    return mine != others or (mine == {"Latin"} and len(one) == len(other))


def _scripts(word: str) -> set[str]:
    return set().union(*(scripts(letter) or () for letter in _LETTER.findall(word)))


def _host(text: str) -> str:
    return text.rpartition("@")[2].removeprefix("www.")


def _words(text: str) -> Iterator[str]:
    return (found[0] for found in PIECE.finditer(text))


def _alike(text: str, among: Looks) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for look in _looks(text) for one in among.get(look, ())))


@lru_cache(maxsize=65536)
def _looks(text: str) -> tuple[str, str]:
    """Return what a text looks like as it is written, and in small letters: a large I is an l, a small i is none."""
    return skeleton(skeleton(text).casefold()), skeleton(text.casefold())


def _by_look(texts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for text in texts:
        for look in _looks(text):
            found.setdefault(look, {})[text] = None
    return {look: tuple(named) for look, named in found.items()}
