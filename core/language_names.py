"""Names of all living languages that Unicode's data know, to tell somebody that theirs is not offered."""

from functools import cache

from babel import Locale, UnknownLocaleError
from babel.localedata import locale_identifiers

from core.folding import fold, tokens
from core.languages import LANGUAGES

LONGEST = 3
"""Words of a name."""


def named_language(text: str) -> str | None:
    """Return the code of a language that is named in a text, in English or by its own name."""
    words = [token.word for token in tokens(text)]
    names = _names()
    for length in range(LONGEST, 0, -1):
        for start in range(len(words) - length + 1):
            found = names.get(" ".join(words[start : start + length]))
            if found:
                return found
    return None


@cache
def _names() -> dict[str, str]:
    english = Locale("en").languages
    found: dict[str, str] = {}
    for code in sorted({identifier.split("_")[0] for identifier in locale_identifiers()}):
        try:
            own = Locale(code).get_display_name(code)
        except UnknownLocaleError:
            continue
        for name in (english.get(code), own):
            if name:
                found.setdefault(fold(name), code)
    return found | {fold(name): known.code for known in LANGUAGES.values() for name in known.names}
