"""Words, numbers, money signs and emoji of a message, with their places; each carries its folded spelling.

Rasa's whitespace tokenizer drops emoji and takes a sentence without spaces for one word.
"""

from typing import Any, Dict, Iterator, List, Text

import regex
from icu4py.breakers import WordBreaker
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message

from components.normaliser import folded

_TOKEN = regex.compile(
    r"""\p{N}+(?:[.,٫٬'’]\p{N}+)*              # 1,50,000.50
      | [\p{L}\p{M}](?:[\p{L}\p{M}\u200c\u200d'’]*[\p{L}\p{M}])?
      | \p{Regional_Indicator}{2}              # a flag
      | \p{Extended_Pictographic}(?:\ufe0f|\p{Emoji_Modifier}|\u200d\p{Extended_Pictographic})*
      | \p{Sc}""",
    regex.VERBOSE,
)
# scripts that put no spaces between words; ICU knows their words by dictionary
_WITHOUT_SPACES = [
    (regex.compile(rf"\p{{{script}}}"), locale)
    for script, locale in (("Thai", "th"), ("Khmer", "km"), ("Myanmar", "my"), ("Lao", "lo"))
]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class FoldingTokenizer(Tokenizer):
    """Makes tokens whose `lemma` is the folded word."""

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Return what Rasa's base class asks for; intents are never split."""
        return {"intent_tokenization_flag": False, "intent_split_symbol": "_"}

    def tokenize(self, message: Message, attribute: Text) -> List[Token]:
        """Split one text of a message."""
        return tokens_of(message.get(attribute))


def tokens_of(text: str) -> List[Token]:
    """Split a text into tokens with places in it."""
    return [token for found in _TOKEN.finditer(text) for token in _parts(found.group(), found.start())]


def _parts(word: str, start: int) -> Iterator[Token]:
    locale = next((locale for script, locale in _WITHOUT_SPACES if script.search(word)), None)
    for part in WordBreaker(word, locale) if locale else (word,):
        # an emoji folds to itself; a joiner alone would fold to nothing
        yield Token(part, start, start + len(part), lemma=folded(part) or part)
        start += len(part)
