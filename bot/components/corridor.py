"""The facts of a journey in a message, found by rules in every language.

Countries, peoples, kinds of work, currencies, sums, how often pay comes, visas, dates, telephone numbers. Names of
countries, currencies, languages and months come from CLDR through Babel, everyday spellings from data/lexicon.yml.
Words are compared whole: Oman is not in "woman".
"""

from typing import Any, Dict, Iterator, List, Mapping, Sequence, Set, Text, Tuple

from babel import Locale
from babel.numbers import get_territory_currencies
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.nlu.tokenizers.tokenizer import Token
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from components.amounts import Amounts
from components.dates import Dates
from components.normaliser import ascii_digits
from components.numerals import Numerals
from components.peoples import Peoples
from components.periods import Periods
from components.phones import masked, phones
from components.phrases import Match, PhraseBook, Words, inverted, read_lexicon, words_of
from components.tokenizer import tokens_of

LANGUAGES = ("en", "es", "fr", "ar", "am", "sw", "hi", "ur", "bn", "ne", "fil", "id")
LONGEST = 2000  # letters
_SHORT_CODE = 3  # a currency written this short ("rs", "tk", "sar") counts only beside a number
_ANSWER = 3  # words: "a tourist one" answers which visa; a longer message must say "visa"


class Corridor:
    """Reads the facts of a journey; holds no state of a conversation."""

    def __init__(self, lexicon: Mapping[str, Any]) -> None:
        endings, beginnings = lexicon["endings"], lexicon["beginnings"]
        never = {words_of(name) for name in lexicon["not_countries"]}
        countries = [*inverted(lexicon["countries"]), *_cldr_countries(never)]
        self._countries = PhraseBook(countries, endings, beginnings)
        # our own spellings come first: CLDR calls the rupee of one country by the name of all
        self._currencies = PhraseBook([*inverted(lexicon["currencies"]), *_cldr_currencies()], endings, beginnings)
        self._families: Dict[str, List[str]] = lexicon["families"]
        self._visas = PhraseBook(inverted(lexicon["visa"]), endings, beginnings)
        self._visas_alone = PhraseBook(inverted(lexicon["visa_alone"]), endings, beginnings)
        self._sectors = PhraseBook(_all_languages(lexicon["sectors"]), endings, beginnings)
        self._peoples = Peoples(lexicon, LANGUAGES)
        numerals = Numerals(lexicon)
        self._amounts, self._dates = Amounts(lexicon), Dates(lexicon, numerals)
        self._periods = Periods(lexicon, numerals)

    def entities(self, text: str) -> List[Dict[str, Any]]:
        """Return Rasa entities in the order of the text."""
        text = text[:LONGEST]
        tokens = tokens_of(text)
        peoples = self._peoples.find(tokens)
        countries = [match for match in self._countries.find(tokens) if match not in peoples]
        currencies = [match for match in self._currencies.find(tokens) if _is_meant(match, tokens)]
        dates = self._dates.find(text, tokens)
        numbers = _phones(text, tokens, [*currencies, *dates])
        rates = {match.first for match in self._periods.said(tokens)}
        amounts = self._amounts.find(tokens, currencies, _places(dates, numbers), rates)
        sectors = self._sectors.find(tokens)
        # "work" in "construction work" is no answer to "which visa?"
        is_answer = len(tokens) <= _ANSWER and not sectors
        visas = self._visas.find(tokens) or (self._visas_alone.find(tokens) if is_answer else [])
        told = {match.value for match in countries}
        named = [Match(self._one_of(match.value, told), match.first, match.last) for match in currencies]
        kinds = {
            "country": countries, "currency": named, "amount": amounts, "visa": visas, "date": dates, "phone": numbers,
            "sector": sectors,
            "nationality": [match for match in peoples if not _is_within(match, [*countries, *currencies])],
            "pay_period": self._periods.find(tokens, [*amounts, *currencies]),
        }  # fmt: skip
        # a date without a value only says that its figures are no sum
        found = [_entity(kind, match, tokens) for kind in kinds for match in kinds[kind] if match.value is not None]
        return sorted(found, key=lambda entity: entity["start"])

    def _one_of(self, currency: str, countries: Set[str]) -> str:
        """Name the currency of a family ("rupee") by the one country of the message that has it."""
        family = self._families.get(currency, ())
        used = {code for country in countries for code in get_territory_currencies(country) if code in family}
        return used.pop() if len(used) == 1 else currency


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class CorridorExtractor(GraphComponent, EntityExtractorMixin):
    """Adds the facts of a journey to each message."""

    def __init__(self) -> None:
        self._corridor = Corridor(read_lexicon())

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "CorridorExtractor":
        """Build the extractor."""
        return cls()

    def process(self, messages: List[Message]) -> List[Message]:
        """Add entities to each message."""
        for message in messages:
            found = self.add_extractor_name(self._corridor.entities(message.get(TEXT) or ""))
            message.set(ENTITIES, [*message.get(ENTITIES, []), *found], add_to_output=True)
        return messages


def _cldr_countries(never: Set[Words]) -> Iterator[Tuple[Words, str]]:
    for language in LANGUAGES:
        for code, name in Locale.parse(language).territories.items():
            words = words_of(name)
            # regions of the world are numbers in CLDR; EU, UN, ZZ and the like have no currency
            if len(code) == 2 and words not in never and get_territory_currencies(code):
                yield words, code


def _cldr_currencies() -> Iterator[Tuple[Words, str]]:
    now = {
        code for country in Locale("en").territories if len(country) == 2 for code in get_territory_currencies(country)
    }
    for language in LANGUAGES:
        for code, name in Locale.parse(language).currencies.items():
            if code in now:
                yield words_of(name), code


def _all_languages(table: Mapping[str, Mapping[str, Sequence[str]]]) -> List[Tuple[Words, str]]:
    return [pair for code, languages in table.items() for spellings in languages.values()
            for pair in inverted({code: spellings})]  # fmt: skip


def _is_within(match: Match, others: Sequence[Match]) -> bool:
    return any(other.first <= match.first and match.last <= other.last for other in others)


def _places(*kinds: Sequence[Match]) -> Set[int]:
    return {place for matches in kinds for match in matches for place in range(match.first, match.last)}


def _phones(text: str, tokens: Sequence[Token], others: Sequence[Match]) -> List[Match]:
    """Find telephone numbers. Plain digits beside a currency are a sum, and what is a date is no number to call."""
    hidden, found = masked(text), []
    beside = {place for match in others for place in (match.first - 1, *range(match.first, match.last + 1))}
    for start, end in phones(text):
        places = [place for place, token in enumerate(tokens) if start <= token.start < end]
        is_plain = text[start].isdigit() and ascii_digits(text[start]) != "0"
        if places and not (is_plain and beside & {places[0], places[-1]}):
            found.append(Match(hidden[start:end], places[0], places[-1] + 1))
    return found


def _is_meant(match: Match, tokens: Sequence[Token]) -> bool:
    words = tokens[match.first : match.last]
    if (
        len(words) > 1
        or len(words[0].lemma) > _SHORT_CODE
        or not words[0].lemma.isascii()
        or not words[0].lemma.isalpha()
    ):
        return True
    beside = [*tokens[max(0, match.first - 2) : match.first], *tokens[match.last : match.last + 1]]
    return any(token.lemma[:1].isdigit() for token in beside)


def _entity(kind: str, match: Match, tokens: Sequence[Token]) -> Dict[str, Any]:
    start, end = tokens[match.first].start, tokens[match.last - 1].end
    return {"entity": kind, "value": match.value, "start": start, "end": end, "confidence_entity": 1.0}
