"""The facts in data/knowledge: what is told, and what is not."""

import csv
import re
from datetime import date
from pathlib import Path

import pytest

from core.checks import Check
from core.errors import ConfigError
from core.knowledge import Knowledge, load
from core.messages import Say
from core.offer import findings
from core.points import Finding
from core.points import told as point
from core.words import Words
from ops.i18n import sources

FOLDER = Path(__file__).parents[2] / "data" / "knowledge"
ORIGINS = "NP BD IN LK PK PH ID ET KE UG GH NG MM KH VN MX GT".split()
DESTINATIONS = "QA AE SA KW BH OM JO LB MY SG TH HK TW KR JP IT GB US CA ZA".split()


def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load(FOLDER, lambda: date(2026, 11, 22))


def test_a_rule_for_some_destinations_is_not_told_for_others(knowledge: Knowledge) -> None:
    rule = knowledge.fee_rule("NP", "QA")
    assert rule is not None
    assert (rule.amount, rule.currency) == (10000, "NPR")
    assert knowledge.fee_rule("NP", "JP") is None


def test_lawful_extras_are_not_over_the_limit(knowledge: Knowledge) -> None:
    rule = knowledge.fee_rule("IN", None)
    assert rule is not None
    assert (rule.amount, rule.flag_above) == (30000, 35400)


def test_rows_of_medium_confidence_are_not_told_before_an_editor_confirms_them(knowledge: Knowledge) -> None:
    assert knowledge.fee_rule("BD", "SA") is None
    assert knowledge.register("NP") is None
    assert not knowledge.help_lines("QA")


@pytest.fixture(scope="module")
def confirmed(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    """Return the real facts as if an editor had confirmed every row of medium confidence."""
    folder = tmp_path_factory.mktemp("confirmed")
    for name in ("fees", "registers", "hotlines", "laws", "notices"):
        text = (FOLDER / f"{name}.csv").read_text("utf-8")
        text = re.sub(r",medium,(yes|no),([0-9-]+),,,", r",medium,\1,\2,ab,2026-11-23,", text)
        (folder / f"{name}.csv").write_text(text, "utf-8")
    return load(folder, lambda: date(2026, 11, 24))


def test_a_confirmed_rule_for_one_kind_of_job_is_not_told_to_everybody(confirmed: Knowledge) -> None:
    assert confirmed.fee_rule("BD", "SG") is None
    malaysia = confirmed.fee_rule("BD", "MY")
    assert malaysia is not None
    assert malaysia.amount == 78990


CORRIDORS: list[tuple[dict[str, str], str | None]] = [
    (row, destination)
    for row in rows("fees")
    if row["role"] == "origin" and row["confidence"] != "low" and row["kind"] in ("amount", "zero")
    for destination in (*row["destinations"].split(), *([] if row["destinations"] else [None]))
]


def asking(row: dict[str, str], destination: str | None) -> Check:
    """Return an offer that asks for more than a rule allows, of somebody for whom it holds."""
    work = {"work": row["applies_to"].split()[0]} if row["applies_to"] else {}
    fee = {"fee_amount": float(row["flag_above"] or row["cap_amount"]) + 1, "fee_currency": row["currency"]}
    there = {"destination": destination} if destination else {}
    return Check(kind="offer", answers={"origin": row["country_iso2"], **there, **work, **fee}, flags={})


def in_english(finding: Finding, knowledge: Knowledge, channel: str) -> str:
    words = Words({"en": {(source.context, source.text): source.text for source in sources()}})
    said = point(finding, knowledge)
    pages = words.pages([Say(key=str(said["say"]), arguments=said["arguments"])], "en", channel)  # type: ignore[arg-type]
    return "\n".join(page.text for page in pages)


@pytest.mark.parametrize(
    ("row", "destination"), CORRIDORS, ids=lambda value: value["country_iso2"] if isinstance(value, dict) else value
)
def test_a_fee_above_the_cap_says_so_with_the_name_of_the_law(
    knowledge: Knowledge, confirmed: Knowledge, row: dict[str, str], destination: str | None
) -> None:
    facts = knowledge if row["confidence"] == "high" else confirmed
    (finding, *_) = findings(asking(row, destination), facts)
    expected = "utter_flag_fee_zero" if row["kind"] == "zero" else "utter_flag_fee_over_cap"
    assert (finding.key, finding.arguments["law"]) == (expected, row["law"])
    for channel in ("web", "sms"):
        assert row["law"] in in_english(finding, facts, channel)


@pytest.mark.parametrize("country", ["KE", "PH"])
def test_a_month_of_salary_is_said_with_the_name_of_the_law(confirmed: Knowledge, country: str) -> None:
    offer = Check(kind="offer", answers={"origin": country, "fee_amount": 1.0, "fee_currency": "USD"}, flags={})
    (rule,) = [finding for finding in findings(offer, confirmed) if finding.key == "utter_fees_month"]
    assert str(rule.arguments["law"]) in in_english(rule, confirmed, "sms")


def test_the_rules_of_most_countries_of_origin_are_among_these() -> None:
    assert {row["country_iso2"] for row, _ in CORRIDORS} >= set("NP BD IN PK PH ID UG MX GT".split())


@pytest.mark.parametrize("origin", [*ORIGINS, "FR", "AQ"])
def test_a_country_without_a_rule_that_may_be_told_says_that_it_is_not_known(knowledge: Knowledge, origin: str) -> None:
    offer = Check(kind="offer", answers={"origin": origin, "fee_amount": 500.0, "fee_currency": "USD"}, flags={})
    said = {finding.key for finding in findings(offer, knowledge)}
    assert ("utter_note_fee_unknown" in said) is (knowledge.fee_rule(origin, None) is None)


@pytest.mark.parametrize("country", [*ORIGINS, *DESTINATIONS])
def test_there_is_somebody_to_ask_in_every_country_of_the_main_corridors(knowledge: Knowledge, country: str) -> None:
    assert knowledge.authority(country)
    assert not (knowledge.authority(country) or "").startswith("http")


@pytest.mark.parametrize("name", ["fees", "registers", "hotlines", "laws"])
def test_what_is_told_has_a_source_that_can_be_opened_and_no_note_of_memory(name: str) -> None:
    for row in rows(name):
        if row["confidence"] == "high":
            assert row["source_url"].startswith("http"), row
            assert "memory" not in row["source_url"] + row.get("instrument", ""), row


def test_an_office_can_be_named_where_its_address_may_not_be_told(knowledge: Knowledge) -> None:
    assert knowledge.authority("NP") == "Department of Foreign Employment (DoFE)"
    assert knowledge.authority("FR") is None


def test_both_emergency_numbers_are_told_where_the_lists_disagree(knowledge: Knowledge) -> None:
    told = {country: knowledge.emergency(country) for country in ("IQ", "GH", "MM", "LA")}
    assert all(line is not None and " / " in line.numbers for line in told.values())


def test_nothing_is_told_after_it_has_expired() -> None:
    later = load(FOLDER, lambda: date(2028, 1, 1))
    assert later.emergency("QA") is None
    assert later.fee_rule("IN", None) is None


ROW = {
    "fees": (
        "country_iso2,role,kind,cap_amount,currency,flag_above,destinations,applies_to,law,source_url,confidence,tell,"
        "checked_on,confirmed_by,confirmed_on,expires_on",
        "NP,origin,amount,10000,NPR,,,,Act,https://example.org,{confidence},{tell},2026-01-01,{by},{on},{expires}",
    ),
    "registers": (
        "country_iso2,authority,url,phone,source_url,confidence,tell,checked_on,confirmed_by,confirmed_on,expires_on",
        "NP,Office,https://example.org,1,https://example.org,{confidence},{tell},2026-01-01,{by},{on},{expires}",
    ),
    "hotlines": (
        "country_iso2,name,numbers,kind,hours,languages,source_url,confidence,tell,checked_on,confirmed_by,"
        "confirmed_on,expires_on",
        "NP,Line,100,{kind},,,https://example.org,{confidence},{tell},2026-01-01,{by},{on},{expires}",
    ),
    "laws": (
        "country_iso2,topics,say,law,source_url,confidence,tell,checked_on,confirmed_by,confirmed_on,expires_on",
        "NP,wages passport_kept,utter_law_passport,Act,https://example.org,{confidence},{tell},2026-01-01,{by},{on},"
        "{expires}",
    ),
    "notices": (
        "country_iso2,kind,authority,source_url,confidence,tell,checked_on,confirmed_by,confirmed_on,expires_on",
        "NP,closed,Ministry,https://example.org,{confidence},{tell},2026-01-01,{by},{on},{expires}",
    ),
}
TODAY = date(2026, 6, 1)


def written(folder: Path, **values: str) -> Knowledge:
    """Return facts from files with one row each."""
    row = {"confidence": "high", "tell": "no", "by": "", "on": "", "expires": "", "kind": "labour"} | values
    for name, (header, line) in ROW.items():
        (folder / f"{name}.csv").write_text(f"{header}\n{line.format(**row)}\n", "utf-8")
    return load(folder, lambda: TODAY)


def told(knowledge: Knowledge) -> list[bool]:
    return [
        knowledge.fee_rule("NP", None) is not None,
        knowledge.register("NP") is not None,
        bool(knowledge.help_lines("NP")),
        bool(knowledge.laws("NP", "wages")),
        bool(knowledge.notices("NP")),
    ]


CONFIRMED = {"by": "Asha", "on": "2026-05-01"}


@pytest.mark.parametrize(
    ("values", "may"),
    [
        ({"confidence": "high"}, True),
        ({"confidence": "high", "expires": "2026-06-01"}, True),
        ({"confidence": "high", "expires": "2026-05-31"}, False),
        ({"confidence": "medium"}, False),
        ({"confidence": "medium", "tell": "yes"}, False),
        ({"confidence": "medium", **CONFIRMED}, True),
        ({"confidence": "medium", **CONFIRMED, "expires": "2026-05-31"}, False),
        ({"confidence": "medium", "by": "Asha"}, False),
        ({"confidence": "medium", "on": "2026-05-01"}, False),
        ({"confidence": "low"}, False),
        ({"confidence": "low", **CONFIRMED}, False),
        ({"confidence": "low", "tell": "yes"}, False),
        ({"confidence": ""}, False),
        ({"confidence": "High"}, False),
    ],
)
def test_only_what_is_sure_or_confirmed_and_not_expired_is_told(
    tmp_path: Path, values: dict[str, str], may: bool
) -> None:
    assert told(written(tmp_path, **values)) == [may] * 5


@pytest.mark.parametrize(
    ("values", "may"),
    [
        ({"tell": "yes", "confidence": "medium"}, True),
        ({"tell": "yes", "confidence": "medium", "expires": "2026-05-31"}, False),
        ({"tell": "no", "confidence": "high"}, False),
    ],
)
def test_emergency_numbers_are_told_by_their_own_mark(tmp_path: Path, values: dict[str, str], may: bool) -> None:
    knowledge = written(tmp_path, kind="emergency", **values)
    assert (knowledge.emergency("NP") is not None) is may
    assert knowledge.help_lines("NP") == []


def test_a_row_expires_while_the_service_runs(tmp_path: Path) -> None:
    written(tmp_path, expires="2026-06-01")
    days = iter([date(2026, 6, 1), date(2026, 6, 2)])
    knowledge = load(tmp_path, lambda: next(days))
    assert knowledge.register("NP") is not None
    assert knowledge.register("NP") is None


def test_a_country_without_rows_has_nothing_to_tell(knowledge: Knowledge) -> None:
    assert knowledge.fee_rule("JP", None) is None
    assert knowledge.register("JP") is None
    assert knowledge.emergency("ZZ") is None
    assert knowledge.help_lines("ZZ") == []
    assert not knowledge.has_fee_rule("JP")
    assert knowledge.fee_rule_for_some("JP") is None


def test_a_rule_for_some_destinations_can_be_named_before_the_destination_is_known(knowledge: Knowledge) -> None:
    assert knowledge.fee_rule("NP", None) is None
    some = knowledge.fee_rule_for_some("NP")
    assert some is not None
    assert some == knowledge.fee_rule("NP", "QA")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("fees", None),
        ("fees", ""),
        ("fees", "country_iso2,role\n"),
        ("fees", "country_iso2,role\nNP,origin\n"),
        ("registers", "country_iso2\nNP\n"),
        ("hotlines", "country_iso2\nNP\n"),
    ],
)
def test_a_file_that_cannot_be_read_stops_the_start(tmp_path: Path, name: str, text: str | None) -> None:
    written(tmp_path)
    path = tmp_path / f"{name}.csv"
    path.unlink()
    if text is not None:
        path.write_text(text, "utf-8")
    with pytest.raises(ConfigError):
        load(tmp_path, lambda: TODAY)


def test_a_date_or_a_sum_that_is_none_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ValueError"):
        written(tmp_path, expires="next year")


@pytest.mark.parametrize("name", ["fees", "registers", "hotlines", "indicators"])
def test_every_row_has_a_source_a_date_and_a_known_confidence(name: str) -> None:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    for row in rows:
        assert None not in row, row  # no more cells than columns
        assert row["source_url"], row
        assert row["confidence"] in ("high", "medium", "low"), row
        checked, expires = date.fromisoformat(row["checked_on"]), date.fromisoformat(row["expires_on"])
        assert checked < expires, row
        if row["confirmed_on"]:
            assert row["confirmed_by"], row


def test_every_emergency_number_is_a_number(knowledge: Knowledge) -> None:
    with (FOLDER / "hotlines.csv").open(encoding="utf-8", newline="") as file:
        countries = {row["country_iso2"] for row in csv.DictReader(file) if row["kind"] == "emergency"}
    lines = [line for line in map(knowledge.emergency, sorted(countries)) if line is not None]
    assert len(lines) >= 20
    numbers = re.compile(r"[0-9]{2,5}( \([a-z ,]+\))?( / [0-9]{2,5}( \([a-z ,]+\))?)*")
    wrong = [line.numbers for line in lines if not numbers.fullmatch(line.numbers)]
    assert wrong == []
