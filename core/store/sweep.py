"""The nightly sweep: what fell between two tables is counted, and what can be mended is mended (R41)."""

from sqlalchemy import ColumnElement, delete, exists, func, insert, select

from core.store.database import Tx
from core.store.jobs import Priority
from core.store.tables import case, job, mark, message, person, spending

SETTLE_SECONDS = 300.0
"""Younger things may be on their way."""
KEEP_DAYS = 40
TOMBSTONE_SECONDS = 8 * 86_400.0
SILENT_SECONDS = 86_400.0


def sweep(tx: Tx) -> dict[str, int]:
    """Look for orphans, mend what can be mended, and return how many of each kind there were."""
    jobless = ~exists().where(job.c.message_id == message.c.id)
    old = message.c.created_at < tx.now - SETTLE_SECONDS
    unanswered, unsent = (
        _requeue(tx, kind, jobless, old, message.c.direction == direction, message.c.state == state)
        for kind, direction, state in (("turn", "in", "received"), ("send", "out", "queued"))
    )
    found = {
        "inbound without a turn": unanswered,
        "outbound without a sending": unsent,
        "job without a message": _count(tx, select(job.c.id).where(~exists().where(message.c.id == job.c.message_id))),
        "turn for a message that is settled": _settled(tx),
        "sent without a receipt for a day": _count(
            tx,
            select(message.c.id).where(
                message.c.state == "sent",
                message.c.sent_at.between(tx.now - 2 * SILENT_SECONDS, tx.now - SILENT_SECONDS),
            ),
        ),
        "case without a person": _count(tx, select(case.c.id).where(~exists().where(person.c.id == case.c.person_id))),
        "dead letter": _count(tx, select(job.c.id).where(job.c.state == "dead")),
    }  # fmt: skip
    tx.connection.execute(delete(spending).where(spending.c.day < int(tx.now // 86_400) - KEEP_DAYS))
    tx.connection.execute(delete(mark).where(mark.c.name.startswith("erased:"), mark.c.at < tx.now - TOMBSTONE_SECONDS))
    return found


def _count(tx: Tx, query: "object") -> int:
    return int(tx.connection.execute(select(func.count()).select_from(query.subquery())).scalar_one())  # type: ignore[attr-defined]


def _requeue(tx: Tx, kind: str, *conditions: ColumnElement[bool]) -> int:
    query = select(message.c.id, message.c.person_id, message.c.seq, message.c.priority, message.c.created_at)
    rows = tx.connection.execute(query.where(*conditions).order_by(message.c.created_at)).all()
    for row in rows:
        values = {
            "kind": kind, "key": row.person_id, "seq": row.seq, "message_id": row.id, "state": "ready", "attempts": 0,
            "priority": int(Priority.REPLY) if row.priority is None else row.priority,
            "run_at": tx.now, "created_at": row.created_at,
        }  # fmt: skip
        tx.connection.execute(insert(job), values)
    return len(rows)


def _settled(tx: Tx) -> int:
    """Remove turns that nobody waits for: their message was answered."""
    answered = exists().where(message.c.id == job.c.message_id, message.c.state.in_(("handled", "merged")))
    gone = delete(job).where(job.c.kind == "turn", job.c.state == "ready", answered)
    return tx.connection.execute(gone).rowcount


def unanswered(tx: Tx, seconds: float) -> int:
    """Count the messages of people that have waited for an answer for so long."""
    query = select(message.c.id).where(message.c.state == "received", message.c.created_at < tx.now - seconds)
    return _count(tx, query)
