"""The offer check as actions: what a message fills, and how the result is told on each channel."""

import itertools

import pytest

from tests.actions.conftest import Act, user

BAD = {
    "origin": "NP", "destination": "QA", "fee_amount": 150000.0, "fee_currency": "RUPEE", "visa_type": "visit",
    "licence": "no", "contract": "no",
}  # fmt: skip
GOOD = {
    "origin": "NP", "destination": "QA", "fee_amount": 0.0, "fee_currency": None, "visa_type": "work",
    "licence": "yes", "contract": "yes",
}  # fmt: skip


def test_a_message_fills_every_field_that_it_tells(act: Act) -> None:
    facts = (("country", "NP"), ("country", "QA"), ("amount", 150000), ("currency", "RUPEE"), ("visa", "visit"))
    did = act("validate_offer_check_form", intent="describe_offer", facts=facts, requested_slot="origin")
    assert did.slots == {
        "origin": "NP", "destination": "QA", "fee_amount": 150000.0, "fee_currency": "RUPEE", "visa_type": "visit"
    }  # fmt: skip
    assert did.said == []


def test_a_question_that_was_not_answered_stays_open(act: Act) -> None:
    assert act("validate_offer_check_form", intent="greet", requested_slot="licence").slots == {}


@pytest.mark.parametrize(
    ("asked", "value"),
    [("origin", "unknown"), ("licence", "unknown"), ("contract", "unknown"), ("fee_amount", 0.0)],
)
def test_after_two_answers_that_were_not_understood_the_question_is_left(act: Act, asked: str, value: object) -> None:
    once, twice = [user(intent="nlu_fallback")], [user(intent="nlu_fallback")] * 2
    form = {"intent": "nlu_fallback", "requested_slot": asked}
    assert act("validate_offer_check_form", events=once, **form).slots == {}
    assert act("validate_offer_check_form", events=twice, **form).slots == {asked: value}
    between = [user(intent="nlu_fallback"), user(intent="greet"), user(intent="nlu_fallback")]
    assert act("validate_offer_check_form", events=between, **form).slots == {}


def test_every_answer_is_possible_and_every_result_has_all_its_words(act: Act) -> None:
    choices = itertools.product(
        ("NP", "IN", "ID", "KE", "unknown"), ("QA", "unknown"), (0.0, 9000.0, 15000.0, 1e6), ("RUPEE", None),
        ("work", "visit", "unknown"), ("yes", "no", "unknown"), ("web", "sms"),
    )  # fmt: skip
    for origin, destination, amount, currency, visa, licence, channel in list(choices)[::7]:
        did = act(
            "action_offer_result", origin=origin, destination=destination, fee_amount=amount, fee_currency=currency,
            visa_type=visa, licence=licence, contract=licence, channel=channel,
        )  # fmt: skip
        assert did.keys[0].startswith("utter_offer_result")


def test_on_the_web_all_signs_are_told_at_once(act: Act) -> None:
    did = act("action_offer_result", **BAD)
    assert did.keys == ["utter_offer_result", "utter_offer_next_steps"]
    flags = did.said[0][1]["flags"]["list"]
    assert [flag["say"] for flag in flags] == [
        "utter_flag_fee_over_cap", "utter_flag_wrong_visa", "utter_flag_unverifiable_authority",
        "utter_flag_no_contract",
    ]  # fmt: skip
    assert did.said[0][2] == []


def test_by_sms_the_first_sign_is_told_and_the_rest_on_demand(act: Act) -> None:
    did = act("action_offer_result", channel="sms", **BAD)
    assert did.keys == ["utter_offer_result"]
    assert did.said[0][1]["more"] == 3
    assert [button["payload"] for button in did.said[0][2]] == ["/offer_result_all"]
    rest = act("action_offer_all_flags", channel="sms", **BAD).keys
    assert rest == [
        "utter_flag_wrong_visa", "utter_flag_unverifiable_authority", "utter_flag_no_contract",
        "utter_offer_next_steps",
    ]  # fmt: skip


@pytest.mark.parametrize("channel", ["web", "sms", "whatsapp"])
def test_one_sign_is_told_as_one(act: Act, channel: str) -> None:
    did = act("action_offer_result", channel=channel, **{**GOOD, "contract": "no"})
    assert did.keys == ["utter_offer_result_one", "utter_offer_next_steps"]
    assert did.said[0][1]["first"]["say"] == "utter_flag_no_contract"


@pytest.mark.parametrize("channel", ["web", "sms", "whatsapp"])
def test_an_offer_without_a_sign_is_not_called_safe(act: Act, channel: str) -> None:
    assert act("action_offer_result", channel=channel, **GOOD).keys == [
        "utter_offer_result_none", "utter_offer_next_steps"
    ]  # fmt: skip


def test_when_every_question_was_skipped_there_is_still_an_answer(act: Act) -> None:
    skipped = dict.fromkeys(("origin", "destination", "visa_type", "licence", "contract"), "unknown")
    did = act("action_offer_result", fee_amount=0.0, fee_currency=None, **skipped)
    assert did.keys == ["utter_offer_result_one", "utter_offer_next_steps"]


def test_a_lawful_fee_is_a_note_beside_the_standard(act: Act) -> None:
    offer = {**GOOD, "fee_amount": 9000.0, "fee_currency": "RUPEE"}
    assert "utter_note_fee_allowed" in act("action_offer_result", **offer).keys
