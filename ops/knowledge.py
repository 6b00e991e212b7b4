"""Facts: `check` reads every table and says what is wrong with it; `import-register` takes an official list.

    .venv/bin/python -m ops.knowledge check
    .venv/bin/python -m ops.knowledge import-register agencies.csv --country NP --source URL --checked 2026-11-01

The list may be in any order of columns; their names are recognised in English, or given as --name, --licence,
--status, --until. Its words for a state are read by what they begin with; a word that nobody knows stops the import.
"""

import argparse
import csv
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

from babel import Locale

from core import register
from core.config import ROOT
from core.errors import ConfigError
from core.knowledge import NOTICES
from core.register import COLUMNS
from ops.i18n import sources

FOLDER = ROOT / "data" / "knowledge"
REGISTERS = FOLDER / "registers"
COMMON = ("source_url", "confidence", "tell", "checked_on", "confirmed_by", "confirmed_on", "expires_on")
KINDS = {
    "fees": ("amount", "zero", "month_salary", "other", "unknown"),
    "registers": ("register", "office", "reviews", "certificate"),
    "hotlines": ("emergency", "trafficking", "labour", "women", "child", "consular"),
    "notices": NOTICES,
}
NEEDED = {
    "fees": ("country_iso2", "role", "law|kind=unknown|kind=other"), "registers": ("country_iso2", "authority"),
    "hotlines": ("country_iso2", "name", "numbers|sms"), "laws": ("country_iso2", "topics", "law", "meaning"),
    "notices": ("country_iso2", "authority"), "indicators": ("dimension", "indicator"),
}  # fmt: skip
NUMBER = re.compile(r"[+(]?\d[\d ()+/,.-]*( \([^)]*\))?( / [+(]?\d[\d ()+.-]*( \([^)]*\))?)*")
CURRENCY = re.compile(r"[A-Z]{3}")
SPELLINGS = {
    "name": ("name", "agency", "agency name", "company", "company name", "recruiting agency", "recruitment agency"),
    "licence": ("licence", "license", "licence no", "license no", "licence number", "license number", "rc no", "rl no",
                "registration no", "registration number"),
    "status": ("status", "state", "licence status", "license status"),
    "until": ("valid until", "valid till", "validity", "expiry", "expiry date", "expires", "valid_until", "valid to"),
}  # fmt: skip
STATES = {
    "valid": ("valid", "active", "licensed", "good standing", "current", "renewed"),
    "expired": ("expired", "lapsed"),
    "suspended": ("suspend", "cancel", "revoke", "delist", "banned", "blacklist", "forfeit", "inactive", "denied"),
}
DATES = ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y")


class BadList(Exception):
    """An official list could not be taken over."""


def problems(folder: Path = FOLDER) -> Iterator[str]:
    """Return what is wrong with the tables, as file, line and reason."""
    keys = {source.context for source in sources()}
    for name in NEEDED:
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            for line, row in enumerate(csv.DictReader(file), start=2):
                for problem in (*_common(name, row), *_own(name, row, keys)):
                    yield f"{name}.csv, line {line}: {problem}"
    try:
        register.load(folder / "registers")
    except ConfigError as error:
        yield f"registers: {error}"


def _common(name: str, row: Mapping[str, str]) -> Iterator[str]:
    if None in row or None in row.values():
        yield "too many or too few fields"
        return
    yield from (f"{column} is missing" for column in COMMON if column not in row)
    country = row.get("country_iso2", "ZZ")
    if country != "ZZ" and country not in Locale("en").territories:
        yield f"no country: {country}"
    if row["confidence"] not in ("high", "medium", "low"):
        yield f"confidence: {row['confidence']!r}"
    emergency = row.get("kind") == "emergency"
    if row["tell"] not in ("yes", "no") or (row["tell"] == "yes" and row["confidence"] != "high" and not emergency):
        yield "tell: only rows of high confidence, and emergency numbers, are told without a confirmation"
    if bool(row["confirmed_by"]) != bool(row["confirmed_on"]):
        yield "confirmed_by and confirmed_on go together"
    if not row["source_url"] and row["tell"] == "yes":
        yield "told without a source"
    yield from _dates(row)


def _dates(row: Mapping[str, str]) -> Iterator[str]:
    for column in ("checked_on", "confirmed_on", "expires_on"):
        try:
            if row[column]:
                date.fromisoformat(row[column])
        except ValueError:
            yield f"{column} is no date: {row[column]!r}"
            return
    if not row["checked_on"]:
        yield "checked_on is missing"
    if row["expires_on"] and row["expires_on"] <= row["checked_on"]:
        yield "it expired before it was checked"


def _own(name: str, row: Mapping[str, str], keys: set[str]) -> Iterator[str]:
    for needed in NEEDED[name]:
        first, *others = needed.split("|")
        if not row[first] and not any(_holds(row, other) for other in others):
            yield f"{first} is empty"
    if name in KINDS and row["kind"] not in KINDS[name]:
        yield f"kind: {row['kind']!r}"
    if name == "fees" and row["kind"] == "amount" and not (row["cap_amount"] and CURRENCY.fullmatch(row["currency"])):
        yield "a limit without a sum or a currency"
    if name == "hotlines" and row["tell"] == "yes" and row["numbers"] and not NUMBER.fullmatch(row["numbers"]):
        yield f"numbers: {row['numbers']!r}"
    if name == "laws" and row["say"] and row["say"].removeprefix("utter_") not in keys:
        yield f"no such response: {row['say']}"
    if name == "laws" and (row["country_iso2"] == "ZZ") == bool(row["say"]):
        yield "an international rule stands behind a point, one of a country is said with a response"
    if name == "indicators" and {row["adult_labour"], row["child_labour"]} - {"S", "M", "W", "-"}:
        yield "weights are S, M, W or -"


def _holds(row: Mapping[str, str], condition: str) -> bool:
    column, _, value = condition.partition("=")
    return row[column] == value if value else bool(row[column])


def taken_over(rows: Iterable[Mapping[str, str]], named: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the rows of an official list in our columns. Raise BadList naming the row that cannot be read."""
    found, columns = [], dict(named)
    for line, row in enumerate(rows, start=2):
        columns = columns if found else _columns(row, named)
        values = {ours: (row.get(theirs) or "").strip() for ours, theirs in columns.items()}
        if not any(values.values()):
            continue
        if not values["name"]:
            raise BadList(f"line {line}: no name")
        try:
            until = _day(values.get("until", ""))
            status = _state(values.get("status", ""))
        except ValueError as error:
            raise BadList(f"line {line}: {error}") from error
        if status == "expired" and not until:
            status = "suspended"  # it has ended, and the list does not say when
        found.append(
            {"name": values["name"], "licence": values.get("licence", ""), "status": status, "valid_until": until}
        )
    if not found:
        raise BadList("the list is empty")
    return found


def _columns(row: Mapping[str, str], named: Mapping[str, str]) -> dict[str, str]:
    there = {re.sub(r"[^a-z]+", " ", (title or "").lower()).strip(): title for title in row}
    columns = dict(named)
    for ours, spellings in SPELLINGS.items():
        theirs = next((there[spelling] for spelling in spellings if spelling in there), None)
        if ours not in columns and theirs:
            columns[ours] = theirs
    strangers = set(columns.values()) - set(row)
    if strangers or "name" not in columns:
        raise BadList(f"no column {', '.join(sorted(strangers)) or 'with names'}; there are: {', '.join(row)}")
    return columns


def _state(text: str) -> str:
    plain = text.lower().strip()
    found = {state for state, words in STATES.items() for word in words if plain.startswith(word)}
    if plain and len(found) != 1:
        raise ValueError(f"no known state: {text!r}")
    return found.pop() if found else ""


def _day(text: str) -> str:
    for pattern in DATES:
        try:
            return datetime.strptime(text, pattern).date().isoformat()
        except ValueError:
            continue
    if text:
        raise ValueError(f"no date: {text!r}")
    return ""


def import_register(path: Path, country: str, source: str, checked: str, named: Mapping[str, str], to: Path) -> int:
    """Write an official list as <country>.csv and return how many agencies it holds."""
    date.fromisoformat(checked)
    if country not in Locale("en").territories:
        raise BadList(f"no country: {country}")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = taken_over(csv.DictReader(file), named)
    to.mkdir(parents=True, exist_ok=True)
    target, new = to / f"{country}.csv", to / f"{country}.csv.new"
    with new.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows({**row, "source_url": source, "checked_on": checked} for row in rows)
    register.read_list(new)
    new.replace(target)
    return len(rows)


def main(arguments: Sequence[str]) -> int:
    """Run `check` or `import-register`."""
    parser = argparse.ArgumentParser(prog="ops.knowledge", description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check")
    taking = commands.add_parser("import-register")
    taking.add_argument("list", type=Path)
    for name in ("country", "source", "checked"):
        taking.add_argument(f"--{name}", required=True)
    for name in SPELLINGS:
        taking.add_argument(f"--{name}")
    given = parser.parse_args(arguments)
    if given.command == "check":
        found = list(problems())
        sys.stdout.write("".join(f"{problem}\n" for problem in found))
        return 1 if found else 0
    named = {name: getattr(given, name) for name in SPELLINGS if getattr(given, name)}
    try:
        count = import_register(given.list, given.country.upper(), given.source, given.checked, named, REGISTERS)
    except (BadList, ConfigError, ValueError, OSError) as error:
        sys.stderr.write(f"Nothing was changed: {error}\n")
        return 1
    sys.stdout.write(f"{count} agencies; start the action server again to use them\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
