"""How many SMS segments a text takes: GSM-7 160/153 septets, UCS-2 70/67 units (3GPP TS 23.038 and 23.040)."""

import unicodedata
from dataclasses import dataclass

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
QUOTES = {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\u00a0": " ", "\u202f": " "}
SEGMENTED = frozenset({"sms", "sms_gateway"})
"""Channels whose texts travel in segments."""
EXTENDED = frozenset("\f^{}\\[~]|€")


@dataclass(frozen=True, slots=True)
class Segments:
    """How a text is sent: its encoding, its length in units of it, and the number of segments."""

    encoding: str
    units: int
    count: int


def segments(text: str) -> Segments:
    """Count the segments of a text. One character outside GSM-7 makes the whole text UCS-2."""
    if all(character in BASIC or character in EXTENDED for character in text):
        units = sum(2 if character in EXTENDED else 1 for character in text)
        return Segments("GSM-7", units, _count(units, 160, 153))
    units = sum(2 if ord(character) > 0xFFFF else 1 for character in text)
    return Segments("UCS-2", units, _count(units, 70, 67))


def weight(text: str, channel: str) -> int:
    """Return what a message takes of its sender's speed: segments where there are such, else one."""
    return segments(text).count if channel in SEGMENTED else 1


def to_gsm(text: str) -> str:
    """Return a text in GSM-7 letters where only accents stand against it: "Perú" -> "Peru", “ -> ".

    A text that holds letters of another script stays as it is, for then nothing would be won.
    """
    plain = "".join(_plain(character) for character in text)
    return plain if segments(plain).encoding == "GSM-7" else text


def _plain(character: str) -> str:
    if character in BASIC or character in EXTENDED:
        return character
    if character in QUOTES:
        return QUOTES[character]
    base = unicodedata.normalize("NFKD", character)[0]
    return base if base in BASIC else character


def _count(units: int, alone: int, joined: int) -> int:
    return 1 if units <= alone else -(-units // joined)
