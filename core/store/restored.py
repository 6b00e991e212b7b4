"""What a database out of a backup needs before anything runs on it: nothing is sent twice, nobody erased is back (R40).

What waited for its turn or its sending when the backup was made may have been answered and sent since. So all of it
becomes a dead letter with the code `restored`; somebody lets it run or drops it, at the desk or with `ops.backup`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update

from core.handover import lapse
from core.store import cases, dead, erasure, marks, people
from core.store.database import Tx
from core.store.tables import case, invitation, job, person, session

CODE = "restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How much was held, and how many people were erased again."""

    turns: int
    sends: int
    erased: int


def settle(tx: Tx, stopped: float, stones: Mapping[str, float], channels: tuple[str, ...]) -> Settled:
    """Hold what waited, erase again who was erased since, and end all sessions.

    `stopped` is when the system that is replaced stopped to answer: providers are asked for what came later only.
    Raise Unreadable when the keys are not those of the backup: nobody who was erased would be found then.
    """
    for one in tx.connection.scalars(select(person.c.id).limit(1)):
        people.address_of(tx, people.get(tx, one))
    erased = erasure.again(tx, stones)
    held = {kind: _hold(tx, kind) for kind in ("turn", "send")}
    for taken in cases.found(tx, case.c.state == "taken"):
        cases.change(tx, taken.id, None, CODE, lambda one: lapse(one, tx.now, tx.now))
    for told in (case.c.delay_told_at, case.c.called_at):  # who waited then has been told since
        tx.connection.execute(update(case).where(case.c.state == "waiting", told.is_(None)).values({told.name: tx.now}))
    for door in (session, invitation):  # what was used or ended since would be good again
        tx.connection.execute(delete(door))
    for channel in channels:
        marks.set_to(tx, f"reconciled:{channel}", stopped)
    cases.note(tx, CODE, None, None)
    return Settled(turns=held["turn"], sends=held["send"], erased=erased)


def _hold(tx: Tx, kind: str) -> int:
    values = {"state": "dead", "error": CODE, "lease_until": None, "lease_token": None}
    return tx.connection.execute(update(job).where(job.c.kind == kind, job.c.state != "dead").values(values)).rowcount


_HELD = (job.c.state == "dead", job.c.error == CODE)


def held(tx: Tx) -> dict[str, int]:
    """Count what is held, by kind."""
    query = select(job.c.kind, func.count()).where(*_HELD).group_by(job.c.kind)
    return {row[0]: row[1] for row in tx.connection.execute(query)}


def release(tx: Tx) -> int:
    """Let everything that is held run, in its order."""
    waiting = tx.connection.scalars(select(job.c.id).where(*_HELD).order_by(job.c.id)).all()
    for identifier in waiting:
        dead.try_again(tx, identifier, None)
    return len(waiting)


def drop(tx: Tx) -> int:
    """Give up everything that is held; what was written stays in the talks."""
    waiting = tx.connection.scalars(select(job.c.id).where(*_HELD)).all()
    for identifier in waiting:
        dead.drop(tx, identifier, None)
    return len(waiting)
