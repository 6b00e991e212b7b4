"""Silence: a person wants no more messages. What waits for them is dropped in the same transaction."""

from sqlalchemy import select

from core.store import jobs, messages, people
from core.store.database import Tx
from core.store.people import Person
from core.store.tables import person


def silence(tx: Tx, person_id: str) -> None:
    """Write no more to a person."""
    people.set_stopped(tx, person_id, True)
    jobs.purge(tx, "send", person_id)
    messages.fail_waiting(tx, person_id, "stopped")


def confirms_stop(tx: Tx, who: Person, created_at: float) -> bool:
    """Tell whether a message was written in the very transaction that silenced the person: it confirms the silence."""
    stopped_at = tx.connection.execute(select(person.c.stopped_at).where(person.c.id == who.id)).scalar_one()
    return bool(stopped_at == created_at)
