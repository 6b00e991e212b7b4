"""Erasing a person: everything they said at once, the rest of them as soon as they have been told so (R50)."""

from collections.abc import Mapping

from sqlalchemy import delete, exists, select, update

from core.messages import Inbound
from core.store import aliases, marks, people
from core.store.database import Tx
from core.store.people import Person
from core.store.tables import button, case, job, message, person

TAG = 40
"""Letters of a tag that a tombstone keeps."""


def erase(tx: Tx, who: Person, current: str) -> Person:
    """Delete all that a person said and was told, except the row of the message that is being answered.

    That row loses its text; the person gets a new data key, so that what is left of the old one cannot be read in any
    copy of the database. Return the person with the new key, by which the confirmation can still be sent.
    """
    connection = tx.connection
    known = aliases.addresses(tx, who)
    address = known[0]
    aliases.forget(tx, who)
    connection.execute(delete(job).where(job.c.key == who.id, job.c.message_id != current))
    connection.execute(delete(message).where(message.c.person_id == who.id, message.c.id != current))
    connection.execute(delete(button).where(button.c.person_id == who.id))
    connection.execute(delete(case).where(case.c.person_id == who.id))
    people.renew_key(tx, who, address)
    renewed = people.get(tx, who.id)
    empty = tx.vault.seal(who.id, renewed.data_key, f"message|text|{current}", "")
    unsaid = tx.vault.seal(who.id, renewed.data_key, f"message|said|{current}", "")
    connection.execute(
        update(message).where(message.c.id == current).values(text_sealed=empty, said_sealed=unsaid, case_id=None)
    )
    connection.execute(
        update(person)
        .where(person.c.id == who.id)
        .values(erased_at=tx.now, country=None, code_tag=None, panic_tag=None, discreet=False)
    )
    for tag in (*(people.tag_of(tx, who.channel, one) for one in known), _own_tag(tx, who.id)):
        marks.set_to(tx, _tombstone(tag), tx.now)
    return renewed


def was_erased(tx: Tx, item: Inbound) -> bool:
    """Tell whether something was written before its author had everything deleted, and comes once more from outside."""
    if item.sent_at is None:
        return False
    known = (people.tag_of(tx, item.channel, one) for one in (item.address, item.alias) if one)
    at = max(marks.get(tx, _tombstone(tag)) or 0.0 for tag in known)
    return item.sent_at.timestamp() <= at


def _tombstone(tag: str) -> str:
    return f"erased:{tag[:TAG]}"


def _own_tag(tx: Tx, identifier: str) -> str:
    """An older backup may know a person at another address, but never by another id."""
    return tx.vault.tag("erased", identifier)


def tombstones(tx: Tx) -> dict[str, float]:
    """Return the tags of who was erased lately, and when."""
    return {name.partition(":")[2]: at for name, at in marks.beginning_with(tx, "erased:")}


def again(tx: Tx, stones: Mapping[str, float]) -> int:
    """Erase from a database that was restored whoever was erased since it was copied; return how many there were.

    What they wrote later than that, if the copy is younger, stays.
    """
    known = tx.connection.execute(select(person.c.id, person.c.address_tag)).all() if stones else ()
    return sum(
        _erase_until(tx, row.id, max(stones.get(tag[:TAG], 0.0) for tag in (row.address_tag, _own_tag(tx, row.id))))
        for row in known
    )


def _erase_until(tx: Tx, identifier: str, at: float) -> bool:
    """Delete what is older; tell whether there was anything."""
    connection = tx.connection
    old = select(message.c.id).where(message.c.person_id == identifier, message.c.created_at <= at)
    connection.execute(delete(job).where(job.c.message_id.in_(old)))
    gone = connection.execute(delete(message).where(message.c.id.in_(old))).rowcount
    gone += connection.execute(delete(case).where(case.c.person_id == identifier, case.c.opened_at <= at)).rowcount
    lives = exists().where(message.c.person_id == person.c.id) | exists().where(case.c.person_id == person.c.id)
    empty = select(person.c.id).where(person.c.id == identifier, person.c.created_at <= at, ~lives)
    if connection.execute(empty).first():
        connection.execute(delete(button).where(button.c.person_id == identifier))
        gone += connection.execute(delete(person).where(person.c.id == identifier)).rowcount
    return gone > 0


def leftovers(tx: Tx) -> list[str]:
    """Return the people who were erased and to whom nothing is left to be sent."""
    busy = exists().where(job.c.key == person.c.id, job.c.state != "dead")
    return list(tx.connection.scalars(select(person.c.id).where(person.c.erased_at.is_not(None), ~busy)))


def remove(tx: Tx, identifier: str) -> None:
    """Delete the rest of an erased person, unless they have written again."""
    if identifier not in leftovers(tx):
        return
    for table, column in ((job, job.c.key), (button, button.c.person_id), (message, message.c.person_id)):
        tx.connection.execute(delete(table).where(column == identifier))
    tx.connection.execute(delete(person).where(person.c.id == identifier))
