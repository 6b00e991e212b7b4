"""When a message was not understood: topics, then the doors, then a person; and facts that answer a question."""

import pytest

from tests.actions.conftest import Act, bot, user

MISSED = user(intent="nlu_fallback")


def test_the_likeliest_topics_are_offered_with_a_way_out(act: Act) -> None:
    ranking = ("nlu_fallback", "greet", "wages", "visa", "fees")
    did = act("action_offer_topics", ranking=ranking, events=[MISSED])
    assert did.keys == ["utter_topics"]
    assert [button["payload"] for button in did.said[0][2]] == ["/wages", "/visa", "/menu"]


def test_nothing_that_steers_is_offered_as_a_topic(act: Act) -> None:
    steering = ("greet", "goodbye", "thanks", "affirm", "deny", "dont_know", "out_of_scope", "start_over")
    assert act("action_offer_topics", ranking=steering, events=[MISSED]).keys == ["utter_topics_again"]


@pytest.mark.parametrize(
    ("missed", "key"),
    [(0, "utter_topics"), (1, "utter_topics"), (2, "utter_topics_again"), (3, "utter_topics_person"),
     (9, "utter_topics_person")],
)  # fmt: skip
def test_the_same_is_never_said_twice_in_a_row(act: Act, missed: int, key: str) -> None:
    assert act("action_offer_topics", ranking=("wages",), events=[MISSED] * missed).keys == [key]


def test_a_message_that_was_understood_begins_the_count_anew(act: Act) -> None:
    events = [MISSED, MISSED, bot("utter_topics_again"), user(intent="fees"), bot("utter_fees_cap"), MISSED]
    assert act("action_offer_topics", ranking=("wages",), events=events).keys == ["utter_topics"]


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("utter_fees_general", "utter_fees_cap_some"),
        ("utter_check_agency_general", "utter_check_agency_authority"),
        ("utter_emergency_numbers_general", "utter_emergency_numbers_country"),
        ("utter_greet", "utter_country_rules"),
    ],
)
def test_a_country_alone_answers_the_question_that_was_asked(act: Act, asked: str, answer: str) -> None:
    did = act("action_inform", intent="inform", facts=(("country", "NP"),), events=[user(), bot(asked), user()])
    assert did.keys[0] == answer


def test_a_topic_that_waits_for_a_country_goes_on_with_it_and_ends_with_whom_to_ask(act: Act) -> None:
    did = act("action_inform", intent="inform", facts=(("country", "QA"),), topic="passport_kept")
    assert did.keys == ["utter_law_passport", "utter_help_lines_none"]
    assert did.slots == {"destination": "QA", "topic": None}


def test_a_country_is_asked_for_once(act: Act) -> None:
    assert act("action_answer", intent="wages").keys == ["utter_wages", "utter_ask_here"]
    assert "utter_ask_here" not in act("action_answer", intent="wages", destination="QA").keys


def test_a_fact_that_is_no_country_gets_the_topics(act: Act) -> None:
    assert act("action_inform", intent="inform", facts=(("amount", 5),), ranking=("fees",)).keys == ["utter_topics"]


def test_without_any_event_nothing_breaks(act: Act) -> None:
    assert act("action_inform", facts=(("country", "NP"),), events=[]).keys[0] == "utter_country_rules"
    assert act("action_offer_topics", events=[]).keys == ["utter_topics_again"]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("tigrinya please", "utter_language_not_offered"),
        ("another language", "utter_change_language"),
        ("english please", "utter_change_language"),
    ],
)
def test_a_language_that_is_not_offered_is_named(act: Act, text: str, key: str) -> None:
    assert act("action_change_language", intent="change_language", text=text).keys == [key]


def test_what_is_nothing_of_ours_is_said_once_and_then_helped_like_what_is_not_understood(act: Act) -> None:
    strange = user(intent="out_of_scope")
    told = [act("action_offer_topics", intent="out_of_scope", events=[strange] * times).keys for times in (1, 2, 3)]
    assert told == [["utter_out_of_scope"], ["utter_topics_again"], ["utter_topics_person"]]
