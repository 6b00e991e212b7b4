"""Silence: a person wants no more messages. What waits for them is dropped in the same transaction."""

from sqlalchemy import select

from core.store import alerts, aliases, jobs, messages, people
from core.store.database import Tx
from core.store.people import Person
from core.store.tables import person

FAMILIES = (("sms", "sms_gateway"), ("whatsapp", "whatsapp_cloud"))
"""Channels that reach the same phone in the same way: who wants silence on one wants it on the other, too."""


def _same_phone(tx: Tx, person_id: str) -> list[str]:
    """Return a person, and the same phone at the other doors of its family."""
    who = people.get(tx, person_id)
    family = next((family for family in FAMILIES if who.channel in family), ())
    doors = [name for name in family if name != who.channel]
    known = aliases.addresses(tx, who) if doors else []
    others = [aliases.owner(tx, name, address) for name in doors for address in known]
    return [*dict.fromkeys([person_id, *(other.id for other in others if other is not None)])]


def silence(tx: Tx, person_id: str, words: str = "") -> None:
    """Write no more to a person, and alert whoever has their case: it may be somebody else who wants the silence."""
    for one in _same_phone(tx, person_id):
        people.set_stopped(tx, one, True)
        alerts.alert(tx, one, "stopped", words)
        jobs.purge(tx, "send", one)
        messages.fail_waiting(tx, one, "stopped")


def end_silence(tx: Tx, person_id: str) -> None:
    """Write to a person again."""
    for one in _same_phone(tx, person_id):
        people.set_stopped(tx, one, False)
        alerts.calm(tx, one)


def confirms_stop(tx: Tx, who: Person, created_at: float) -> bool:
    """Tell whether a message was written in the very transaction that silenced the person: it confirms the silence."""
    stopped_at = tx.connection.execute(select(person.c.stopped_at).where(person.c.id == who.id)).scalar_one()
    return bool(stopped_at == created_at)
