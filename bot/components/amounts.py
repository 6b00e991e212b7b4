"""Sums of money as people write them: 1,50,000 · 2 lakh · 150k · dedh lakh · elfu hamsini · ১.৫ লাখ.

A bare number is a sum only when something says so: a currency or a word for pay beside it, a word such as "thousand",
its size, or a message that is nothing but the number.
"""

from typing import AbstractSet, Any, List, Mapping, Sequence

from rasa.nlu.tokenizers.tokenizer import Token

from components.normaliser import ascii_digits
from components.numerals import Number, Numerals, single_words
from components.phrases import Match, inverted

SMALLEST_BARE = 1000
SMALLEST_PAY = 50
_YEARS = range(1950, 2051)
_MOST_DIGITS = 8  # longer rows of digits are telephone or licence numbers
_BESIDE_PAY = 2  # words


class Amounts:
    """Reads sums in a row of tokens."""

    def __init__(self, lexicon: Mapping[str, Any]) -> None:
        self._numerals = Numerals(lexicon)
        self._never_after = {words[-1] for words, _ in inverted({0: lexicon["not_before_amount"]})}
        self._counted = single_words(lexicon["counted"])
        self._units = single_words([unit for units in lexicon["units"].values() for unit in units])
        self._pay = single_words(lexicon["pay_words"])

    def find(
        self,
        tokens: Sequence[Token],
        currencies: Sequence[Match],
        taken: AbstractSet[int] = frozenset(),
        rates: AbstractSet[int] = frozenset(),
    ) -> List[Match]:
        """Find sums; each Match's value is a float.

        The places in `taken` belong to something else; at those in `rates` words such as "per month" begin.
        """
        words = [ascii_digits(token.lemma) for token in tokens]
        places = {place for match in currencies for place in range(match.first, match.last)}
        found: List[Match] = []
        place = 0
        while place < len(words):
            number = None if place in taken else self._numerals.read(words, place, places)
            if number is None:
                place += 1
                continue
            if self._is_money(words, place, number, places, rates):
                found += self._range_before(tokens, words, place, taken)
                found.append(Match(round(number.value, 2), place, number.last))
            place = number.last
        return found

    def _is_money(
        self, words: List[str], place: int, number: Number, currencies: AbstractSet[int], rates: AbstractSet[int]
    ) -> bool:
        plain, follows = number.digits, words[number.last] if number.last < len(words) else ""
        if place - 1 in currencies or number.last in currencies:
            return True
        if place > 0 and words[place - 1] in self._never_after:
            return False
        if number.last in rates and number.value >= SMALLEST_PAY:
            return True
        if follows in self._counted or (follows in self._units and number.value < 100):
            return False
        if not plain:
            return True
        if len(plain) > _MOST_DIGITS or (plain.startswith("0") and len(plain) > 1):
            return False
        if len(words) <= 2 or number.last - place + len(currencies) >= len(words):
            return True
        is_year = len(plain) == 4 and number.value in _YEARS
        if number.value >= SMALLEST_PAY and self._pay & set(words[max(0, place - _BESIDE_PAY) : place]):
            return not (is_year and "." not in words[place] and follows not in self._units)
        return number.value >= SMALLEST_BARE and not is_year

    def _range_before(
        self, tokens: Sequence[Token], words: List[str], place: int, taken: AbstractSet[int]
    ) -> List[Match]:
        """Find the 2000 of "2000-2500 riyal", which looks like a year."""
        first = place - 1
        if first < 0 or first in taken or not words[first].isdigit() or len(words[first]) != 4:
            return []
        is_joined = tokens[place].start - tokens[first].end == 1
        return [Match(float(words[first]), first, place)] if is_joined and int(words[first]) in _YEARS else []
