"""The facts' own check, and taking over an official list of agencies."""

import csv
import shutil
from pathlib import Path

import pytest

from core.register import read_list
from ops.knowledge import FOLDER, BadList, import_register, main, problems, taken_over


def test_the_facts_are_in_order() -> None:
    assert list(problems()) == []


@pytest.mark.parametrize(
    ("name", "column", "value", "says"),
    [
        ("fees", "confidence", "sure", "confidence"),
        ("fees", "kind", "some", "kind"),
        ("fees", "cap_amount", "", "without a sum"),
        ("fees", "country_iso2", "XX", "no country"),
        ("registers", "authority", "", "authority is empty"),
        ("hotlines", "numbers", "ask them", "numbers"),
        ("hotlines", "checked_on", "soon", "no date"),
        ("hotlines", "expires_on", "2020-01-01", "expired before"),
        ("hotlines", "confirmed_by", "ab", "go together"),
        ("laws", "say", "utter_nothing", "no such response|international"),
        ("laws", "source_url", "", "without a source"),
        ("indicators", "adult_labour", "X", "weights"),
        ("indicators", "tell", "yes", "tell:"),
    ],
)
def test_a_row_that_is_not_in_order_is_named(tmp_path: Path, name: str, column: str, value: str, says: str) -> None:
    folder = tmp_path / "knowledge"
    shutil.copytree(FOLDER, folder)
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rows[0][column] = value
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    found = [problem for problem in problems(folder) if any(part in problem for part in says.split("|"))]
    assert found
    assert all(problem.startswith(f"{name}.csv, line 2: ") for problem in found)


OFFICIAL = {"S.N.": "1", "Company Name": "Blue Kettle Pvt. Ltd.", "License No.": "12/34", "Status": "Active",
            "Valid Until": "30/06/2027"}  # fmt: skip


def test_columns_states_and_days_are_recognised() -> None:
    rows = [OFFICIAL, {**OFFICIAL, "Status": "Cancelled by the Ministry", "Valid Until": "1 Jan 2026"}]
    assert taken_over(rows, {}) == [
        {"name": "Blue Kettle Pvt. Ltd.", "licence": "12/34", "status": "valid", "valid_until": "2027-06-30"},
        {"name": "Blue Kettle Pvt. Ltd.", "licence": "12/34", "status": "suspended", "valid_until": "2026-01-01"},
    ]


def test_columns_can_be_named() -> None:
    assert taken_over([{"नाम": "Blue Kettle", "नं": "5"}], {"name": "नाम", "licence": "नं"})[0]["licence"] == "5"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({**OFFICIAL, "Status": "Perhaps"}, "no known state"),
        ({**OFFICIAL, "Valid Until": "in summer"}, "no date"),
        ({**OFFICIAL, "Company Name": ""}, "no name"),
        ({"Address": "Main street"}, "no column"),
    ],
)
def test_what_cannot_be_read_stops_the_import(row: dict[str, str], says: str) -> None:
    with pytest.raises(BadList, match=says):
        taken_over([row], {})


def test_what_has_ended_without_a_day_counts_as_stopped() -> None:
    row = {**OFFICIAL, "Status": "Expired", "Valid Until": ""}
    assert taken_over([row], {})[0]["status"] == "suspended"


def written(path: Path, *rows: dict[str, str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_an_imported_list_can_be_read_and_an_unreadable_one_changes_nothing(tmp_path: Path) -> None:
    good, bad = written(tmp_path / "good.csv", OFFICIAL), written(tmp_path / "bad.csv", {**OFFICIAL, "Status": "?"})
    where = ("NP", "https://example.org", "2026-11-01")
    assert import_register(good, *where, {}, tmp_path / "registers") == 1
    with pytest.raises(BadList):
        import_register(bad, *where, {}, tmp_path / "registers")
    kept = read_list(tmp_path / "registers" / "NP.csv")
    assert kept.find("blue kettle").agency is not None
    assert kept.checked_on == "2026-11-01"


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = written(tmp_path / "bad.csv", {**OFFICIAL, "Status": "?"})
    assert main(["import-register", str(bad), "--country", "NP", "--source", "u", "--checked", "2026-11-01"]) == 1
    assert "line 2: no known state" in capsys.readouterr().err
    assert main(["check"]) == 0
