"""The offer check: what is read from messages, and which findings follow."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from core import responses
from core.checks import UNKNOWN, Check
from core.heard import Heard
from core.knowledge import FeeRule, Knowledge, Register, load
from core.offer import FIRST_FEEDBACK_AFTER, currency_of, findings, next_question, read, skipped
from core.offer.findings import ORDER
from core.offer.questions import QUESTIONS
from core.offer.told import DESTINATIONS, TOLD_BY, WAGE_CURRENCIES
from core.points import Finding, told
from core.situation import SIGNS

ROOT = Path(__file__).parents[2]
KNOWLEDGE = load(ROOT / "data" / "knowledge", lambda: date(2026, 11, 22))
RULES = [row for row in KNOWLEDGE._fees if row.role == "origin" and row.tellable and not row.applies_to]


def Offer(flags: dict[str, str] | None = None, **answers: object) -> Check:
    """Return an offer check in which this was told; None is not asked yet."""
    given = {name: value for name, value in answers.items() if value is not None}
    return Check(kind="offer", answers=given, flags=flags or {})


NOTHING = Offer()


def heard(intent: str = "describe_offer", **facts: object) -> Heard:
    return Heard(intent=intent, facts=[(kind, value) for kind, values in facts.items() for value in values])  # type: ignore[attr-defined]


READ = [
    ("one country that was asked for", heard(country=["QA"]), "origin", {"origin": "QA"}),
    ("one country that was asked for", heard(country=["NP"]), "destination", {"destination": "NP"}),
    ("one country where people go", heard(country=["QA"]), None, {"destination": "QA"}),
    ("one country where people leave", heard(country=["NP"]), None, {"origin": "NP"}),
    ("from here to there", heard(country=["NP", "QA"]), None, {"origin": "NP", "destination": "QA"}),
    ("there, from here", heard(country=["QA", "NP"]), None, {"origin": "NP", "destination": "QA"}),
    ("two where people go", heard(country=["MY", "SG"]), None, {"origin": "MY", "destination": "SG"}),
    ("two where people leave", heard(country=["NP", "IN"]), None, {"origin": "NP", "destination": "IN"}),
    ("two although one was asked", heard(country=["QA", "NP"]), "origin", {"origin": "NP", "destination": "QA"}),
    ("who they are", heard(nationality=["BD"]), None, {"origin": "BD"}),
    ("who they are, and where to", heard(nationality=["KE"], country=["ET"]), None,
     {"origin": "KE", "destination": "ET"}),
    ("who they are, with the name of it", heard(nationality=["NP"], country=["NP"]), "origin", {"origin": "NP"}),
    ("one country twice", heard(country=["QA", "QA"]), None, {"destination": "QA"}),
    ("money asked for", heard(amount=[50000], currency=["NPR"]), "fee_amount",
     {"fee_amount": 50000.0, "fee_currency": "NPR"}),
    ("money without a currency, asked for", heard(amount=[50000]), "fee_amount",
     {"fee_amount": 50000.0, "fee_currency": None}),
    ("money without a currency, not asked for", heard(amount=[50000]), "origin", {}),
    ("rupees, not asked for", heard(amount=["50000"], currency=["RUPEE"]), None,
     {"fee_amount": 50000.0, "fee_currency": "RUPEE"}),
    ("a wage, not asked for", heard(amount=[1200], currency=["QAR"]), None, {}),
    ("a fee in the money of the destination", heard(amount=[1200], currency=["QAR"]), "fee_amount",
     {"fee_amount": 1200.0, "fee_currency": "QAR"}),
    ("a currency alone", heard(currency=["NPR"]), "fee_amount", {}),
    ("nothing", heard("deny"), "fee_amount", {"fee_amount": 0.0}),
    ("does not know the sum", heard("dont_know"), "fee_amount", {"fee_amount": 0.0}),
    ("a visa", heard(visa=["visit"]), None, {"visa_type": "visit"}),
    ("a button for a visa", heard("visa_work"), "visa_type", {"visa_type": "work"}),
    ("a button for a visa", heard("visa_visit"), "visa_type", {"visa_type": "visit"}),
    ("yes", heard("affirm"), "licence", {"licence": "yes"}),
    ("no", heard("deny"), "contract", {"contract": "no"}),
    ("yes to which country", heard("affirm"), "origin", {}),
    ("no to which visa", heard("deny"), "visa_type", {}),
    *((f"skips {name}", heard("dont_know"), name, {name: UNKNOWN})
      for name in ("origin", "destination", "visa_type", "licence", "contract")),
    ("an answer and more", heard("affirm", country=["NP"], visa=["work"]), "licence",
     {"licence": "yes", "origin": "NP", "visa_type": "work"}),
    ("another topic", heard("greet"), "licence", {}),
    ("yes, unasked", heard("affirm"), None, {}),
]  # fmt: skip


@pytest.mark.parametrize(("message", "asked", "fields"), [row[1:] for row in READ], ids=[row[0] for row in READ])
def test_a_message_fills_what_it_tells(message: Heard, asked: str | None, fields: dict[str, object]) -> None:
    assert read(message, asked, NOTHING) == fields


def test_a_second_country_goes_to_the_side_that_is_empty() -> None:
    assert read(heard(country=["IN"]), None, Offer(origin="NP")) == {"destination": "IN"}


@pytest.mark.parametrize("currency", sorted(WAGE_CURRENCIES))
def test_an_unasked_amount_in_the_money_of_a_destination_is_no_fee(currency: str) -> None:
    assert read(heard(amount=[1500], currency=[currency]), "licence", NOTHING) == {}


FAMILIES = [
    ("NP", "RUPEE", "NPR"),
    ("IN", "RUPEE", "INR"),
    ("PK", "RUPEE", "PKR"),
    ("LK", "RUPEE", "LKR"),
    ("PH", "PESO", "PHP"),
    ("MX", "PESO", "MXN"),
    ("BD", "RUPEE", "RUPEE"),
    ("NP", "PESO", "PESO"),
    ("AQ", "PESO", "PESO"),
    (UNKNOWN, "RUPEE", "RUPEE"),
    (None, "PESO", "PESO"),
    ("NP", None, "NPR"),
    ("AQ", None, None),
    (None, None, None),
]


@pytest.mark.parametrize(("origin", "meant", "currency"), FAMILIES)
def test_rupees_and_pesos_are_those_of_the_country_of_origin_or_nobodys(
    origin: str | None, meant: str | None, currency: str | None
) -> None:
    assert currency_of(Offer(origin=origin, fee_currency=meant)) == currency
    assert currency_of(Offer(origin=origin, fee_currency="USD")) == "USD"


def of_code(offer: Check, code: str | None, knowledge: Knowledge = KNOWLEDGE) -> list[Finding]:
    return [finding for finding in findings(offer, knowledge) if finding.code == code]


def paying(rule: FeeRule, amount: float) -> Check:
    destination = rule.destinations[0] if rule.destinations else "QA"
    return Offer(origin=rule.country, destination=destination, fee_amount=amount, fee_currency=rule.currency)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.country)
def test_a_fee_above_what_the_law_allows_names_the_law_and_its_date(rule: FeeRule) -> None:
    (finding, *_) = findings(paying(rule, 10_000_000.0), KNOWLEDGE)
    if rule.kind == "amount":
        assert finding.code == "fee_over_cap"
        assert finding.arguments["cap"] == {"money": rule.amount, "currency": rule.currency}
    elif rule.kind == "zero":
        assert (finding.code, finding.key) == ("upfront_fee", "utter_flag_fee_zero")
    else:
        assert finding.code == "upfront_fee"
        return
    assert finding.arguments["law"] == rule.law
    assert rule.law
    assert date.fromisoformat(finding.arguments["checked"]["date"]) <= date(2026, 11, 22)  # type: ignore[index]
    assert finding.arguments["amount"] == {"money": 10_000_000.0, "currency": rule.currency}


def test_there_are_rules_of_both_kinds_to_try() -> None:
    assert {"amount", "zero"} <= {rule.kind for rule in RULES}


@pytest.mark.parametrize(
    ("amount", "codes", "notes"),
    [
        (9_999.0, [], ["utter_note_fee_allowed"]),
        (10_000.0, [], ["utter_note_fee_allowed"]),
        (10_001.0, ["upfront_fee"], ["utter_fees_cap"]),
        (20_895.0, ["upfront_fee"], ["utter_fees_cap"]),
        (20_896.0, ["fee_over_cap"], []),
        (0.0, [], []),
        (None, [], []),
    ],
)
def test_between_the_cap_and_what_is_certainly_over_it_stands_a_question(
    amount: float | None, codes: list[str], notes: list[str]
) -> None:
    offer = Offer(origin="NP", destination="QA", fee_amount=amount, fee_currency="RUPEE")
    found = findings(offer, KNOWLEDGE)
    assert [finding.code for finding in found if finding.code] == codes
    assert [finding.key for finding in found if not finding.code] == notes


def test_a_sum_in_another_currency_is_not_compared() -> None:
    offer = Offer(origin="NP", destination="QA", fee_amount=500.0, fee_currency="USD")
    assert [finding.key for finding in findings(offer, KNOWLEDGE)] == ["utter_flag_upfront_fee"]


@pytest.mark.parametrize("origin", [None, UNKNOWN])
def test_a_fee_from_nowhere_is_measured_by_the_standard(origin: str | None) -> None:
    offer = Offer(origin=origin, fee_amount=500.0)
    assert [finding.key for finding in findings(offer, KNOWLEDGE)] == ["utter_flag_upfront_fee"]


def test_where_no_rule_may_be_told_that_is_said() -> None:
    offer = Offer(origin="GH", destination="SA", fee_amount=500.0, fee_currency="GHS")
    assert [finding.key for finding in findings(offer, KNOWLEDGE)] == [
        "utter_flag_upfront_fee", "utter_note_fee_unknown"
    ]  # fmt: skip


def test_a_month_of_salary_is_said_as_a_rule_and_not_compared() -> None:
    row = replace(RULES[0], country="KE", kind="month_salary", amount=None, destinations=())
    offer = Offer(origin="KE", fee_amount=500.0, fee_currency=row.currency)
    assert [finding.key for finding in findings(offer, Knowledge([row], [], []))] == [
        "utter_flag_upfront_fee", "utter_fees_month"
    ]  # fmt: skip


@pytest.mark.parametrize("visa", ["visit", "student", "business"])
def test_a_visa_that_is_not_for_work_is_a_flag(visa: str) -> None:
    (named,) = of_code(Offer(visa_type=visa, destination="QA"), "wrong_visa")
    assert named.arguments == {"country": {"country": "QA"}}
    for destination in (None, UNKNOWN):
        (general,) = of_code(Offer(visa_type=visa, destination=destination), "wrong_visa")
        assert general.key == "utter_flag_wrong_visa_general"


@pytest.mark.parametrize("visa", ["work", UNKNOWN, None])
def test_a_work_visa_or_an_unknown_one_is_no_flag(visa: str | None) -> None:
    assert of_code(Offer(visa_type=visa, destination="QA"), "wrong_visa") == []


@pytest.mark.parametrize(
    ("origin", "key"),
    [
        ("IN", "utter_flag_unverifiable_at"),
        ("NP", "utter_flag_unverifiable_authority"),
        ("FR", "utter_flag_unverifiable"),
        (UNKNOWN, "utter_flag_unverifiable"),
        (None, "utter_flag_unverifiable"),
    ],
)
@pytest.mark.parametrize("licence", ["no", UNKNOWN])
def test_without_a_licence_number_it_is_said_where_to_ask(origin: str | None, key: str, licence: str) -> None:
    assert [finding.key for finding in findings(Offer(origin=origin, licence=licence), KNOWLEDGE)] == [key]


def test_a_register_that_may_be_told_without_an_address_names_the_office() -> None:
    row = Register(
        country="NP", source="s", checked_on="2026-11-22", tellable=True, authority="Office", url="", phone="1"
    )
    (finding,) = findings(Offer(origin="NP", licence="no"), Knowledge([], [row], []))
    assert (finding.key, finding.arguments) == ("utter_flag_unverifiable_authority", {"authority": "Office"})


@pytest.mark.parametrize(("contract", "count"), [("no", 1), ("yes", 0), (UNKNOWN, 0), (None, 0)])
def test_only_a_contract_that_was_not_seen_is_a_flag(contract: str | None, count: int) -> None:
    assert len(of_code(Offer(contract=contract), "no_contract")) == count


COUNTRIES = st.sampled_from([None, UNKNOWN, "JP", "PK", "AQ", *sorted({row.country for row in RULES} | DESTINATIONS)])
ANSWERS = st.sampled_from([None, UNKNOWN, "yes", "no"])
OFFERS = st.builds(
    Offer, origin=COUNTRIES, destination=COUNTRIES, fee_amount=st.sampled_from([None, 0.0, 1.0, 15000.0, 1e7]),
    fee_currency=st.sampled_from([None, "RUPEE", "PESO", "NPR", "INR", "USD"]),
    visa_type=st.sampled_from([None, UNKNOWN, "work", "visit", "student", "business"]), licence=ANSWERS,
    contract=ANSWERS, receipt=ANSWERS, passport=ANSWERS, pressure=ANSWERS, secret=ANSWERS, adult=ANSWERS,
    recruiter=st.sampled_from([None, UNKNOWN, "agency", "person", "online"]),
    flags=st.dictionaries(st.sampled_from([*ORDER, *SIGNS]), st.just("words"), max_size=5),
)  # fmt: skip
CODES = set(yaml.safe_load((ROOT / "data" / "taxonomy.yml").read_text("utf-8"))["red_flags"])
KEYS = set(responses.load(ROOT / "bot" / "domain" / "responses").choices)


def test_every_family_of_gulf_money_is_taken_for_a_wage() -> None:
    families = yaml.safe_load((ROOT / "data" / "lexicon.yml").read_text("utf-8"))["families"]
    assert {name for name, codes in families.items() if codes[0] in WAGE_CURRENCIES} - {"POUND"} <= WAGE_CURRENCIES


@given(OFFERS)
def test_every_finding_has_a_known_code_and_words_and_flags_come_before_notes(offer: Check) -> None:
    found = findings(offer, KNOWLEDGE)
    assert {finding.code for finding in found} <= CODES | {None}
    assert {finding.key.removeprefix("utter_") for finding in found} <= KEYS
    assert [finding.code is None for finding in found] == sorted(finding.code is None for finding in found)
    assert len({finding.key for finding in found}) == len(found)


@given(OFFERS)
def test_money_that_is_asked_for_never_passes_in_silence(offer: Check) -> None:
    if offer.known("fee_amount"):
        assert any("amount" in finding.arguments for finding in findings(offer, KNOWLEDGE))


FACTS = st.lists(
    st.tuples(st.just("country"), st.sampled_from(["NP", "QA", "IN", "MY"]))
    | st.tuples(st.just("amount"), st.integers(0, 10**7))
    | st.tuples(st.just("currency"), st.sampled_from(["NPR", "RUPEE", "QAR"]))
    | st.tuples(st.just("visa"), st.sampled_from(["work", "visit"])),
    max_size=6,
)
FIELDS = (*QUESTIONS, "fee_currency", "work", "agency", "adult")


@given(st.sampled_from(["affirm", "deny", "dont_know", "greet", "visa_work"]), FACTS, st.sampled_from([None, *FIELDS]))
def test_what_is_read_fits_into_an_offer_and_can_be_judged(intent: str, facts: list, asked: str | None) -> None:
    filled = read(Heard(intent=intent, facts=facts), asked, NOTHING)
    assert set(filled) <= set(FIELDS)
    findings(NOTHING.with_answers(filled), KNOWLEDGE)


@pytest.mark.parametrize("code", ORDER)
def test_a_sign_that_only_words_told_of_is_told_with_these_words_and_a_rule_where_there_is_one(code: str) -> None:
    (finding,) = findings(Offer(flags={code: "what they wrote"}), KNOWLEDGE)
    assert finding.code == code
    point = told(finding, KNOWLEDGE)
    assert point["say"] == "utter_point_quoted"
    assert point["arguments"]["quote"] == {"quote": "what they wrote"}  # type: ignore[index]
    has_rule = point["arguments"]["point"]["say"] == "utter_point_rule"  # type: ignore[index]
    assert has_rule == (KNOWLEDGE.standard(code) is not None)


def test_the_words_about_a_fee_stand_beside_what_the_law_says_of_it() -> None:
    offer = Offer(flags={"upfront_fee": "150000 today"}, origin="NP", destination="QA", fee_amount=150000.0)
    (finding,) = [row for row in findings(offer, KNOWLEDGE) if row.code]
    assert (finding.code, finding.quote) == ("fee_over_cap", "150000 today")


def test_every_red_flag_of_an_offer_has_words() -> None:
    flags = yaml.safe_load((ROOT / "data" / "taxonomy.yml").read_text("utf-8"))["red_flags"]
    assert {code for code, row in flags.items() if row["stage"] == "offer"} == set(ORDER)
    assert {code for code, row in flags.items() if row["stage"] == "situation"} == set(SIGNS)


# what is asked


def asked(**told_before: object) -> list[str]:
    """Return all questions, each answered with "no" or nothing."""
    check, names = Offer(**told_before), []
    while (name := next_question(check)) is not None:
        names.append(name)
        check = check.with_answers(skipped(name))
    return names


def test_nothing_that_was_told_is_asked() -> None:
    everything = dict.fromkeys(QUESTIONS, "no")
    assert asked(**everything) == []
    for name in QUESTIONS:
        left = {key: value for key, value in everything.items() if key != name}
        assert asked(**left) == [name]


def test_a_receipt_is_asked_for_only_where_money_is_asked_for() -> None:
    assert "receipt" not in asked()
    assert "receipt" in asked(fee_amount=5.0)


def test_a_sign_in_a_message_answers_its_question() -> None:
    for code, (name, value) in TOLD_BY.items():
        filled = read(Heard(intent="describe_offer", facts=[], flags=[(code, "words")]), None, NOTHING)
        assert filled == {name: value}


def test_a_person_under_18_is_asked_nothing_more() -> None:
    assert asked(adult="no") == []


def test_the_name_is_asked_for_where_it_can_be_looked_up() -> None:
    assert next_question(Offer(**dict.fromkeys(set(QUESTIONS) - {"licence"}, "no")), can_look_up=True) == "agency"
    assert asked(agency="Star", **dict.fromkeys(set(QUESTIONS) - {"licence"}, "no")) == ["licence"]


def test_the_work_is_asked_for_only_where_the_law_asks_too() -> None:
    known = dict.fromkeys(QUESTIONS, "no")
    assert next_question(Offer(**known), jobs_matter=True) == "work"
    assert next_question(Offer(work="domestic_work", **known), jobs_matter=True) is None


def test_the_first_two_questions_are_those_that_a_limit_needs() -> None:
    assert asked()[:FIRST_FEEDBACK_AFTER] == ["fee_amount", "origin"]
