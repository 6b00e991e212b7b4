"""Facts with their source, date and confidence: fee rules, registers, numbers to call (data/knowledge/*.csv).

Only rows of high confidence, or of medium confidence that an editor has confirmed, are told as fact; expired rows are
not told (architecture.md section 6). Emergency numbers carry their own mark, see data/knowledge/README.md.
"""

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, TypeVar

from core.errors import ConfigError

FeeKind = Literal["amount", "zero", "month_salary", "other", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a row comes from and whether it may be told."""

    country: str
    """ISO 3166-1 alpha-2; ZZ is international."""
    source: str
    checked_on: str
    tellable: bool
    expires_on: str = ""
    """The last day on which it may be told, as ISO date; empty is for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeRule(Source):
    """What the law of a country lets a worker be charged."""

    role: str
    kind: FeeKind
    amount: float | None
    currency: str
    destinations: tuple[str, ...]
    """Countries that the rule is for; empty means all."""
    applies_to: tuple[str, ...]
    """Jobs, people or programmes that the rule is limited to; empty means all."""
    flag_above: float | None
    """A sum that is certainly over the limit, where lawful extras come on top."""
    law: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Register(Source):
    """Who keeps the list of licensed agencies."""

    authority: str
    url: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line(Source):
    """Numbers to call."""

    name: str
    numbers: str
    kind: str
    hours: str
    """As in the source; 24/7 is said in words."""
    languages: str
    """ISO 639 codes, separated by spaces."""
    sms: str = ""
    """Where it takes text messages."""


Row = TypeVar("Row", bound=Source)


class Knowledge:
    """Finds facts. Rows that may not be told are never returned."""

    def __init__(
        self,
        fees: Iterable[FeeRule],
        registers: Iterable[Register],
        lines: Iterable[Line],
        today: Callable[[], date] = date.today,
    ) -> None:
        self._fees, self._registers, self._lines = list(fees), list(registers), list(lines)
        self._today = today

    def _told(self, rows: Iterable[Row], country: str) -> list[Row]:
        """Return what may be told today; a service runs for months, and rows expire meanwhile."""
        day = self._today().isoformat()
        return [
            row
            for row in rows
            if row.country == country and row.tellable and (not row.expires_on or row.expires_on >= day)
        ]

    def _fee_rules(self, origin: str) -> list[FeeRule]:
        # nobody is asked yet which job or programme it is, so a rule for some of them must not be told to all
        return [row for row in self._told(self._fees, origin) if row.role == "origin" and not row.applies_to]

    def fee_rule(self, origin: str, destination: str | None) -> FeeRule | None:
        """Return the rule of a country of origin, the one for this destination before the general one."""
        fitting = [row for row in self._fee_rules(origin) if not row.destinations or destination in row.destinations]
        return min(fitting, key=lambda row: len(row.destinations) or 1000, default=None)

    def has_fee_rule(self, country: str) -> bool:
        """Tell whether there is a rule that workers from a country may be told of."""
        return bool(self._fee_rules(country))

    def fee_rule_for_some(self, origin: str) -> FeeRule | None:
        """Return a rule of a country of origin that holds for some destinations, when the destination is not known."""
        rules = self._fee_rules(origin)
        return next((row for row in rules if row.destinations and row.kind == "amount"), None)

    def register(self, country: str) -> Register | None:
        """Return where agencies of a country can be checked."""
        return next(iter(self._told(self._registers, country)), None)

    def authority(self, country: str) -> str | None:
        """Return whom to ask about agencies of a country, also where no address or number may be told."""
        return next((row.authority for row in self._registers if row.country == country), None)

    def emergency(self, country: str) -> Line | None:
        """Return the emergency numbers of a country."""
        return next((row for row in self._told(self._lines, country) if row.kind == "emergency"), None)

    def help_lines(self, country: str) -> list[Line]:
        """Return the help lines of a country other than emergency numbers."""
        return [row for row in self._told(self._lines, country) if row.kind != "emergency"]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows:
        raise ConfigError(f"{path.name} has no rows")
    return [{name: (value or "").strip() for name, value in row.items()} for row in rows]


def _source(row: Mapping[str, str]) -> dict[str, object]:
    confirmed = row["confidence"] == "medium" and row["confirmed_by"] and row["confirmed_on"]
    if row["expires_on"]:
        date.fromisoformat(row["expires_on"])
    marked = row.get("tell") == "yes" if row.get("kind") == "emergency" else row["confidence"] == "high" or confirmed
    return {
        "country": row["country_iso2"], "source": row["source_url"], "checked_on": row["checked_on"],
        "tellable": bool(marked), "expires_on": row["expires_on"],
    }  # fmt: skip


def _fee(row: Mapping[str, str]) -> FeeRule:
    amount = float(row["cap_amount"]) if row["kind"] in ("amount", "zero") else None
    return FeeRule(
        role=row["role"], kind=row["kind"], amount=amount, currency=row["currency"],  # type: ignore[arg-type]
        destinations=tuple(row["destinations"].split()), law=row["law"],
        applies_to=tuple(row["applies_to"].split()),
        flag_above=float(row["flag_above"]) if row["flag_above"] else amount,
        **_source(row),  # type: ignore[arg-type]
    )  # fmt: skip


def load(folder: Path, today: Callable[[], date]) -> Knowledge:
    """Read the facts; `today` is asked whenever one is to be told.

    Raise ConfigError naming the folder when a file cannot be read.
    """
    try:
        return Knowledge(
            fees=[_fee(row) for row in _rows(folder / "fees.csv")],
            registers=[
                Register(
                    authority=row["authority"], url=row["url"], phone=row["phone"],
                    **_source(row),  # type: ignore[arg-type]
                )
                for row in _rows(folder / "registers.csv")
            ],
            lines=[
                Line(
                    name=row["name"], numbers=row["numbers"], kind=row["kind"], hours=row["hours"],
                    languages=row["languages"], sms=row.get("sms") or "", **_source(row),  # type: ignore[arg-type]
                )
                for row in _rows(folder / "hotlines.csv")
            ],
            today=today,
        )  # fmt: skip
    except (KeyError, ValueError, OSError) as error:
        raise ConfigError(f"{folder}: {type(error).__name__} {error}") from error
