"""Numbers in digits and in words: 1,50,000 · dedh lakh · two hundred and fifty thousand · elfu moja na mia tano."""

from dataclasses import dataclass
from typing import AbstractSet, Any, Dict, List, Mapping, Optional, Sequence, Tuple

import regex

from components.phrases import inverted

_SEPARATORS = regex.compile(r"[.,٫٬'’]")
_SMALLEST_REST = 100  # "do lakh ek saal" is two lakh and a year, not 200001


@dataclass(frozen=True)
class Number:
    """A number and the place after its last word."""

    value: float
    last: int
    digits: str = ""  # as written, when written in digits
    unit: float = 0  # the last "hundred", "thousand", "lakh" in it


class Numerals:
    """Reads numbers in a row of folded words."""

    def __init__(self, lexicon: Mapping[str, Any]) -> None:
        self._numbers = _single(lexicon["numbers"])
        self.multipliers = _single(lexicon["multipliers"])
        self._first, self._tens, self._teens, self._joints, self._one_of, self._half_more = (
            single_words(lexicon[name])
            for name in ("multiplier_first", "tens", "teens", "number_joints", "one_of", "half_more")
        )
        self._and = "و"  # Arabic writes "and" as one with the word that follows

    def is_number(self, word: str) -> bool:
        """Tell whether a word is a number or a part of one."""
        return word[:1].isdigit() or word in self._numbers or word in self.multipliers

    def read(self, words: List[str], place: int, currencies: AbstractSet[int]) -> Optional[Number]:
        """Read "1 lakh 50 thousand": parts of falling size are added. `currencies` are the places of currencies."""
        total = self._part(words, place, currencies)
        while total is not None and total.unit and total.last < len(words):
            rest = self._rest(words, total.last, total.unit, currencies)
            if rest is None:
                break
            total = Number(total.value + rest.value, rest.last, unit=rest.unit)
        return total

    def _rest(self, words: List[str], place: int, unit: float, currencies: AbstractSet[int]) -> Optional[Number]:
        place += words[place] in self._joints
        if place >= len(words) or place in currencies:
            return None
        plain = [*words[:place], words[place].removeprefix(self._and), *words[place + 1 :]]
        rest = self._part(words, place, currencies) or self._part(plain, place, currencies)
        return rest if rest and not rest.digits and _SMALLEST_REST <= rest.value < unit else None

    def _part(self, words: List[str], place: int, currencies: AbstractSet[int]) -> Optional[Number]:
        if words[place] in self._first and place + 1 < len(words):
            after = self._small(words, place + 1)
            if after and after.value < self.multipliers[words[place]]:
                unit = self.multipliers[words[place]]
                return Number(after.value * unit, after.last, unit=unit)
        number = self._small(words, place) or self._one(words, place, currencies)
        if number is None:
            return None
        while number.last < len(words) and self.multipliers.get(words[number.last], 0) > number.unit:
            unit = self.multipliers[words[number.last]]
            number = Number(number.value * unit, number.last + 1, unit=unit)
            number = self._with_tens(words, number) if unit == 100 else number
        if number.digits or number.unit or number.value >= 100:
            return number
        return None  # "one", "two" alone are not sums

    def _one(self, words: List[str], place: int, currencies: AbstractSet[int]) -> Optional[Number]:
        """Read "mil dolares", "cent mille": the multiplier alone is one of it."""
        word, after = words[place], place + 1
        if word not in self._one_of:
            return None
        unit = self.multipliers[word]
        follows = words[after] if after < len(words) else ""
        rest = self._small(words, after) or self._small([*words[:after], follows.removeprefix(self._and)], after)
        counts = after in currencies or place - 1 in currencies or self.multipliers.get(follows, 0) > unit
        if not counts and not (rest and not rest.digits and rest.value >= 10):
            return None
        number = Number(unit, after, unit=unit)
        return self._with_tens(words, number) if unit == 100 else number

    def _with_tens(self, words: List[str], number: Number) -> Number:
        """Add the tens to hundreds: two hundred and fifty."""
        place = number.last + (number.last < len(words) and words[number.last] in self._joints)
        if place >= len(words):
            return number
        plain = [*words[:place], words[place].removeprefix(self._and), *words[place + 1 :]]
        more = self._small(plain, place)
        if more is None or more.digits or not 10 <= more.value < 100:
            return number
        return Number(number.value + more.value, more.last, unit=number.unit)

    def _small(self, words: List[str], place: int) -> Optional[Number]:
        if place >= len(words):
            return None
        word = words[place]
        if word in self._half_more:
            rest = self._small(words, place + 1)
            return Number(rest.value + 0.5, rest.last) if rest else None
        if word[:1].isdigit():
            return self._and_half(words, _digits(words, place))
        if word not in self._numbers:
            return None
        value = self._numbers[word]
        if value >= 1000:  # ألفين, seribu: a thousand is in the word
            return Number(value, place + 1, unit=1000)
        return self._and_half(words, self._grown(words, Number(value, place + 1)))

    def _grown(self, words: List[str], number: Number) -> Number:
        """Read on after a word: lima puluh, lima belas, twenty five, treinta y cinco, خمسة وعشرين."""
        value, last = number.value, number.last
        if last < len(words) and 1 <= value < 10 and words[last] in self._tens | self._teens:
            value, last = (value * 10 if words[last] in self._tens else value + 10), last + 1
        place = last + (last < len(words) and words[last] in self._joints)
        if place >= len(words):
            return Number(value, last)
        joined = words[place].startswith(self._and)
        more = self._numbers.get(words[place], self._numbers.get(words[place].removeprefix(self._and), 0))
        in_tens = 20 <= value < 100 and value % 10 == 0 and 1 <= more < 10 and more == int(more)
        in_hundreds = 100 <= value < 1000 and value % 100 == 0 and 10 <= more < 100
        arabic = value < 10 and joined and 20 <= more < 100
        return Number(value + more, place + 1) if in_tens or in_hundreds or arabic else Number(value, last)

    def _and_half(self, words: List[str], number: Number) -> Number:
        """Read "2 and a half lakh"."""
        place = number.last
        if place < len(words) and words[place] in self._joints:
            place += 1 + (words[place + 1 : place + 2] == ["a"])
            half = self._numbers.get(words[place].removeprefix(self._and)) if place < len(words) else None
            if half == 0.5 and place + 1 < len(words) and words[place + 1] in self.multipliers:
                return Number(number.value + 0.5, place + 1)
        return number


def single_words(phrases: Sequence[str]) -> AbstractSet[str]:
    """Return the phrases of one word, folded."""
    return frozenset(words[0] for words, _ in inverted({0: phrases}) if len(words) == 1)


def _digits(words: List[str], place: int) -> Number:
    text, last = words[place], place + 1
    # 50 000 and 1 500 000: groups of three after a short first one
    while (
        last < len(words)
        and len(text) <= 3 * (last - place)
        and regex.fullmatch(r"\d{3}", words[last])
        and text.isdigit()
    ):
        text, last = text + words[last], last + 1
    parts = _SEPARATORS.split(text)
    decimals = parts[-1] if len(parts) > 1 and len(parts[-1]) != 3 else ""
    whole = "".join(parts[:-1] if decimals else parts)
    return Number(float(f"{whole or 0}.{decimals or 0}"), last, digits=whole)


def _single(table: Mapping[Any, Sequence[str]]) -> Dict[str, float]:
    pairs: List[Tuple[Tuple[str, ...], Any]] = inverted(table)
    return {words[0]: float(value) for words, value in pairs if len(words) == 1}
