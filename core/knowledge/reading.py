"""Reads data/knowledge/*.csv."""

import csv
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path

from core.errors import ConfigError
from core.knowledge.facts import Knowledge
from core.knowledge.rows import NOTICES, FeeRule, Law, Line, Notice, Register


def _rows(path: Path, *, may_be_empty: bool = False) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows and not may_be_empty:
        raise ConfigError(f"{path.name} has no rows")
    return [{name: (value or "").strip() for name, value in row.items()} for row in rows]


def _one_of(known: Sequence[str], value: str) -> str:
    if value not in known:
        raise ValueError(f"{value!r} is not one of {', '.join(known)}")
    return value


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
            laws=[
                Law(
                    topics=tuple(row["topics"].split()), say=row["say"], law=row["law"],
                    **_source(row),  # type: ignore[arg-type]
                )
                for row in _rows(folder / "laws.csv")
            ],
            notices=[
                Notice(kind=_one_of(NOTICES, row["kind"]), authority=row["authority"], **_source(row))  # type: ignore[arg-type]
                for row in _rows(folder / "notices.csv", may_be_empty=True)
            ],
            today=today,
        )  # fmt: skip
    except (KeyError, ValueError, OSError) as error:
        raise ConfigError(f"{folder}: {type(error).__name__} {error}") from error
