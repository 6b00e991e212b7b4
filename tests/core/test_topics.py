"""What is told of a country besides the answer that holds everywhere."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from core.knowledge import NOTICES, Knowledge, Line, Notice, load
from core.topics import LONG_ANSWERS, TOPICS, country_part, help_line, laws, notices

ROOT = Path(__file__).parents[2]
FACTS = load(ROOT / "data" / "knowledge", lambda: date(2026, 11, 22))
ROW = {"country": "QA", "source": "s", "checked_on": "2026-11-22", "tellable": True}


def keys(name: str, country: str, *, alone: bool = False) -> list[str]:
    return [part["say"] for part in country_part(name, country, FACTS, alone=alone)]


def test_every_topic_is_a_meaning_with_a_long_answer() -> None:
    intents = yaml.safe_load((ROOT / "data" / "taxonomy.yml").read_text("utf-8"))["intents"]
    assert set(TOPICS) <= set(intents)
    assert set(TOPICS) <= LONG_ANSWERS


@pytest.mark.parametrize("name", sorted(TOPICS))
@pytest.mark.parametrize("country", ["QA", "SG", "FR"])
def test_an_answer_to_the_question_for_the_country_always_ends_with_whom_to_ask(name: str, country: str) -> None:
    topic = TOPICS[name]
    if topic.kinds:
        assert keys(name, country, alone=True)[-1] in ("utter_help_lines", "utter_help_lines_none")


def test_the_law_comes_before_the_lines() -> None:
    assert keys("passport_kept", "SG") == ["utter_law_passport", "utter_help_lines"]
    assert keys("change_employer", "QA", alone=True) == ["utter_law_change_job", "utter_help_lines_none"]
    assert "utter_law_fee_here" in keys("country_rules", "QA")


def test_a_law_that_nobody_has_confirmed_is_not_told() -> None:
    assert laws("passport_kept", "MY", FACTS) == []
    assert laws("change_employer", "SA", FACTS) == []


def test_by_sms_fewer_lines_are_told() -> None:
    lines = [Line(**ROW, name=str(n), numbers="1", kind="labour", hours="", languages="") for n in range(5)]
    facts = Knowledge([], [], lines)
    for channel, most in (("sms", 2), ("web", 3)):
        (said,) = country_part("wages", "QA", facts, channel)
        assert len(said["arguments"]["lines"]["list"]) == most


def test_a_line_is_told_with_all_that_is_known_of_it() -> None:
    line = Line(**ROW, name="Line", numbers="1", kind="labour", hours="24/7", languages="en ne", sms="55")
    assert help_line(line)["arguments"]["details"] == {
        "join": [
            {"say": "utter_way_call_or_text", "arguments": {"text": "55"}},
            {"say": "utter_hours_always"},
            {"languages": ["en", "ne"]},
            {"say": "utter_line_checked", "arguments": {"checked": {"date": "2026-11-22"}}},
        ]
    }


@pytest.mark.parametrize("kind", NOTICES)
def test_a_notice_has_its_words_and_its_day(kind: str) -> None:
    facts = Knowledge([], [], [], notices=[Notice(**ROW, kind=kind, authority="Ministry")])
    (said,) = notices("QA", facts)
    assert said["say"] == f"utter_notice_{kind}"
    assert said["arguments"]["date"] == {"date": "2026-11-22"}
    assert notices("NP", facts) == []
