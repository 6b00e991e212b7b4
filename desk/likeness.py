"""Words whose letters imitate others: "counsellor" or an address with a Cyrillic o in it (R53).

Words and the parts of an address are judged by Unicode's technical standard 39, much as at its level "moderately
restrictive": one script, or the scripts of Japanese, Korean or Chinese, or Latin with one other script in everyday use.
So a brand with an ending ("Facebookमा") is an ordinary word. Latin with Cyrillic, Greek or Armenian is not, nor are two
others in one word. A word that is all Cyrillic or Greek, but of nothing than letters that look like Latin, is marked in
an address, and among Latin words; in an address, letters of any script that all look like Latin ones are. What looks
like another name that is known, or like another word of the same talk, is found in `doubles`.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import regex

from desk.skeletons import skeleton

EVERYDAY = (
    "Arabic Armenian Bengali Bopomofo Cyrillic Devanagari Ethiopic Georgian Greek Gujarati Gurmukhi Hangul Han Hebrew "
    "Hiragana Kannada Katakana Khmer Lao Latin Malayalam Myanmar Oriya Sinhala Tamil Telugu Thaana Thai Tibetan"
).split()
"""Scripts that are recommended for names (Unicode's annex 31, table 5)."""
TOGETHER = {
    "Han": {"Japanese", "Korean", "Chinese"}, "Hiragana": {"Japanese"}, "Katakana": {"Japanese"},
    "Hangul": {"Korean"}, "Bopomofo": {"Chinese"},
}  # fmt: skip
LIKE_LATIN = {
    "Cyrillic": frozenset("асԁеһіјӏкорԛѕԝхугѵ" + "АВСЕНІЈКМОРЅТХУԚԜѴ"),
    "Greek": frozenset("αγικνορτυχ" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"),
}
OTHER = "another script"
MUCH_LIKE_LATIN = frozenset({"Armenian", "Cyrillic", "Greek", OTHER})
"""Scripts of which too many letters look like Latin ones."""
_SCRIPTS = {name: regex.compile(rf"\p{{scx={name}}}") for name in EVERYDAY}
_ANY = regex.compile(r"\p{scx=Common}|\p{scx=Inherited}")
_INNER = r"\p{Cf}\u00ad"
_LABEL = rf"[\p{{L}}\p{{M}}\p{{N}}](?:[\p{{L}}\p{{M}}\p{{N}}{_INNER}-]*[\p{{L}}\p{{M}}\p{{N}}])?"
_WORD = rf"[\p{{L}}\p{{M}}\p{{N}}](?:[\p{{L}}\p{{M}}\p{{N}}{_INNER}]*[\p{{L}}\p{{M}}\p{{N}}])?"
PIECE = regex.compile(rf"(?P<host>{_LABEL}(?:[.@]{_LABEL})+)|(?P<word>{_WORD})")
_PART = regex.compile(_LABEL)


@dataclass(frozen=True, slots=True)
class Suspect:
    """A place in a text, and what is odd there."""

    start: int
    end: int
    why: str


def suspects(text: str) -> Iterator[Suspect]:
    """Yield the words and addresses of a text that may not be what they look like."""
    if text.isascii():
        return
    for found in PIECE.finditer(text):
        in_address = found["host"] is not None
        parts = _PART.findall(found[0]) if in_address else [found[0]]
        why = next((why for part in parts if (why := _oddity(part, text, in_address=in_address))), None)
        if why:
            yield Suspect(found.start(), found.end(), why)


def is_odd(name: str) -> bool:
    """Tell whether a name may not be what it looks like."""
    return any(True for _ in suspects(name))


def _oddity(word: str, text: str, *, in_address: bool) -> str | None:
    if word.isascii():
        return None
    sets = [found for found in map(scripts, word) if found]
    if not sets:
        return None
    if not _belong_together(sets):
        names = sorted(set().union(*(found & {*EVERYDAY, OTHER} for found in sets)))
        return f"letters of {' and '.join(names)} in one word"
    for script, like in LIKE_LATIN.items():
        if all(script in found for found in sets) and _only(word, script, like):
            among_latin = _only(text, script, like) and any("Latin" in (scripts(letter) or ()) for letter in text)
            if in_address or among_latin:
                return f"{script} letters that look like Latin ones"
    return "letters that look like Latin ones" if in_address and _looks_latin(word) else None


def _looks_latin(word: str) -> bool:
    """Tell whether a word is of other letters than those of every keyboard, and looks as if it were of these."""
    plain = unicodedata.normalize("NFKC", word)
    return not plain.isascii() and skeleton(plain).isascii() and any(map(str.isalpha, word))


def _belong_together(sets: list[frozenset[str]]) -> bool:
    if frozenset.intersection(*sets):
        return True
    besides_latin = frozenset.intersection(*(found for found in sets if "Latin" not in found))
    return bool(besides_latin - MUCH_LIKE_LATIN)


def _only(text: str, script: str, like: frozenset[str]) -> bool:
    """Tell whether all letters of a script are such that look like Latin ones."""
    return all(letter in like for letter in text if letter.isalpha() and script in (scripts(letter) or ()))


@lru_cache(maxsize=16384)
def scripts(character: str) -> frozenset[str] | None:
    """Return the scripts that use a character, and the writing systems of these; None for one that belongs to all."""
    found = {name for name, pattern in _SCRIPTS.items() if pattern.match(character)}
    if not found:
        return None if _ANY.match(character) else frozenset({OTHER})
    return frozenset(found.union(*(TOGETHER.get(name, set()) for name in found)))
