"""Dead letters: what was given up, tried again or dropped by somebody at the desk."""

from dataclasses import dataclass

from sqlalchemy import delete, select, update

from core.errors import NotAllowed
from core.store.cases import note
from core.store.database import Tx
from core.store.jobs import JobKind
from core.store.tables import job, message


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A job that was given up. Says whose and why, never what."""

    id: int
    kind: JobKind
    key: str
    attempts: int
    error: str | None
    created_at: float


def newest(tx: Tx, limit: int = 200) -> list[DeadLetter]:
    """Return the newest jobs that were given up."""
    columns = tuple(job.c[name] for name in DeadLetter.__slots__)
    query = select(*columns).where(job.c.state == "dead").order_by(job.c.id.desc()).limit(limit)
    return [DeadLetter(**row._mapping) for row in tx.connection.execute(query).all()]


def try_again(tx: Tx, identifier: int, staff_id: str | None) -> None:
    """Let a dead letter run once more, from now on. Raise NotAllowed when it is not there."""
    values = {
        "state": "ready", "attempts": 0, "run_at": tx.now, "created_at": tx.now, "tried_at": None, "error": None,
        "lease_until": None, "lease_token": None,
    }  # fmt: skip
    again = update(job).where(job.c.id == identifier, job.c.state == "dead").values(values).returning(job)
    row = tx.connection.execute(again).one_or_none()
    if row is None:
        raise NotAllowed
    if row.kind == "send":
        waiting = {"state": "queued", "error": None, "provider_id": None}
        tx.connection.execute(update(message).where(message.c.id == row.message_id).values(waiting))
    note(tx, "dead letter tried again", staff_id, _case_of(tx, row.message_id))


def drop(tx: Tx, identifier: int, staff_id: str | None) -> None:
    """Take a dead letter off the list; its message stays in the talk. Raise NotAllowed when it is not there."""
    gone = delete(job).where(job.c.id == identifier, job.c.state == "dead").returning(job.c.kind, job.c.message_id)
    row = tx.connection.execute(gone).one_or_none()
    if row is None:
        raise NotAllowed
    # what still waits would be found by the nightly sweep, and done after all
    waiting, settled = ("received", "handled") if row.kind == "turn" else ("queued", "failed")
    this = (message.c.id == row.message_id, message.c.state == waiting)
    tx.connection.execute(update(message).where(*this).values(state=settled))
    note(tx, "dead letter dropped", staff_id, _case_of(tx, row.message_id))


def _case_of(tx: Tx, message_id: str) -> str | None:
    query = select(message.c.case_id).where(message.c.id == message_id)
    found: str | None = tx.connection.execute(query).scalar_one()
    return found
