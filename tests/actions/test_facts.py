"""Answers that depend on a country, from the real facts: the right text with all that it needs, or an honest one."""

import csv

import pytest

from tests.actions.conftest import ROOT, Act


def rows(name: str) -> list[dict[str, str]]:
    with (ROOT / "data" / "knowledge" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


COUNTRIES = sorted({row["country_iso2"] for name in ("fees", "registers", "hotlines") for row in rows(name)} | {"AQ"})


def named(*codes: str) -> tuple[tuple[str, object], ...]:
    return tuple(("country", code) for code in codes)


@pytest.mark.parametrize("action", ["action_fees", "action_check_agency", "action_emergency_numbers"])
def test_without_a_country_it_is_asked_for(act: Act, action: str) -> None:
    general = {
        "action_fees": "utter_fees_general",
        "action_check_agency": "utter_check_agency_general",
        "action_emergency_numbers": "utter_emergency_numbers_general",
    }[action]
    assert act(action).keys == [general]
    assert act(action, origin="unknown", destination="unknown").keys == [general]


@pytest.mark.parametrize("action", ["action_fees", "action_check_agency", "action_emergency_numbers"])
@pytest.mark.parametrize("country", COUNTRIES)
def test_for_every_country_that_we_know_of_something_complete_is_said(act: Act, action: str, country: str) -> None:
    assert act(action, facts=named(country)).said
    assert act(action, origin=country, destination=country).said


@pytest.mark.parametrize(
    ("countries", "key"),
    [
        (("NP",), "utter_fees_cap_some"),
        (("NP", "QA"), "utter_fees_cap"),
        (("QA", "NP"), "utter_fees_cap"),
        (("IN",), "utter_fees_cap"),
        (("ID",), "utter_fees_zero"),
        (("BD",), "utter_fees_unknown"),
        (("NP", "JP"), "utter_fees_unknown"),
        (("FR",), "utter_fees_unknown_nobody"),
    ],
)
def test_the_fee_is_that_of_the_country_of_origin(act: Act, countries: tuple[str, ...], key: str) -> None:
    did = act("action_fees", facts=named(*countries))
    assert did.keys == [key, *(["utter_law_fee_here"] if "QA" in countries else [])]
    origin = next(code for code in countries if code != "QA")
    arguments = did.said[0][1]
    assert arguments["country"] == {"country": origin}
    if key == "utter_fees_cap":
        assert arguments["law"]
        assert arguments["checked"] == {"date": "2026-11-22"}
        assert arguments["cap"]["money"] in (10000.0, 30000.0)


def test_countries_that_were_told_earlier_are_remembered(act: Act) -> None:
    assert act("action_fees", origin="NP", destination="QA").keys == ["utter_fees_cap", "utter_law_fee_here"]
    assert act("action_fees", facts=named("QA"), origin="NP").keys == ["utter_fees_cap", "utter_law_fee_here"]
    assert act("action_fees", facts=named("IN"), origin="NP").arguments["country"] == {"country": "IN"}


@pytest.mark.parametrize(
    ("country", "key"),
    [
        ("IN", "utter_check_agency_country"),
        ("NP", "utter_check_agency_authority"),
        ("JP", "utter_check_agency_authority"),
        ("FR", "utter_check_agency_nowhere"),
    ],
)
def test_it_is_said_where_an_agency_can_be_checked(act: Act, country: str, key: str) -> None:
    assert act("action_check_agency", facts=named(country)).keys == [key]


def test_an_address_that_is_not_confirmed_is_not_told(act: Act) -> None:
    sure = {row["country_iso2"] for row in rows("registers") if row["confidence"] == "high" and row["url"]}
    for row in rows("registers"):
        did = act("action_check_agency", facts=named(row["country_iso2"]))
        assert ("url" in did.arguments) == (row["country_iso2"] in sure)


@pytest.mark.parametrize("country", ["QA", "IQ", "GH"])
def test_emergency_numbers_come_with_their_date(act: Act, country: str) -> None:
    did = act("action_emergency_numbers", facts=named(country))
    assert did.keys[0] == "utter_emergency_numbers_country"
    arguments = did.said[0][1]
    assert arguments["country"] == {"country": country}
    assert arguments["numbers"][0].isdigit()
    assert arguments["checked"] == {"date": "2026-11-22"}


def test_at_most_three_help_lines_are_told(act: Act) -> None:
    lists = [
        arguments["lines"]["list"]
        for country in COUNTRIES
        for key, arguments, _ in act("action_emergency_numbers", facts=named(country)).said
        if key == "utter_help_lines"
    ]
    assert lists
    assert all(1 <= len(lines) <= 3 for lines in lists)
    assert any({"languages": ["en", "es"]} in line["arguments"]["details"]["join"] for lines in lists for line in lines)


def test_numbers_of_a_country_that_nobody_knows_are_the_general_ones(act: Act) -> None:
    assert act("action_emergency_numbers", facts=named("AQ")).keys == ["utter_emergency_numbers_general"]
