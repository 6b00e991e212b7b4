"""The situation check: what is asked, when it stops, and the rule by which signs are combined."""

import csv
import itertools
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from core.checks import UNKNOWN, Check, from_slot, to_slot
from core.heard import Heard
from core.situation import (
    COERCION,
    DECEPTION,
    EXPLOITATION,
    INDICATORS,
    SIGNS,
    TOLD_ONLY,
    URGENT,
    Weight,
    is_decided,
    is_positive,
    next_question,
    positive,
    read,
    reading,
    signs_of,
)

ROOT = Path(__file__).parents[2]
CODES = [row.code for row in INDICATORS]
ANY_SIGNS = st.sets(st.sampled_from([*CODES, *TOLD_ONLY]))


def talk(*yes: str, no: str = "no", **before: object) -> list[str]:
    """Return the questions of a whole check in which these were answered with yes."""
    check, asked = Check(kind="situation", answers=before), []
    while (name := next_question(check)) is not None:
        asked.append(name)
        assert len(asked) < 20
        check = check.with_answers({name: "yes" if name in (*yes, "gate", "adult", "here") else no})
    return asked


def test_there_are_the_eleven_indicators_once_each() -> None:
    assert sorted(row.ilo for row in INDICATORS) == list(range(1, 12))
    flags = yaml.safe_load((ROOT / "data" / "taxonomy.yml").read_text("utf-8"))["red_flags"]
    assert {row.code: [row.ilo] for row in INDICATORS} == {code: flags[code]["ilo"] for code in CODES}


WEIGHTS = {"strong": "S", "medium": "M", "weak": "W"}
LABELS = {
    ("documents_kept", COERCION): "Confiscation of documents",
    ("movement_restricted", COERCION): "Isolation, confinement or surveillance",
    ("isolated", COERCION): "Isolation, confinement or surveillance",
    ("wages_withheld", COERCION): "Withholding of wages",
    ("wages_withheld", EXPLOITATION): "Low or no salary",
    ("wages_withheld", DECEPTION): "Deceived about wages/earnings",
    ("threats", COERCION): "Threats of violence against victim",
    ("debt_bondage", COERCION): "Debt bondage",
    ("violence", COERCION): "Violence on victims",
    ("excessive_hours", EXPLOITATION): "Excessive working days or hours",
    ("bad_conditions", EXPLOITATION): "Very bad working conditions",
    ("deceived", DECEPTION): "Deceived about the nature of the job, location or employer",
    ("vulnerability_abused", 6): "Dependency on exploiters",
}


def test_the_weights_are_those_of_the_table() -> None:
    with (ROOT / "data" / "knowledge" / "indicators.csv").open(encoding="utf-8", newline="") as file:
        table = {(int(row["dimension"][0]), row["indicator"]): row["adult_labour"] for row in csv.DictReader(file)}
    ours = {(row.code, dimension): weight for row in INDICATORS for dimension, weight in row.counts.items()}
    assert ours.keys() == LABELS.keys()
    for (code, dimension), weight in ours.items():
        assert table[dimension, LABELS[code, dimension]] == WEIGHTS[weight]


@pytest.mark.parametrize(
    ("weights", "is_so"),
    [
        ("SS", True), ("SM", True), ("SW", True), ("MMM", True), ("MMW", True),
        ("S", False), ("MM", False), ("MW", False), ("MWW", False), ("WWW", False), ("", False),
    ],
)  # fmt: skip
def test_a_dimension_is_positive_by_the_rule(weights: str, is_so: bool) -> None:
    names: dict[str, Weight] = {"S": "strong", "M": "medium", "W": "weak"}
    assert is_positive([names[letter] for letter in weights]) is is_so


@pytest.mark.parametrize(
    ("signs", "result"),
    [
        ((), "none"),
        (("documents_kept",), "none"),
        (("documents_kept", "wages_withheld"), "coerced"),
        (("threats", "wages_withheld"), "none"),
        (("movement_restricted", "isolated"), "none"),  # one indicator of the table, told in two ways
        (("movement_restricted", "isolated", "threats"), "coerced"),
        (("excessive_hours", "bad_conditions"), "exploited"),
        (("excessive_hours", "wages_withheld"), "exploited"),
        (("excessive_hours", "wages_withheld", "deceived"), "deceived"),
        (("deceived", "changed_terms", "wages_withheld"), "none"),
    ],
)
def test_dimensions_are_combined(signs: tuple[str, ...], result: str) -> None:
    assert reading(signs) == result


@given(ANY_SIGNS, ANY_SIGNS)
def test_a_sign_never_lowers_the_reading(some: set[str], more: set[str]) -> None:
    order = ["none", "exploited", "deceived", "coerced"]
    assert order.index(reading(some)) <= order.index(reading(some | more))
    assert positive(some) <= positive(some | more)


@given(ANY_SIGNS, st.sets(st.sampled_from(CODES)))
def test_decided_means_that_no_answer_can_change_the_reading(signs: set[str], left: set[str]) -> None:
    if is_decided(signs, left) and not URGENT & signs and reading(signs) != "coerced":
        for yes in itertools.chain.from_iterable(itertools.combinations(left, n) for n in range(len(left) + 1)):
            assert reading(signs | set(yes)) == reading(signs)


def test_first_it_is_asked_if_it_is_safe_to_write_and_without_that_nothing_else() -> None:
    assert talk()[0] == "gate"
    assert next_question(Check(kind="situation", answers={"gate": "no"})) is None


def test_it_stops_when_the_rule_is_decided() -> None:
    assert talk("documents_kept", "wages_withheld") == [
        "gate", "documents_kept", "adult", "movement_restricted", "wages_withheld", "here"
    ]  # fmt: skip
    # without wages and hours no dimension can become positive any more
    assert talk() == ["gate", *CODES[:8]]


def test_what_was_told_is_not_asked() -> None:
    check = Check(kind="situation", answers={"gate": "yes"}, flags={"documents_kept": "has my passport"})
    assert next_question(check) == "adult"
    check = check.with_answers({"adult": "yes"})
    assert next_question(check) == "movement_restricted"
    decided = Check(
        kind="situation", answers={"gate": "yes", "adult": "yes"},
        flags={"documents_kept": "has my passport", "wages_withheld": "no salary"},
    )  # fmt: skip
    assert next_question(decided) == "here"


def test_a_child_is_asked_nothing_more() -> None:
    for told in ({"gate": "yes", "adult": "no"}, {"gate": "yes", "documents_kept": "yes", "adult": "no"}):
        assert next_question(Check(kind="situation", answers=told)) is None


def test_skipping_everything_comes_to_an_end_without_a_sign() -> None:
    assert talk(no=UNKNOWN)[-1] == CODES[7]


@given(st.sets(st.sampled_from(CODES)))
def test_no_question_is_put_twice_and_every_yes_is_a_sign(yes: set[str]) -> None:
    asked = talk(*yes)
    assert len(set(asked)) == len(asked)
    answers = {name: "yes" if name in yes else "no" for name in asked}
    assert set(signs_of(Check(kind="situation", answers=answers))) == yes & set(asked)


@pytest.mark.parametrize(
    ("message", "asked", "found"),
    [
        (Heard(intent="affirm", facts=[]), "gate", {"gate": "yes"}),
        (Heard(intent="dont_know", facts=[]), "gate", {"gate": "no"}),
        (Heard(intent="wages", facts=[], flags=[("wages_withheld", "no pay")]), "gate", {"gate": "yes"}),
        (Heard(intent="deny", facts=[]), "threats", {"threats": "no"}),
        (Heard(intent="dont_know", facts=[]), "threats", {"threats": UNKNOWN}),
        (Heard(intent="fees", facts=[]), "threats", {}),
        (Heard(intent="x", facts=[], polarity="affirm"), "threats", {"threats": "yes"}),
        (Heard(intent="inform", facts=[("country", "QA")]), "here", {"here": "QA"}),
        (Heard(intent="affirm", facts=[]), "here", {}),
        (Heard(intent="x", facts=[], flags=[("under_age", "i am 15")]), None, {"adult": "no"}),
    ],
)
def test_a_message_answers_what_it_tells(message: Heard, asked: str | None, found: dict[str, str]) -> None:
    assert read(message, asked) == found


def test_a_check_survives_the_way_to_the_tracker_and_back() -> None:
    check = Check(kind="situation", answers={"gate": "yes"}, flags={"threats": "he said"}, asked="here", shown=("a",))
    assert from_slot(to_slot(check)) == check
    assert from_slot(None) is None


def test_every_sign_has_a_question_or_is_only_told() -> None:
    assert set(SIGNS) == {*CODES, *URGENT}
