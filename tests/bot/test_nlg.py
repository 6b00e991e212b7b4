"""A response is a key and the arguments that its text asks for; nothing else leaves Rasa."""

import asyncio
from typing import Any

import pytest
from nlg import KeyedResponses, MissingArgument, UnknownResponse
from rasa.shared.core.domain import Domain
from rasa.shared.core.slots import AnySlot
from rasa.shared.core.trackers import DialogueStateTracker

DOMAIN = Domain.from_dict(
    {
        "responses": {
            "utter_plain": [{"text": "Hello."}],
            "utter_pay": [
                {
                    "text": "{who} asks {amount} since {when} in {country}.",
                    "buttons": [{"title": "Yes", "payload": '/affirm{"a": "b"}'}],
                },
                {"text": "short {who}", "channel": "sms"},
            ],
            "utter_list": [{"text": "Signs:\n{flags}"}],
            "utter_flag": [{"text": "- money: {amount}"}],
            "utter_braces": [{"text": "You wrote: {words}"}],
        }
    }
)  # fmt: skip


def say(key: str, slots: "dict[str, Any] | None" = None, **arguments: Any) -> "dict[str, Any]":
    words = KeyedResponses(domain=DOMAIN)
    tracker = DialogueStateTracker("c", [AnySlot(name, [{}]) for name in slots or {}])
    for name, value in (slots or {}).items():
        tracker.slots[name].value = value
    return asyncio.run(words.generate(key, tracker, "gateway", **arguments))


def test_slots_that_the_text_does_not_name_stay_inside() -> None:
    said = say("utter_plain", {"secret": "Sita", "origin": "NP"})

    assert said == {"say": "utter_plain", "arguments": {}, "buttons": [], "text": "Hello."}


def test_typed_arguments_pass_untouched_and_read_well_in_english() -> None:
    typed = {
        "amount": {"money": 150000, "currency": "NPR"},
        "when": {"date": "2017-01-01"},
        "country": {"country": "QA"},
    }

    said = say("utter_pay", {"who": "An agent"}, **typed)

    assert said["arguments"] == {**typed, "who": "An agent"}
    assert said["text"].replace("\u00a0", "") == "An agent asks NPR150,000.00 since Jan 1, 2017 in Qatar."


def test_a_button_with_json_in_its_payload_survives() -> None:
    said = say("utter_pay", {"who": "A", "amount": 1, "when": "now", "country": "X"})

    assert said["buttons"] == [{"title": "Yes", "payload": '/affirm{"a": "b"}'}]


def test_a_list_of_responses_is_said_one_below_the_other() -> None:
    flags = {"list": [{"say": "utter_flag", "arguments": {"amount": {"money": 5, "currency": "USD"}}}] * 2}

    assert say("utter_list", flags=flags)["text"] == "Signs:\n- money: $5.00\n- money: $5.00"


@pytest.mark.parametrize("words", ["{name}", "{{7*7}}", "%s%n", "{0.__class__}", "{words}"])
def test_braces_in_what_a_person_wrote_are_only_braces(words: str) -> None:
    assert say("utter_braces", words=words)["text"] == f"You wrote: {words}"


def test_what_rasa_adds_to_the_arguments_is_not_passed_on() -> None:
    said = say("utter_plain", template="utter_plain", text=None, buttons=[], domain_responses={}, custom={})

    assert said["arguments"] == {}


def test_an_unknown_key_is_an_error_not_silence() -> None:
    with pytest.raises(UnknownResponse):
        say("utter_nothing")


def test_a_missing_argument_is_an_error_not_a_hole_in_the_sentence() -> None:
    with pytest.raises(MissingArgument):
        say("utter_braces")
