"""Every conversation of tests/dialogue/<language>.yml, through the real gateway, model, actions and catalogues."""

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from core.languages import LANGUAGES
from core.segments import segments
from tests.dialogue.talks import Heard, Somebody, Talk, talks
from tests.e2e.product import Product

TALKS = list(talks())
LEAST = 25
"""Conversations of a language."""
MOST_SEGMENTS = 3
AT_ONCE = 4


@pytest.fixture(scope="session")
def played(amana: Product, request: pytest.FixtureRequest) -> Iterator[Mapping[Talk, "Future[str]"]]:
    """What went wrong in each conversation that is to be tested; several are held at a time."""
    chosen = [item.callspec.params["talk"] for item in request.session.items if "talk" in _parameters(item)]
    with ThreadPoolExecutor(AT_ONCE) as people:
        yield {talk: people.submit(played_through, amana, talk, number) for number, talk in enumerate(chosen)}


def _parameters(item: pytest.Item) -> Mapping[str, object]:
    return getattr(getattr(item, "callspec", None), "params", {})


def played_through(amana: Product, talk: Talk, number: int) -> str:
    """Hold a conversation to its end, or to the first answer that is not as written, which is returned."""
    somebody = Somebody(amana, f"+1500555{number:04d}", talk.channel)
    for place, turn in enumerate(talk.turns, start=1):
        if "after" in turn:
            somebody.wait(float(turn["after"]))
        heard = somebody.say(str(turn["say"]))
        wrong = what_is_wrong(talk, turn, heard)
        if wrong:
            return f"{place}. {turn['say']!r}: {wrong}; heard {heard.keys}: {heard.text}"
    return ""


def what_is_wrong(talk: Talk, turn: Mapping[str, Any], heard: Heard) -> str:
    """Compare an answer with what is written."""
    missing = set(turn.get("hear", ())) - set(heard.keys)
    unwanted = set(turn.get("never", ())) & set(heard.keys)
    unsaid = [words for words in turn.get("words", ()) if words not in heard.text]
    if missing or unwanted or unsaid:
        return f"missing {sorted(missing)} {unsaid}, unwanted {sorted(unwanted)}"
    if talk.channel == "sms" and any(segments(text).count > MOST_SEGMENTS for text in heard.texts):
        return "an SMS of too many segments"
    broken = [text for text in heard.texts if not text.strip() or "{" in text or "utter_" in text]
    return "a text that nobody should read" if broken else ""


@pytest.mark.parametrize("talk", TALKS, ids=lambda talk: f"{talk.language}: {talk.name}")
def test_a_conversation_goes_as_written(played: Mapping[Talk, "Future[str]"], talk: Talk) -> None:
    assert played[talk].result() == ""


@pytest.mark.parametrize("language", sorted({talk.language for talk in TALKS}))
def test_a_language_has_enough_conversations_and_each_its_name(language: str) -> None:
    names = Counter(talk.name for talk in TALKS if talk.language == language)
    assert len(names) >= LEAST
    assert max(names.values()) == 1


def test_the_languages_with_conversations_are_those_with_words() -> None:
    assert {talk.language for talk in TALKS} <= set(LANGUAGES)
