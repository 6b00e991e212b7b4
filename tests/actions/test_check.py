"""The checks as actions: what a message fills, when something is said of it, and how the result is told."""

from typing import Any

import pytest

from core.checks import Check, from_slot, to_slot
from core.situation import INDICATORS
from tests.actions.conftest import Act, Did, user

BAD = {
    "origin": "NP", "destination": "QA", "fee_amount": 150000.0, "fee_currency": "RUPEE", "visa_type": "visit",
    "licence": "no", "contract": "no", "recruiter": "person", "passport": "no", "receipt": "yes", "pressure": "no",
    "secret": "no",
}  # fmt: skip
GOOD = {
    **BAD, "fee_amount": 0.0, "visa_type": "work", "licence": "yes", "contract": "yes", "recruiter": "agency",
}  # fmt: skip


def slot(kind: str = "offer", **more: Any) -> dict[str, Any]:
    return to_slot(Check(kind=kind, **more))  # type: ignore[arg-type]


def check_of(did: Did) -> Check:
    found = from_slot(did.slots["check"])
    assert found is not None
    return found


# beginning and going on


@pytest.mark.parametrize("kind", ["offer", "situation", "hours", "agency"])
def test_a_check_begins_empty(act: Act, kind: str) -> None:
    did = act(f"action_begin_{kind}", check=slot("offer", done=True, answers={"origin": "NP"}))
    assert check_of(did) == Check(kind=kind)  # type: ignore[arg-type]
    assert did.slots["answer"] is None
    assert did.said == []


def test_a_check_begins_with_the_countries_that_were_named_before(act: Act) -> None:
    assert check_of(act("action_begin_offer", origin="NP", destination="QA")).answers == {
        "origin": "NP", "destination": "QA"
    }  # fmt: skip
    assert check_of(act("action_begin_situation", destination="QA")).answers == {"here": "QA"}


@pytest.mark.parametrize("place", ["check", "kept"])
def test_an_unfinished_check_is_offered_to_go_on_with(act: Act, place: str) -> None:
    earlier = slot(answers={"fee_amount": 5.0})
    before = {"check": earlier} if place == "check" else {"kept": {"check": earlier, "again": True}}
    asked = act("action_begin_offer", intent="check_offer", **before)
    assert check_of(asked).asked == "resume"
    assert act("action_ask_answer", check=asked.slots["check"]).keys == ["utter_check_resume"]
    again = {"check": asked.slots["check"], "kept": asked.slots["kept"]}
    assert check_of(act("validate_check_form", intent="resume_check", **again)).answers == {"fee_amount": 5.0}
    assert check_of(act("validate_check_form", intent="begin_check", **again)).answers == {}
    assert act("validate_check_form", intent="greet", **again).slots == {}


def test_whoever_tells_of_an_offer_begins_a_new_check(act: Act) -> None:
    facts = (("amount", 5.0), ("visa", "visit"))
    did = act("action_begin_offer", intent="describe_offer", facts=facts, check=slot(answers={"fee_amount": 5.0}))
    assert check_of(did) == Check(kind="offer")


# reading


def test_a_message_fills_every_answer_that_it_gives(act: Act) -> None:
    facts = (("country", "NP"), ("country", "QA"), ("amount", 150000), ("currency", "RUPEE"), ("visa", "visit"))
    did = act("validate_check_form", intent="describe_offer", facts=facts, check=slot())
    assert check_of(did).answers == {
        "origin": "NP", "destination": "QA", "fee_amount": 150000.0, "fee_currency": "RUPEE", "visa_type": "visit"
    }  # fmt: skip
    assert (did.slots["origin"], did.slots["destination"]) == ("NP", "QA")


def test_a_pasted_advert_is_answered_at_once_with_the_words_in_it(act: Act) -> None:
    text = "urgent hotel job doha, pay 150000 today to my esewa"
    did = act(
        "validate_check_form", intent="describe_offer", check=slot(), text=text,
        flags=(("upfront_fee", "pay 150000"), ("rushed", "today"), ("informal_payment", "my esewa")),
    )  # fmt: skip
    assert did.keys == ["utter_offer_first"]
    points = did.arguments["flags"]["list"]
    assert [point["arguments"]["quote"]["quote"] for point in points] == [
        "pay 150000 today to", "today to my esewa", "pay 150000 today to my"
    ]  # fmt: skip
    assert check_of(did).shown == ("upfront_fee", "informal_payment", "rushed")


def test_two_questions_at_most_come_before_the_first_feedback(act: Act) -> None:
    begun = act("validate_check_form", intent="check_offer", check=slot())
    assert check_of(begun).asked == "fee_amount"
    facts = (("amount", 150000.0), ("currency", "NPR"))
    one = act("validate_check_form", intent="inform", facts=facts, check=begun.slots["check"])
    assert (check_of(one).asked, one.said) == ("origin", [])
    two = act("validate_check_form", intent="inform", facts=(("country", "NP"),), check=one.slots["check"])
    assert two.keys[0] == "utter_offer_first"
    three = act("validate_check_form", intent="inform", facts=(("country", "QA"),), check=two.slots["check"])
    assert three.said == []


def test_by_sms_only_the_first_sign_counts_as_told(act: Act) -> None:
    text = "pay today to my esewa"
    flags = (("upfront_fee", "pay"), ("rushed", "today"), ("informal_payment", "my esewa"))
    did = act("validate_check_form", intent="describe_offer", check=slot(), text=text, flags=flags, channel="sms")
    assert check_of(did).shown == ("upfront_fee",)


def test_without_a_sign_that_is_said_too(act: Act) -> None:
    check = slot(answers={"fee_amount": 0.0}, asked="origin", put=2)
    did = act("validate_check_form", intent="inform", facts=(("country", "NP"),), check=check)
    assert did.keys == ["utter_offer_first_none"]


def test_of_two_sums_the_one_in_the_words_about_a_fee_is_the_fee(act: Act) -> None:
    text = "salary 1200 QAR, give 90000 first"
    message = {
        "facts": (), "text": text, "flags": (("upfront_fee", "give 90000 first"),), "intent": "describe_offer",
    }  # fmt: skip
    did = act("validate_check_form", check=slot(), **message)
    assert check_of(did).flags == {"upfront_fee": "give 90000 first"}


def test_a_question_that_was_not_answered_stays_open(act: Act) -> None:
    assert act("validate_check_form", intent="greet", check=slot(asked="licence", put=1)).slots == {}


@pytest.mark.parametrize(("asked", "value"), [("origin", "unknown"), ("licence", "unknown"), ("fee_amount", 0.0)])
def test_after_two_answers_that_were_not_understood_the_question_is_left(act: Act, asked: str, value: object) -> None:
    form = {"intent": "nlu_fallback", "check": slot(asked=asked, put=1)}
    missed = user(intent="nlu_fallback")
    assert act("validate_check_form", events=[missed], **form).slots == {}
    assert check_of(act("validate_check_form", events=[missed, missed], **form)).answers == {asked: value}
    assert act("validate_check_form", events=[missed, user(intent="greet"), missed], **form).slots == {}


def test_one_message_is_read_once_however_often_rasa_asks(act: Act) -> None:
    first = act("validate_check_form", intent="affirm", check=slot(asked="licence"), turn="t1")
    assert act("validate_check_form", intent="affirm", check=first.slots["check"], turn="t1").slots == {}


@pytest.mark.parametrize(
    ("kind", "intent", "flags"),
    [("offer", "describe_situation", (("violence", "hits"),)), ("situation", "check_offer", ())],
)
def test_somebody_who_tells_of_something_else_leaves_for_the_other_check(
    act: Act, kind: str, intent: str, flags: tuple[tuple[str, str], ...]
) -> None:
    check = slot(kind, asked="contract" if kind == "offer" else "threats", put=2)
    assert act("validate_check_form", intent=intent, text="he hits me", flags=flags, check=check).slots == {}


# asking


@pytest.mark.parametrize("asked", ["fee_amount", "work", "recruiter", "receipt", "secret"])
def test_a_question_of_the_offer_check_is_put(act: Act, asked: str) -> None:
    assert act("action_ask_answer", check=slot(asked=asked, put=3)).keys == [f"utter_ask_{asked}"]
    assert act("action_ask_answer", check=slot(asked=asked, put=1)).keys[0] == "utter_offer_intro"


@pytest.mark.parametrize("asked", [*(row.code for row in INDICATORS), "adult", "here"])
def test_every_question_of_the_situation_check_is_hidden_behind_harmless_words(act: Act, asked: str) -> None:
    first = act("action_ask_answer", check=slot("situation", asked=asked, put=2)).keys
    later = act("action_ask_answer", check=slot("situation", asked=asked, put=5)).keys
    assert first == ["utter_situation_intro", f"utter_ask_{asked}"]
    assert later == ["utter_situation_next", f"utter_ask_{asked}"]


def test_the_gate_comes_first_and_alone(act: Act) -> None:
    did = act("validate_check_form", intent="describe_situation", check=slot("situation"))
    assert check_of(did).asked == "gate"
    assert act("action_ask_answer", check=did.slots["check"]).keys == ["utter_describe_situation"]


# results


def result(act: Act, answers: dict[str, Any], channel: str = "web", kind: str = "offer", **more: Any) -> Did:
    return act("action_check_result", channel=channel, check=slot(kind, answers=answers, **more))


def test_every_answer_is_possible_and_every_result_has_all_its_words(act: Act) -> None:
    for name, value in (("origin", "unknown"), ("fee_amount", 0.0), ("licence", "unknown"), ("recruiter", "online")):
        for channel in ("web", "sms"):
            did = result(act, {**BAD, name: value}, channel, flags={"rushed": "now", "threats": "he said"})
            assert did.keys[0].startswith("utter_offer_result")
            assert check_of(did).done


def test_on_the_web_all_signs_are_told_at_once(act: Act) -> None:
    did = result(act, BAD, fed=True)
    assert did.keys == ["utter_offer_result", "utter_offer_next_steps"]
    keys = [point["say"] for point in did.said[0][1]["flags"]["list"]]
    assert keys[:2] == ["utter_flag_fee_over_cap", "utter_flag_wrong_visa"]
    rules = [point["arguments"]["law"] for point in did.said[0][1]["flags"]["list"] if "law" in point["arguments"]]
    assert "Dhaka Principle 2" in rules


def test_by_sms_the_first_new_sign_is_told_and_the_rest_on_demand(act: Act) -> None:
    did = result(act, BAD, "sms", fed=True, shown=("fee_over_cap",))
    assert did.keys == ["utter_offer_result"]
    assert did.said[0][1]["first"]["say"] == "utter_flag_wrong_visa"
    assert did.said[0][1]["more"] == 3
    assert [button["payload"] for button in did.said[0][2]] == ["/offer_result_all"]
    rest = act("action_all_points", channel="sms", check=did.slots["check"]).keys
    assert rest == [
        "utter_other_points", "utter_point_rule", "utter_flag_unverifiable_authority", "utter_flag_fee_over_cap",
        "utter_offer_next_steps",
    ]  # fmt: skip


@pytest.mark.parametrize("channel", ["web", "sms", "whatsapp"])
def test_one_sign_is_told_as_one(act: Act, channel: str) -> None:
    did = result(act, {**GOOD, "contract": "no"}, channel)
    assert did.keys == ["utter_offer_result_one", "utter_offer_next_steps"]


@pytest.mark.parametrize("channel", ["web", "sms", "whatsapp"])
def test_an_offer_without_a_sign_is_not_called_safe(act: Act, channel: str) -> None:
    assert result(act, GOOD, channel).keys == ["utter_offer_result_none", "utter_offer_next_steps"]


def test_a_lawful_fee_is_a_note_beside_the_standard(act: Act) -> None:
    assert "utter_note_fee_allowed" in result(act, {**GOOD, "fee_amount": 9000.0, "fee_currency": "RUPEE"}).keys


def test_somebody_under_18_gets_help_instead_of_a_result(act: Act) -> None:
    assert result(act, {"adult": "no"}).keys == ["utter_under_age"]
    assert result(act, {"gate": "yes", "documents_kept": "yes", "adult": "no"}, kind="situation").keys == [
        "utter_child"
    ]


def test_where_it_is_not_safe_to_write_nothing_is_asked_or_told(act: Act) -> None:
    assert result(act, {"gate": "no"}, kind="situation", flags={"threats": "he said"}).keys == ["utter_deny"]


def test_the_result_of_a_situation_has_the_own_words_the_rule_the_law_and_a_person(act: Act) -> None:
    answers = {"gate": "yes", "adult": "yes", "wages_withheld": "yes", "here": "QA"}
    did = result(act, answers, kind="situation", flags={"documents_kept": "madam has my passport"})
    assert did.keys == ["utter_situation_result", "utter_law_passport", "utter_situation_next_steps"]
    first, second = did.said[0][1]["flags"]["list"]
    assert first["arguments"]["quote"] == {"quote": "madam has my passport"}
    assert first["arguments"]["point"]["arguments"]["law"] == "Dhaka Principle 4"
    assert second["arguments"]["point"]["say"] == "utter_sign_wages_withheld"


def test_no_sign_is_no_promise(act: Act) -> None:
    answers = {"gate": "yes", **{row.code: "no" for row in INDICATORS}}
    assert result(act, answers, kind="situation").keys == ["utter_situation_result_none"]


def test_all_points_without_a_check_show_the_menu(act: Act) -> None:
    assert act("action_all_points").keys == ["utter_menu"]


# a story in the middle of something else


def test_a_message_that_tells_of_several_signs_begins_a_check_whatever_it_asks(act: Act) -> None:
    text = "madam has my passport and no salary, is it ok?"
    flags = (("documents_kept", "madam has my passport"), ("wages_withheld", "no salary"))
    did = act("action_answer", intent="passport_kept", text=text, flags=flags)
    assert did.loop == "check_form"
    assert check_of(did).kind == "situation"
    assert did.said == []


@pytest.mark.parametrize("code", ["documents_kept", "movement_restricted", "violence", "threats", "sold_on"])
def test_one_grave_sign_is_enough_for_the_gate(act: Act, code: str) -> None:
    did = act("action_answer", intent="passport_kept", text="he does that", flags=((code, "does that"),))
    assert did.loop == "check_form"


def test_a_story_of_somebody_else_is_answered(act: Act) -> None:
    text = "my sister does not answer the phone"
    did = act("action_answer", intent="missing_relative", text=text, flags=(("isolated", "not answer"),))
    assert did.keys == ["utter_missing_relative", "utter_ask_here"]


def test_one_lighter_sign_in_a_question_is_a_question(act: Act) -> None:
    did = act("action_answer", intent="wages", text="my pay is late", flags=(("wages_withheld", "pay is late"),))
    assert did.keys == ["utter_wages", "utter_ask_here"]
    assert did.slots == {"topic": "wages"}


def test_two_words_for_one_fee_are_one_sign(act: Act) -> None:
    flags = (("upfront_fee", "charge me"), ("fee_over_cap", "too much"))
    assert act("action_fees", text="they charge me too much", flags=flags).keys == ["utter_fees_general"]


def test_inside_a_check_a_question_is_answered(act: Act) -> None:
    flags = (("rushed", "today"), ("upfront_fee", "pay"))
    did = act("action_answer", intent="visa", text="pay today", flags=flags, loop="check_form")
    assert did.keys == ["utter_visa"]
