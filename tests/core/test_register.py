"""Looking an agency up: numbers and names in any script; similar is asked back, and never called licensed."""

from datetime import date
from pathlib import Path

import pytest

from core import agencies
from core.errors import ConfigError
from core.register import Agency, AgencyList, load, plain_name, plain_number, read_list

TODAY = date(2026, 11, 22)


def agency(name: str, licence: str, status: str = "", until: str = "2027-06-30") -> Agency:
    return Agency(name=name, licence=licence, status=status, valid_until=until, checked_on="2026-11-01")


LIST = AgencyList(
    (
        agency("Blue Kettle Manpower Pvt. Ltd.", "1234/075/76"),
        agency("Blue Kettles International", "88"),
        agency("Sagar Mountain Overseas", "RC-B-0455"),
        agency("Green Lantern Recruitment", "900"),
    )
)


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("Blue Kettle", "1234/075/76"), ("blue kettle manpower", "1234/075/76"),
        ("BLUE  KETTLE pvt ltd", "1234/075/76"),
        ("1234/075/76", "1234/075/76"), ("licence no 1234-075-76", "1234/075/76"), ("१२३४/०७५/७६", "1234/075/76"),
        ("rc b 0455", "RC-B-0455"), ("Green Lantern", "900"), ("licence 900", "900"),
    ],
)  # fmt: skip
def test_a_number_or_an_equal_name_finds_the_entry(text: str, licence: str) -> None:
    found = LIST.find(text)
    assert found.agency is not None
    assert found.agency.licence == licence


@pytest.mark.parametrize("text", ["blue ketle", "sager mountin", "सागर माउन्टेन", "grin lantern", "جرين لانترن"])
def test_a_similar_name_is_asked_back(text: str) -> None:
    found = LIST.find(text)
    assert found.agency is None
    assert 1 <= len(found.candidates) <= 3


@pytest.mark.parametrize("text", ["Red Teapot", "", "manpower pvt ltd", "12", "नमस्ते"])
def test_what_is_not_in_the_list_is_not_found(text: str) -> None:
    assert LIST.find(text).agency is None
    assert LIST.find(text).candidates == ()


def test_names_are_compared_without_the_words_that_all_share() -> None:
    assert plain_name("The Green Lantern Overseas (Pvt.) Ltd") == "green lantern"
    assert plain_name("Manpower Services") == "manpower services"
    assert plain_number("RC-B 0455") == plain_number("rcb0455")


@pytest.mark.parametrize(
    ("row", "key"),
    [
        (agency("A", "1"), "utter_agency_valid"),
        (agency("A", "1", until="2026-11-22"), "utter_agency_valid"),
        (agency("A", "1", until="2026-11-21"), "utter_agency_expired"),
        (agency("A", "1", "expired", until="2027-01-01"), "utter_agency_suspended"),
        (agency("A", "1", "expired", until=""), "utter_agency_suspended"),
        (agency("A", "1", "suspended"), "utter_agency_suspended"),
        (agency("A", "1", until=""), "utter_agency_listed"),
        (agency("A", "1", "valid", until=""), "utter_agency_listed"),
    ],
)
def test_each_state_has_its_own_words(row: Agency, key: str) -> None:
    said = agencies.entry(row, "Office", TODAY)
    assert said["say"] == key
    assert said["arguments"]["checked"] == {"date": "2026-11-01"}


def test_not_found_says_in_which_list_of_which_day() -> None:
    said = agencies.told(LIST.find("Red Teapot"), "Red Teapot", "Office", LIST, TODAY)
    assert said == {
        "say": "utter_agency_not_found",
        "arguments": {"name": "Red Teapot", "authority": "Office", "checked": {"date": "2026-11-01"}},
    }


HEADER = "name,licence,status,valid_until,source_url,checked_on\n"


def test_lists_are_read_by_country(tmp_path: Path) -> None:
    (tmp_path / "NP.csv").write_text(HEADER + "A,1,valid,2027-01-01,https://example.org,2026-11-01\n", "utf-8")
    assert list(load(tmp_path)) == ["NP"]
    assert load(tmp_path / "none") == {}


@pytest.mark.parametrize(
    "line", [",1,valid,2027-01-01,u,2026-11-01", "A,1,odd,2027-01-01,u,2026-11-01", "A,1,valid,soon,u,2026-11-01",
             "A,1,valid,,u,"]
)  # fmt: skip
def test_a_row_that_cannot_be_read_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "NP.csv"
    path.write_text(HEADER + line + "\n", "utf-8")
    with pytest.raises(ConfigError, match=r"NP\.csv, line 2"):
        read_list(path)
