"""Every conversation of tests/dialogue/<language>.yml, through the real gateway, model, actions and catalogues."""

from collections import Counter
from itertools import count

import pytest

from core.languages import LANGUAGES
from core.segments import segments
from tests.dialogue.talks import Heard, Somebody, Talk, talks
from tests.e2e.product import Product

TALKS = list(talks())
NUMBERS = count(1)
LEAST = 25
"""Conversations of a language."""
MOST_SEGMENTS = 3


@pytest.mark.parametrize("talk", TALKS, ids=lambda talk: f"{talk.language}: {talk.name}")
def test_a_conversation_goes_as_written(amana: Product, talk: Talk) -> None:
    somebody = Somebody(amana, f"+1500555{next(NUMBERS):04d}", talk.channel)
    for number, turn in enumerate(talk.turns, start=1):
        if "after" in turn:
            somebody.wait(float(turn["after"]))
        heard = somebody.say(str(turn["say"]))
        where = f"{number}. {turn['say']!r} was answered with {heard.keys}: {heard.text}"
        assert set(turn.get("hear", ())) <= set(heard.keys), where
        assert not set(turn.get("never", ())) & set(heard.keys), where
        for words in turn.get("words", ()):
            assert words in heard.text, where
        if talk.channel == "sms":
            assert all(segments(text).count <= MOST_SEGMENTS for text in heard.texts), where
        _is_whole(heard, where)


def _is_whole(heard: Heard, where: str) -> None:
    """Nothing is said that a person should not read: placeholders, codes, nothing at all."""
    for text in heard.texts:
        assert text.strip(), where
        assert "{" not in text, where
        assert "utter_" not in text, where


@pytest.mark.parametrize("language", sorted({talk.language for talk in TALKS}))
def test_a_language_has_enough_conversations_and_each_its_name(language: str) -> None:
    names = Counter(talk.name for talk in TALKS if talk.language == language)
    assert len(names) >= LEAST
    assert max(names.values()) == 1


def test_the_languages_with_conversations_are_those_with_words() -> None:
    assert {talk.language for talk in TALKS} <= set(LANGUAGES)
