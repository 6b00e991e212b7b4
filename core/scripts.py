"""Which script a text is written in (ISO 15924)."""

import unicodedata
from collections import Counter
from functools import lru_cache

SCRIPT_NAMES = {"LATIN": "Latn", "ARABIC": "Arab", "DEVANAGARI": "Deva", "BENGALI": "Beng", "ETHIOPIC": "Ethi"}


@lru_cache(maxsize=4096)
def _script_of(character: str) -> str | None:
    kind = unicodedata.category(character)[0]
    found = SCRIPT_NAMES.get(unicodedata.name(character, "").split(" ")[0]) if kind in "LM" else None
    # vowel signs are half of what is written in Indic scripts, and letters of no script that we know count as well
    return found or ("Zyyy" if kind == "L" else None)


def script(text: str) -> str:
    """Return the script that most letters are in (ISO 15924), or "Zyyy" when there are none that we know."""
    counts = Counter(found for found in map(_script_of, text) if found)
    return counts.most_common(1)[0][0] if counts else "Zyyy"
