"""Alerts: what happened to an open case that a counsellor must see, however long it takes until one does (R31, R62)."""

from dataclasses import replace

from sqlalchemy import select, update

from core.handover import Case, lapse
from core.store import cases, staff
from core.store.database import Tx
from core.store.tables import case


def alert(tx: Tx, person_id: str, code: str, words: str) -> None:
    """Mark the person's open case, if there is one, and put the words that did it into its brief."""
    found = cases.open_case(tx, person_id)
    if found is None:
        return
    tx.connection.execute(update(case).where(case.c.id == found.id).values(alert=code, alert_at=tx.now))
    brief = cases.brief_of(tx, found)
    if code not in dict(brief.flags):
        cases.set_brief(tx, found, replace(brief, flags=(*brief.flags, (code, words))))


def of(tx: Tx, found: Case) -> str | None:
    """Return what a counsellor must see of a case, or None."""
    row = tx.connection.execute(select(case.c.alert).where(case.c.id == found.id)).one()
    return None if row.alert is None else str(row.alert)


def calm(tx: Tx, person_id: str) -> None:
    """Take the mark away: what it told of is over."""
    open_case = (case.c.person_id == person_id, case.c.state != "closed")
    tx.connection.execute(update(case).where(*open_case).values(alert=None, alert_at=None))


def escalate(tx: Tx, seconds: float) -> int:
    """Mark the cases that have waited for so long; return how many there are that were not marked before."""
    late = (case.c.state == "waiting", tx.now - seconds >= cases.WAITS_SINCE, case.c.escalated_at.is_(None))
    return tx.connection.execute(update(case).where(*late).values(escalated_at=tx.now)).rowcount


def waiting(tx: Tx, seconds: float) -> tuple[list[Case], list[Case]]:
    """Return the cases that have waited for so long, and those of them of which nobody on call knows."""
    late = (case.c.state == "waiting", tx.now - seconds >= cases.WAITS_SINCE)
    return cases.found(tx, *late), cases.found(tx, *late, case.c.called_at.is_(None))


def called(tx: Tx, told: list[Case]) -> None:
    """Note that those on call know of cases."""
    tx.connection.execute(update(case).where(case.c.id.in_([one.id for one in told])).values(called_at=tx.now))


def give_back_abandoned(tx: Tx) -> list[Case]:
    """Put every case back into the queue whose counsellor is no longer at the desk, and return them."""
    here, since = staff.here(tx), tx.now - staff.AWAY_SECONDS
    alone = [one for one in cases.found(tx, case.c.state == "taken") if one.taken_by not in here]
    return [
        cases.change(tx, one.id, None, "counsellor gone", lambda taken: lapse(taken, tx.now, since)) for one in alone
    ]
