"""Cases: opened once for each person, ordered by risk and waiting time, taken by one counsellor."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from sqlalchemy import ColumnElement, bindparam, func, insert, select, update
from sqlalchemy import case as sql_case

from core import handover
from core.crypto import new_id
from core.errors import Conflict, NotAllowed
from core.handover import Brief, Case
from core.people import handle
from core.store import people
from core.store.database import Tx
from core.store.people import Person
from core.store.tables import audit, case, message, person

_CASE = tuple(case.c[name] for name in Case.__slots__)
WAITS_SINCE = func.coalesce(case.c.waits_since, case.c.opened_at)
_OPEN = select(*_CASE).where(case.c.person_id == bindparam("who"), case.c.state != "closed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A row of the desk's list."""

    case: Case
    handle: str
    channel: str
    unread: int
    """Messages of the person since the counsellor's last one."""
    alert: str | None = None
    """What the counsellor must see now."""
    escalated: bool = False
    """It waits too long."""


def _from_row(row: object) -> Case:
    return Case(**row._mapping)  # type: ignore[attr-defined]


def open_for(tx: Tx, who: Person, *, risk: int, reason: str, brief: Brief) -> tuple[Case, bool]:
    """Open a case, or raise the risk of the one that is open. Return it and whether it is new."""
    found = open_case(tx, who.id)
    if found is not None:
        raised = handover.raise_risk(found, risk, reason, tx.now)
        if raised != found:
            _save(tx, found, raised)
        return raised, False
    made = Case(
        id=new_id(), person_id=who.id, state="waiting", risk=risk, reason=reason, language=who.language,
        opened_at=tx.now, changed_at=tx.now,
    )  # fmt: skip
    if who.discreet and brief.safe_to_write in ("unknown", "yes"):
        brief = replace(brief, safe_to_write="discreet answers")
    sealed = tx.vault.seal(who.id, who.data_key, f"case_|brief|{made.id}", json.dumps(asdict(brief)))
    tx.connection.execute(insert(case).values(**asdict(made), brief_sealed=sealed))
    note(tx, "case opened", None, made.id)
    return made, True


def open_case(tx: Tx, person_id: str) -> Case | None:
    """Return the person's case that is not closed, or None."""
    row = tx.connection.execute(_OPEN, {"who": person_id}).one_or_none()
    return None if row is None else _from_row(row)


def get(tx: Tx, identifier: str) -> Case:
    """Return a case. Raise NotAllowed when there is none."""
    row = tx.connection.execute(select(*_CASE).where(case.c.id == identifier)).one_or_none()
    if row is None:
        raise NotAllowed
    return _from_row(row)


def found(tx: Tx, *conditions: ColumnElement[bool]) -> list[Case]:
    """Return the cases that fulfil all conditions."""
    return [_from_row(row) for row in tx.connection.execute(select(*_CASE).where(*conditions)).all()]


def brief_of(tx: Tx, found: Case) -> Brief:
    """Return what a counsellor should know first."""
    who = people.get(tx, found.person_id)
    sealed = tx.connection.execute(select(case.c.brief_sealed).where(case.c.id == found.id)).scalar_one()
    values = json.loads(tx.vault.unseal(who.id, who.data_key, f"case_|brief|{found.id}", sealed))
    values["flags"] = tuple((code, words) for code, words in values["flags"])
    return Brief(**values)


def note_safety(tx: Tx, found: Case, safe_to_write: str) -> None:
    """Tell the counsellor when, or whether, it is safe to write."""
    set_brief(tx, found, replace(brief_of(tx, found), safe_to_write=safe_to_write))


def set_brief(tx: Tx, found: Case, brief: Brief) -> None:
    """Replace what a counsellor should know first."""
    who = people.get(tx, found.person_id)
    sealed = tx.vault.seal(who.id, who.data_key, f"case_|brief|{found.id}", json.dumps(asdict(brief)))
    tx.connection.execute(update(case).where(case.c.id == found.id).values(brief_sealed=sealed))


def change(tx: Tx, identifier: str, staff_id: str | None, action: str, step: Callable[[Case], Case]) -> Case:
    """Apply a step of `core.handover` and note it. Raise Conflict when another was faster."""
    before = get(tx, identifier)
    after = step(before)
    if after != before:
        _save(tx, before, after)
    note(tx, action, staff_id, identifier)
    return after


def _save(tx: Tx, before: Case, after: Case) -> None:
    unchanged = update(case).where(
        case.c.id == before.id, case.c.state == before.state, case.c.changed_at == before.changed_at
    )
    values = asdict(after)
    if after.waits_since != before.waits_since:  # whoever was told that it waits was told of another wait
        values |= {"escalated_at": None, "called_at": None, "delay_told_at": None}
    if tx.connection.execute(unchanged.values(values)).rowcount != 1:
        raise Conflict(before.state)


def queue(tx: Tx, states: tuple[str, ...] = ("waiting", "taken")) -> list[Waiting]:
    """Return the cases in these states: highest risk first, then the longest waiting."""
    last_answer = (
        select(func.coalesce(func.max(message.c.seq), 0))
        .where(message.c.person_id == case.c.person_id, message.c.author == "counsellor")
        .correlate(case)
        .scalar_subquery()
    )
    unread = (
        select(func.count())
        .where(message.c.person_id == case.c.person_id, message.c.direction == "in", message.c.seq > last_answer)
        .correlate(case)
        .scalar_subquery()
    )
    order = (sql_case((case.c.state == "waiting", 0), else_=1), case.c.risk.desc(), case.c.opened_at)
    # one query for all: every page at the desk asks this at every change
    more = (unread.label("unread"), person.c.channel, case.c.alert, case.c.escalated_at)
    query = select(*_CASE, *more).join(person, person.c.id == case.c.person_id)
    waiting = []
    for row in tx.connection.execute(query.where(case.c.state.in_(states)).order_by(*order)).all():
        values = dict(row._mapping)
        count, channel, alert = (values.pop(name) for name in ("unread", "channel", "alert"))
        late = values.pop("escalated_at") is not None and row.state == "waiting"
        who = handle(row.person_id)
        shown = Waiting(case=Case(**values), handle=who, channel=channel, unread=count, alert=alert, escalated=late)
        waiting.append(shown)
    return waiting


def overdue(tx: Tx, seconds: float) -> list[Case]:
    """Return the cases that have waited for so long, and whose people were not told so; mark them as told."""
    late = tx.now - seconds >= WAITS_SINCE
    query = select(*_CASE).where(case.c.state == "waiting", case.c.delay_told_at.is_(None), late)
    found = [_from_row(row) for row in tx.connection.execute(query)]
    if found:
        told = update(case).where(case.c.id.in_([row.id for row in found]))
        tx.connection.execute(told.values(delay_told_at=tx.now))
    return found


def pulse(tx: Tx) -> tuple[float, int]:
    """Return something that changes whenever a case or a message does; cheap enough to ask twice a second."""
    moments = (case.c.changed_at, case.c.alert_at, case.c.escalated_at)
    changed = max(tx.connection.execute(select(*(func.coalesce(func.max(one), 0.0) for one in moments))).one())
    states = select(func.count(), func.coalesce(func.max(message.c.created_at), 0.0))
    count, newest = tx.connection.execute(states).one()
    return max(changed, newest), count


def note(tx: Tx, action: str, staff_id: str | None, case_id: str | None) -> None:
    """Write a line of the audit log: who did what to which case, and when. Never what was said."""
    tx.connection.execute(insert(audit).values(at=tx.now, staff_id=staff_id, action=action, case_id=case_id))
