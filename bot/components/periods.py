"""How often pay comes: per month · mahina ko · kwa mwezi · في الشهر · 1500/month.

Such words count only near a sum, a currency or a word for pay: "12 hours a day" tells of hours, "3 months' salary" of
time.
"""

from typing import Any, List, Mapping, Sequence

from rasa.nlu.tokenizers.tokenizer import Token

from components.normaliser import ascii_digits
from components.numerals import Numerals, single_words
from components.phrases import Match, PhraseBook, inverted

_NEAR_MONEY = 3  # words between
_NEAR_PAY = 2


class Periods:
    """Reads periods of pay in a row of tokens."""

    def __init__(self, lexicon: Mapping[str, Any], numerals: Numerals) -> None:
        endings, beginnings = lexicon["endings"], lexicon["beginnings"]
        self._periods = PhraseBook(inverted(lexicon["periods"]), endings, beginnings)
        self._units = PhraseBook(inverted(lexicon["units"]))
        self._pay = PhraseBook([(words, True) for words, _ in inverted({0: lexicon["pay_words"]})], endings, beginnings)
        units = [unit for units in lexicon["units"].values() for unit in units]
        self._times = single_words([*lexicon["counted"], *units])
        self._is_number = numerals.is_number

    def said(self, tokens: Sequence[Token]) -> List[Match]:
        """Find words such as "per month", whatever they are said of."""
        return self._periods.find(tokens)

    def find(self, tokens: Sequence[Token], money: Sequence[Match]) -> List[Match]:
        """Find periods; each Match's value is hour, day, week, month, year or piece."""
        words = [ascii_digits(token.lemma) for token in tokens]
        ends = {match.last for match in money}
        pay = self._pay.find(tokens)
        said = [
            match
            for match in self.said(tokens)
            if match.first in ends or (_is_near(match, money, pay) and not self._is_of_time(words, match, money))
        ]
        taken = {place for match in said for place in range(match.first, match.last)}
        return said + [match for match in self._units.find(tokens) if match.first in ends and match.first not in taken]

    def _is_of_time(self, words: List[str], match: Match, money: Sequence[Match]) -> bool:
        sums = {place for one in money for place in range(one.first, one.last)}
        before = [place for place in (match.first - 2, match.first - 1) if place >= 0 and place not in sums]
        after = [place for place in (match.last, match.last + 1) if place < len(words) and place not in sums]
        if any(words[place] in self._times for place in before):
            return True
        if match.first - 1 in before and self._is_number(words[match.first - 1]):
            return True
        return len(after) == 2 and self._is_number(words[after[0]]) and words[after[1]] in self._times


def _is_near(match: Match, money: Sequence[Match], pay: Sequence[Match]) -> bool:
    return any(_gap(match, one) <= _NEAR_MONEY for one in money) or any(_gap(match, one) <= _NEAR_PAY for one in pay)


def _gap(one: Match, other: Match) -> int:
    return max(one.first - other.last, other.first - one.last)
