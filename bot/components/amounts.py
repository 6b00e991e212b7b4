"""Sums of money as people write them: 1,50,000 · 2 lakh · 150k · dedh lakh · elfu hamsini · ১.৫ লাখ.

A bare number is a sum only when something says so: a currency beside it, a word such as "thousand", its size,
or a message that is nothing but the number.
"""

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import regex
from rasa.nlu.tokenizers.tokenizer import Token

from components.normaliser import ascii_digits
from components.phrases import Match, inverted

SMALLEST_BARE = 1000
_YEARS = range(1950, 2051)
_MOST_DIGITS = 8  # longer rows of digits are telephone or licence numbers
_SEPARATORS = regex.compile(r"[.,٫٬'’]")


@dataclass(frozen=True)
class _Number:
    value: float
    last: int
    digits: str = ""  # as written, when written in digits
    spoken: bool = False  # holds a word such as "thousand"


class Amounts:
    """Reads sums in a row of tokens."""

    def __init__(self, lexicon: Mapping[str, Any]) -> None:
        self._numbers = _single(lexicon["numbers"])
        self._multipliers = _single(lexicon["multipliers"])
        self._first = {words[0] for words, _ in inverted({0: lexicon["multiplier_first"]})}
        self._never_after = {words[-1] for words, _ in inverted({0: lexicon["not_before_amount"]})}
        self._half_more = {words[0] for words, _ in inverted({0: lexicon["half_more"]})}

    def find(self, tokens: Sequence[Token], currencies: Sequence[Match]) -> List[Match]:
        """Find sums; each Match's value is a float."""
        words = [ascii_digits(token.lemma) for token in tokens]
        before = {match.last for match in currencies}
        after = {match.first for match in currencies}
        found, place = [], 0
        while place < len(words):
            number = self._sum(words, place)
            if number is None:
                place += 1
                continue
            beside = place in before or number.last in after
            alone = len(words) <= 2 or number.last - place + sum(m.last - m.first for m in currencies) >= len(words)
            named = not beside and place > 0 and words[place - 1] in self._never_after
            if not named and self._is_money(number, beside, alone):
                found.append(Match(round(number.value, 2), place, number.last))
            place = number.last
        return found

    @staticmethod
    def _is_money(number: _Number, beside: bool, alone: bool) -> bool:
        plain = number.digits
        if beside or number.spoken:
            return True
        if not plain or len(plain) > _MOST_DIGITS or (plain.startswith("0") and len(plain) > 1):
            return False
        if alone:
            return True
        return number.value >= SMALLEST_BARE and not (len(plain) == 4 and number.value in _YEARS)

    def _sum(self, words: List[str], place: int) -> Optional[_Number]:
        """Read "1 lakh 50 thousand": parts of falling size are added."""
        total = self._part(words, place)
        while total is not None and total.spoken and total.last < len(words):
            more = self._part(words, total.last)
            if more is None or not more.spoken or more.value >= total.value:
                break
            total = _Number(total.value + more.value, more.last, spoken=True)
        return total

    def _part(self, words: List[str], place: int) -> Optional[_Number]:
        if words[place] in self._first and place + 1 < len(words):
            after = self._simple(words, place + 1)
            if after and after.value < self._multipliers[words[place]]:
                return _Number(after.value * self._multipliers[words[place]], after.last, spoken=True)
        number = self._simple(words, place)
        if number is None:
            return None
        if number.last < len(words) and words[number.last] in self._multipliers:
            return _Number(number.value * self._multipliers[words[number.last]], number.last + 1, spoken=True)
        if number.digits:
            return number
        return number if number.value >= 100 else None  # "one", "two" alone are not sums

    def _simple(self, words: List[str], place: int) -> Optional[_Number]:
        word = words[place]
        if word in self._half_more and place + 1 < len(words):
            rest = self._simple(words, place + 1)
            return _Number(rest.value + 0.5, rest.last, spoken=rest.spoken) if rest else None
        if word[:1].isdigit():
            return _digits(words, place)
        value = self._numbers.get(word)
        return None if value is None else _Number(value, place + 1)


def _digits(words: List[str], place: int) -> _Number:
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
    return _Number(float(f"{whole or 0}.{decimals or 0}"), last, digits=whole)


def _single(table: Mapping[Any, Sequence[str]]) -> Dict[str, float]:
    pairs: List[Tuple[Tuple[str, ...], Any]] = inverted(table)
    return {words[0]: float(value) for words, value in pairs if len(words) == 1}
