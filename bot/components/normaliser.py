"""One spelling for what people type in many: pure functions, shared by the components.

`readable` is for the sentence embedding, which wants natural text; `folded` is for comparing words and letters.
Vowel signs of Indic, Thai, Burmese and Khmer writing are letters, not accents: they stay.
"""

import unicodedata
from typing import Dict

import regex

_INVISIBLE = regex.compile(r"[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe0e\ufe0f\ufeff]")
_ACCENTS = regex.compile(r"[\u0300-\u036f]")
_ARABIC_MARKS = regex.compile(r"[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u0640]")
_LONG_RUN = regex.compile(r"(\p{L})\1{2,}")
_SPACES = regex.compile(r"\s+")

# letters that writers of Arabic script exchange freely, Urdu and Persian forms among them
_ARABIC_LETTERS = {
    ord(old): new
    for letters, new in {
        "أإآٱ": "ا",
        "ىيےئ": "ی",
        "ك": "ک",
        "ةهھۂەۃ": "ہ",
        "ؤ": "و",
        "ڤ": "ف",
        "ۆۇۈ": "و",
        "ۍې": "ی",
    }.items()
    for old in letters
}


def readable(text: str) -> str:
    """Clean a message for the embedding without changing how it reads."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    text = _LONG_RUN.sub(r"\1\1", _SPACES.sub(" ", text)).strip()
    # shouting changes an embedding more than it changes the meaning
    return text.lower() if text.isupper() else text


def folded(text: str) -> str:
    """Fold a message, so that spellings of one word become equal."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).lower()
    text = _ACCENTS.sub("", unicodedata.normalize("NFD", text))
    text = unicodedata.normalize("NFC", _ARABIC_MARKS.sub("", text)).translate(_ARABIC_LETTERS)
    return _SPACES.sub(" ", _LONG_RUN.sub(r"\1\1", ascii_digits(text))).strip()


def ascii_digits(text: str) -> str:
    """Write the digits of every script as 0-9; the length stays the same."""
    return text.translate(_Digits())


class _Digits(Dict[int, str]):
    def __missing__(self, sign: int) -> str:
        digit = unicodedata.decimal(chr(sign), None)
        self[sign] = chr(sign) if digit is None else str(digit)
        return self[sign]
