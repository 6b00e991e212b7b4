"""A case: waiting -> taken -> closed, and who may do what. Exactly one speaks at a time; pure, no clock, no store."""

from dataclasses import dataclass, replace
from typing import Literal

from core.errors import Conflict

State = Literal["waiting", "taken", "closed"]
Floor = Literal["assistant", "counsellor"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What a counsellor should know before the first word. Codes and quoted words, no address."""

    flags: tuple[tuple[str, str], ...] = ()
    """(code, the person's words)"""
    origin: str | None = None
    destination: str | None = None
    phone_country: str | None = None
    """Where the SIM card is from: a hint, never more."""
    safe_to_write: str = "unknown"
    consent: str = "asked for a person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A conversation that a person shall have with a counsellor. `risk` is a `core.risk.Level`."""

    id: str
    person_id: str
    state: State
    risk: int
    reason: str
    language: str
    opened_at: float
    changed_at: float
    taken_by: str | None = None
    taken_at: float | None = None
    closed_at: float | None = None
    waits_since: float | None = None
    """When it came back into the queue, if it ever did."""


def floor(case: Case | None) -> Floor:
    """Tell who speaks: the counsellor from taking the case to closing it, the assistant otherwise."""
    return "counsellor" if case is not None and case.state == "taken" else "assistant"


def take(case: Case, staff_id: str, now: float) -> Case:
    """Give a waiting case to a counsellor. Raise Conflict when somebody else has it or it is closed."""
    if case.state == "taken" and case.taken_by == staff_id:
        return case
    if case.state != "waiting":
        raise Conflict(case.state)
    return replace(case, state="taken", taken_by=staff_id, taken_at=now, changed_at=now)


def give_back(case: Case, staff_id: str, now: float) -> Case:
    """Put a taken case back into the queue. Raise Conflict when it is not this counsellor's."""
    _must_own(case, staff_id)
    return replace(case, state="waiting", taken_by=None, taken_at=None, changed_at=now, waits_since=now)


def lapse(case: Case, now: float, since: float) -> Case:
    """Put a taken case back into the queue because nobody has sat at the desk for it since then."""
    if case.state != "taken":
        raise Conflict(case.state)
    return replace(case, state="waiting", taken_by=None, taken_at=None, changed_at=now, waits_since=since)


def close(case: Case, staff_id: str, now: float) -> Case:
    """End a case; the floor goes back to the assistant. Raise Conflict when it is not this counsellor's."""
    _must_own(case, staff_id)
    return replace(case, state="closed", closed_at=now, changed_at=now)


def withdraw(case: Case, now: float) -> Case:
    """End a case because the person does not want it. Raise Conflict when it is closed."""
    if case.state == "closed":
        raise Conflict(case.state)
    return replace(case, state="closed", closed_at=now, changed_at=now)


def raise_risk(case: Case, risk: int, reason: str, now: float) -> Case:
    """Note that a case has become more urgent; it never becomes less so by itself."""
    if risk <= case.risk:
        return case
    return replace(case, risk=risk, reason=reason, changed_at=now)


def _must_own(case: Case, staff_id: str) -> None:
    if case.state != "taken" or case.taken_by != staff_id:
        raise Conflict(case.state)
