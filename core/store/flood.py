"""Floods: how much one person has waiting, and what is merged so that they get one answer instead of hundreds."""

from sqlalchemy import bindparam, delete, select, update

from core.store.database import Tx
from core.store.tables import job, message

_URGENT = (
    select(job.c.id)
    .where(job.c.kind == "turn", job.c.key == bindparam("who"), job.c.priority == 0, job.c.state == "ready")
    .limit(1)
)


def urgent_waits(tx: Tx, person_id: str) -> bool:
    """Tell whether an emergency of this person waits already."""
    return tx.connection.execute(_URGENT, {"who": person_id}).first() is not None


def merge(tx: Tx, message_id: str) -> None:
    """Record that a message gets no answer of its own."""
    tx.connection.execute(update(message).where(message.c.id == message_id).values(state="merged"))


def merge_oldest(tx: Tx, person_id: str, most: int) -> int:
    """Merge the oldest usual messages of a person that wait for a turn, until `most` are left."""
    query = select(job.c.id, job.c.message_id).where(
        job.c.kind == "turn", job.c.key == person_id, job.c.state == "ready", job.c.priority > 0, job.c.attempts == 0
    )
    waiting = tx.connection.execute(query.order_by(job.c.seq.desc()).offset(most)).all()
    if waiting:
        tx.connection.execute(delete(job).where(job.c.id.in_([row.id for row in waiting])))
        tx.connection.execute(
            update(message).where(message.c.id.in_([row.message_id for row in waiting])).values(state="merged")
        )
    return len(waiting)
