"""Names of all living languages that Unicode's data know, to tell somebody that theirs is not offered."""

from collections.abc import Iterator
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.localedata import locale_identifiers

from core.folding import fold, tokens
from core.languages import LANGUAGES

LONGEST = 3
"""Words of a name."""
SHORTEST = 4
"""Letters of a name in a third language: shorter ones are everyday words too often."""
BEGINNINGS = ("በ", "የ", "ከ", "ወደ", "بال", "ال", "ب", "be")
ENDINGS = ("তে", "য়", "ে", "मा", "ma", "te", "ng")
"""What is written together with a name: "in Oromo" is one word in Amharic."""
EVERYDAY = {
    "om": "oromigna oromiffa oromifa oromo ኦሮምኛ ኦሮሚፋ",
    "ti": "tigrigna tigringa tegregna ትግሪኛ", "so": "somaligna somalinya ሶማልኛ ሶማሊኛ", "aa": "afarigna አፋርኛ",
    "wal": "ወላይትኛ wolaitigna", "sid": "ሲዳምኛ sidamigna", "ff": "pular poular pulaar fulfulde peulh fulani",
    "ln": "lingala", "bm": "bamanankan", "lg": "luganda oluganda", "ceb": "bisaya binisaya visayan sugbuanon",
    "ps": "pashtu pushto pakhto pukhto", "pa": "panjabi", "ta": "tamizh", "or": "oriya odiya",
    "zgh": "امازيغي amazigh tamazight",
    "ku": "كردي kurdi", "en": "angrezi angreji انجليزي እንግሊዘኛ እንግሊዝኛ", "ar": "አረብኛ arabigna",
}  # fmt: skip
"""How people call languages where neither English nor the data of Unicode do."""


def named_language(text: str) -> str | None:
    """Return the code of a language that is named in a text, by any of its names in the languages of Amana."""
    words = [token.word for token in tokens(text)]
    names = _names()
    for length in range(LONGEST, 0, -1):
        for start in range(len(words) - length + 1):
            for name in _bare(" ".join(words[start : start + length])):
                if name in names:
                    return names[name]
    return None


def _bare(name: str) -> Iterator[str]:
    yield name
    for beginning in map(fold, BEGINNINGS):
        if name.startswith(beginning) and len(name) - len(beginning) >= SHORTEST - 1:
            yield name.removeprefix(beginning)
    for ending in map(fold, ENDINGS):
        if name.endswith(ending) and len(name) - len(ending) >= SHORTEST - 1:
            yield name.removesuffix(ending)


@cache
def _names() -> dict[str, str]:
    english = Locale("en").languages
    found: dict[str, str] = {}
    known = []
    for code in sorted({identifier.split("_")[0] for identifier in locale_identifiers()}):
        try:
            own = Locale(code).get_display_name(code)
        except UnknownLocaleError:
            continue
        known.append(code)
        for name in (english.get(code), own):
            if name and not (len(name) < SHORTEST - 1 and name.isascii()):  # "Ga" is a word of Indonesian
                found.setdefault(fold(name), code)
    ours = {fold(name): language.code for language in LANGUAGES.values() for name in language.names}
    everyday = {fold(name): code for code, names in EVERYDAY.items() if code in known for name in names.split()}
    for language in LANGUAGES:
        names = Locale("fil" if language == "tl" else language).languages
        for code in known:
            name = fold(names.get(code) or "")
            if len(name) >= SHORTEST:
                found.setdefault(name, code)
    return {**found, **everyday, **ours}
