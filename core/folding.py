"""Folding: how words are made comparable across spellings, scripts and keyboards, and cut into tokens.

Used wherever words are matched without the learnt model: danger phrases, opt-out words, language names. The text that
people see is never folded; a token keeps its place in it, so that a match can quote what was really written.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

ARABIC = str.maketrans(
    {
        "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ې": "ي", "ئ": "ي", "ے": "ي", "ة": "ه", "ہ": "ه",
        "ھ": "ه", "ۀ": "ه", "ۃ": "ه", "ؤ": "و", "ک": "ك", "گ": "ك", "ـ": "", "ء": "",
    }
)  # fmt: skip
DEVANAGARI = str.maketrans({"ँ": "ं", "़": "", "ई": "इ", "ऊ": "उ", "ी": "ि", "ू": "ु", "ॐ": "ओ", "श": "स", "ष": "स"})
"""Short and long vowels, and the three s, are mixed freely in chats."""
ETHIOPIC_ROWS = (("ሐ", "ሀ"), ("ኀ", "ሀ"), ("ሠ", "ሰ"), ("ዐ", "አ"), ("ፀ", "ጸ"))
"""Rows of letters that sound the same; each row has seven orders, one after the other."""
ETHIOPIC = {
    ord(source) + order: chr(ord(target) + order) for source, target in ETHIOPIC_ROWS for order in range(7)
}  # fmt: skip
LATIN = str.maketrans({"ß": "ss", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i"})
APOSTROPHES = "'’‘ʼ`´"
ASCII_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9'`]*")
LONG_RUN = re.compile(r"(\D)\1{2,}")


@dataclass(frozen=True, slots=True)
class Token:
    """A folded word and where it stands in the text, as indices of characters."""

    word: str
    start: int
    end: int


@lru_cache(maxsize=4096)
def _is_part_of_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"


@lru_cache(maxsize=4096)
def _is_removed(character: str) -> bool:
    """Zero-width characters, bidi marks and apostrophes stand inside words without being part of them."""
    return unicodedata.category(character) == "Cf" or character in APOSTROPHES


@lru_cache(maxsize=4096)
def _drop_accent(character: str) -> str:
    """Drop marks of Latin and Arabic; in Indic scripts and Ethiopic, marks are vowels and stay."""
    point = ord(character)
    if 0x300 <= point <= 0x36F or 0x610 <= point <= 0x61A or 0x64B <= point <= 0x65F or point == 0x670:
        return ""
    if unicodedata.category(character) == "Nd":
        return str(unicodedata.digit(character))
    return character


@lru_cache(maxsize=16384)
def fold_word(word: str) -> str:
    """Return a word in its comparable form: "Añosss" -> "anos", "أهلاً" -> "اهلا", "३" -> "3"."""
    # an acute accent typed as an apostrophe would turn into a space below
    plain = "".join(character for character in word if not _is_removed(character))
    plain = unicodedata.normalize("NFKC", plain).casefold()
    plain = "".join(_drop_accent(character) for character in unicodedata.normalize("NFKD", plain))
    plain = unicodedata.normalize("NFC", plain)
    plain = plain.translate(ARABIC).translate(DEVANAGARI).translate(ETHIOPIC).translate(LATIN)
    plain = "".join(character for character in plain if not _is_removed(character))
    return LONG_RUN.sub(r"\1", plain)


def tokens(text: str) -> list[Token]:
    """Cut a text into folded words, in order. Punctuation and emoji separate words and are dropped."""
    if text.isascii():  # most messages are, and a regular expression is ten times faster than looking at letters
        cut = ((fold_word(match[0]), match) for match in ASCII_WORD.finditer(text))
        return [Token(word, match.start(), match.end()) for word, match in cut if word]
    found: list[Token] = []
    start = -1
    for index, character in enumerate(text + " "):
        if _is_part_of_word(character) or (start >= 0 and _is_removed(character)):
            start = index if start < 0 else start
        elif start >= 0:
            word = fold_word(text[start:index])
            if word:
                found.append(Token(word, start, index))
            start = -1
    return found


def fold(text: str) -> str:
    """Return the folded words of a text, joined by single spaces."""
    return " ".join(token.word for token in tokens(text))
