"""Days and months as people write them: 12/05/2026 (day first) · 2026-11-22 · 5 May · 5 de mayo de 2026 · ৫ মে.

A value is 2026-05-12, 2026-05 without a day, or --05-12 without a year. What can mean several days is left out: years
of two digits, months of other calendars, figures in Ethiopic messages, whose years run seven or eight behind.
"""

from datetime import date
from typing import AbstractSet, Any, Iterator, List, Mapping, Optional, Sequence, Tuple

import regex
from babel import Locale
from rasa.nlu.tokenizers.tokenizer import Token

from components.normaliser import ascii_digits
from components.numerals import Numerals, single_words
from components.phrases import Match, PhraseBook, Words, inverted, words_of

# Arabic names months differently from Morocco to Syria
LANGUAGES = ("en", "es", "fr", "ar", "ar_SY", "ar_DZ", "ar_MA", "am", "sw", "hi", "ur", "bn", "ne", "fil", "id")
YEARS = range(1950, 2040)  # later ones are of the Nepali calendar
_LEAP_YEAR = 2024
_FIGURES = regex.compile(
    r"(?<![\p{L}\d./-])(?:(?P<year>\d{4})([./-])(?P<month>\d\d?)(?:\2(?P<day>\d\d?))?"
    r"|(?:(?P<first>\d\d?)([./-]))?(?P<second>\d\d?)(?(first)\6|[/-])(?P<last>\d{4}))(?![\p{L}\d]|[./-]\d)"
)
_ETHIOPIC = regex.compile(r"\p{Ethiopic}")


class Dates:
    """Reads days and months in a text."""

    def __init__(self, lexicon: Mapping[str, Any], numerals: Numerals) -> None:
        unsure, never = single_words(lexicon["months_unsure"]), single_words(lexicon["months_never"])
        months = [*inverted(lexicon["months"]), *_cldr_months()]
        known = [(words, month) for words, month in months if words[0] not in never]
        self._months = PhraseBook(known, lexicon["endings"], lexicon["beginnings"])
        self._unsure: AbstractSet[str] = unsure
        self._between = single_words(lexicon["ordinals"])
        units = [unit for units in lexicon["units"].values() for unit in units]
        self._counted = single_words([*lexicon["counted"], *units]) - self._between
        self._multipliers = numerals.multipliers

    def find(self, text: str, tokens: Sequence[Token]) -> List[Match]:
        """Find dates; each Match's value is a string, or None where figures look like a date that cannot be told."""
        figures = [] if _ETHIOPIC.search(text) else list(_in_figures(text, tokens))
        taken = {place for match in figures for place in range(match.first, match.last)}
        words = [ascii_digits(token.lemma) for token in tokens]
        named = (self._around(words, match) for match in self._months.find(tokens))
        return [*figures, *(match for match in named if match and not taken & set(range(match.first, match.last)))]

    def _around(self, words: List[str], month: Match) -> Optional[Match]:
        """Read the day and the year that stand around the name of a month."""
        first = self._over(words, month.first - 1, -1)
        day = _figure(words, first, range(1, 32))
        after = self._over(words, month.last, 1)
        year = _figure(words, after, YEARS)
        last = after + 1 if year else month.last
        if day is None:
            first = month.first
            if year is None:
                return self._month_first(words, month, after)
        value = iso(year, month.value, day)
        return Match(value, first, last) if value else None

    def _month_first(self, words: List[str], month: Match, place: int) -> Optional[Match]:
        day = _figure(words, place, range(1, 32))
        after = self._over(words, place + 1, 1)
        year = _figure(words, after, YEARS)
        follows = words[place + 1] if place + 1 < len(words) else ""
        is_unsure = month.last - month.first == 1 and words[month.first] in self._unsure
        if day is None or (year is None and (is_unsure or follows in self._counted or follows in self._multipliers)):
            return None
        value = iso(year, month.value, day)
        return Match(value, month.first, after + 1 if year else place + 1) if value else None

    def _over(self, words: List[str], place: int, step: int) -> int:
        """Step over at most two words such as "th", "of", "de"."""
        for _ in range(2):
            if 0 <= place < len(words) and words[place] in self._between:
                place += step
        return place


def iso(year: Optional[int], month: int, day: Optional[int]) -> Optional[str]:
    """Write a date, or nothing when there is no such day."""
    try:
        date(year or _LEAP_YEAR, month, day or 1)
    except ValueError:
        return None
    if day is None:
        return f"{year}-{month:02}"
    return f"{year}-{month:02}-{day:02}" if year else f"--{month:02}-{day:02}"


def _in_figures(text: str, tokens: Sequence[Token]) -> Iterator[Match]:
    for found in _FIGURES.finditer(ascii_digits(text)):
        parts = {name: int(value) for name, value in found.groupdict().items() if value}
        year = parts.get("year") or parts["last"]
        if "year" in parts:
            # 2026-2 may be a range or half a telephone number; a month has two figures
            is_month = "day" in parts or (len(found["month"]) == 2 and found.group(2) != ".")
            value = iso(year, parts["month"], parts.get("day")) if is_month else None
        else:
            # who writes the month first can be told only when no such month exists
            value = iso(year, parts["second"], parts.get("first"))
            if value is None and "first" in parts:
                value = iso(year, parts["first"], parts["second"])
        places = [i for i, token in enumerate(tokens) if found.start() <= token.start < found.end()]
        if places:
            yield Match(value if year in YEARS else None, places[0], places[-1] + 1)


def _figure(words: List[str], place: int, allowed: range) -> Optional[int]:
    word = words[place] if 0 <= place < len(words) else ""
    return int(word) if word.isdecimal() and int(word) in allowed else None


def _cldr_months() -> Iterator[Tuple[Words, int]]:
    for language in LANGUAGES:
        months = Locale.parse(language).months
        for width in (months["format"]["wide"], months["stand-alone"]["wide"]):
            for number, name in width.items():
                yield words_of(name), number
