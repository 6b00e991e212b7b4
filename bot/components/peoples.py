"""Names of peoples: "Nepali", "kenyan", "filipina". Many of them name a language too, and then a message decides."""

from typing import Any, Iterator, List, Mapping, Sequence, Tuple

from babel import Locale
from rasa.nlu.tokenizers.tokenizer import Token

from components.numerals import single_words
from components.phrases import Match, PhraseBook, Words, inverted, words_of

_CHOICE = 2  # words: "nepali please" asks for the language
_ARTICLE = "ال"  # CLDR writes Arabic names of languages with it


class Peoples:
    """Reads nationalities in a row of tokens."""

    def __init__(self, lexicon: Mapping[str, Any], languages: Sequence[str]) -> None:
        affixes = lexicon["endings"], lexicon["beginnings"]
        self._peoples = PhraseBook(inverted(lexicon["nationalities"]), *affixes)
        self._languages = PhraseBook(_cldr_languages(languages), *affixes)
        self._of_language = single_words(lexicon["language_words"])
        self._before_place = single_words(lexicon["place_words"])
        self._before_language = single_words(lexicon["language_before"]) | self._of_language

    def find(self, tokens: Sequence[Token]) -> List[Match]:
        """Find peoples; each Match's value is the code of a country."""
        return [
            match
            for match in self._peoples.find(tokens)
            if not self._is_language(tokens, match) and not self._is_place(tokens, match)
        ]

    def _is_place(self, tokens: Sequence[Token], match: Match) -> bool:
        """Tell whether a word that is also a name of the country is used so: "kerja di Filipina"."""
        return match.first > 0 and tokens[match.first - 1].lemma in self._before_place

    def _is_language(self, tokens: Sequence[Token], match: Match) -> bool:
        if not self._languages.find(tokens[match.first : match.last]):
            return False
        before = tokens[match.first - 1].lemma if match.first else ""
        after = tokens[match.last].lemma if match.last < len(tokens) else ""
        return len(tokens) <= _CHOICE or before in self._before_language or after in self._of_language


def _cldr_languages(languages: Sequence[str]) -> Iterator[Tuple[Words, bool]]:
    for language in languages:
        for name in Locale.parse(language).languages.values():
            yield words_of(name), True
            if name.startswith(_ARTICLE):
                yield words_of(name[len(_ARTICLE) :]), True
