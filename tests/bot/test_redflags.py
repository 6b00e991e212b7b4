"""Red flags and dangers are learnt from marked passages and found with the words that show them."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from components.passages import Passage
from components.redflags import read_passages
from rasa.core.agent import Agent

LEARNT = Path(__file__).resolve().parent / "project" / "data"


@pytest.fixture(scope="module")
def agent(model: Path) -> Agent:
    loaded = Agent()
    loaded.load_model(str(model))
    return loaded


def heard(agent: Agent, text: str, kind: str) -> "dict[str, Any]":
    found = asyncio.run(agent.parse_message(text))["entities"]
    return {entity["value"]: entity for entity in found if entity["entity"] == kind}


def test_passages_know_where_their_words_stand() -> None:
    passages = read_passages(LEARNT)

    first = passages[0]
    assert first.text[slice(*first.signs["upfront_fee"])] == "500 dollars before the visa"
    assert Passage("the company pays the visa and the ticket", {}) in passages


def test_a_flag_is_found_with_its_words_and_a_confidence(agent: Agent) -> None:
    text = "hello. my agent says pay 400 first for the visa"
    found = heard(agent, text, "red_flag")

    assert list(found) == ["upfront_fee"]
    flag = found["upfront_fee"]
    assert "pay 400 first" in text[flag["start"] : flag["end"]]
    assert 0.5 < flag["confidence_entity"] <= 1.0


def test_two_flags_of_one_message_are_both_found(agent: Agent) -> None:
    text = "pay 700 first for the visa. now the boss took my passport"

    assert set(heard(agent, text, "red_flag")) == {"upfront_fee", "documents_kept"}


@pytest.mark.parametrize("text", ["good morning", "the company pays the visa", "🙏", ""])
def test_what_shows_nothing_gets_no_flag(agent: Agent, text: str) -> None:
    assert heard(agent, text, "red_flag") == {}


def test_a_danger_is_found_and_what_only_sounds_like_it_is_not(agent: Agent) -> None:
    assert list(heard(agent, "he comes with a knife and hit me now", "danger")) == ["violence_now"]
    assert list(heard(agent, "madam locked me in the house", "danger")) == ["locked_in"]
    assert heard(agent, "my phone is locked", "danger") == {}


def test_a_message_has_one_danger_at_most(agent: Agent) -> None:
    assert len(heard(agent, "madam locked me in the room and is beating me now with a stick", "danger")) == 1
