"""Several addresses of one person: WhatsApp tells a business-scoped user id, a number, or both (R10).

Only what the provider itself tells in one request belongs together. The scoped id decides; a number decides for those
of whom no scoped id is known yet, because numbers get new owners and then a new id comes with them. Two people who
are known already are never made one. What is found to belong together is noted in the audit log.
"""

from dataclasses import replace
from typing import Any

from sqlalchemy import Row, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from core.messages import Inbound
from core.people import SCOPED
from core.store import cases, people
from core.store.database import Tx
from core.store.people import Person
from core.store.tables import alias

LEARNT, SHARED, LOST = "address learnt", "address of two", "address lost"


def are_noted(tx: Tx, who: Person, item: Inbound) -> bool:
    """Tell whether nothing is new in what a request tells of who wrote it."""
    if item.alias is None:
        return True
    row = _row(tx, item.channel, item.alias)
    return row is not None and row.person_id == who.id


def settle(tx: Tx, item: Inbound) -> Inbound:
    """Let the person who wrote be found at the address that they wrote from, and return the item as it finds them.

    Somebody who is found at none of its addresses is a stranger.
    """
    who = _author(tx, item)
    if who is None:
        return item
    current = people.address_of(tx, who)
    if current == item.address:
        return item
    holder = owner(tx, item.channel, item.address)
    if holder is not None and holder.id != who.id and not _give_up(tx, holder, item.address):
        return replace(item, address=current)
    # they are answered where they wrote from last; the address before stays theirs
    tx.connection.execute(delete(alias).where(*_at(tx, item.channel, item.address)))
    people.move(tx, who, item.address)
    _add(tx, who, current)
    if holder is None or holder.id != who.id:
        _note(tx, who, LEARNT)
    return item


def note(tx: Tx, who: Person, item: Inbound) -> None:
    """Note the other address that a request tells of who wrote it."""
    if item.alias is None or are_noted(tx, who, item):
        return
    other = people.find(tx, item.channel, item.alias)
    if other is not None and other.id != who.id and not _give_up(tx, other, item.alias):
        _note(tx, other, SHARED)
    _add(tx, who, item.alias)
    if who.last_in_at is not None:
        _note(tx, who, LEARNT)


def told(tx: Tx, person_id: str, address: str) -> None:
    """Note a scoped id that a receipt tells of somebody who is known by a number only."""
    who = people.get(tx, person_id)
    if SCOPED.fullmatch(address) and not _is_scoped(tx, who) and owner(tx, who.channel, address) is None:
        _add(tx, who, address)
        _note(tx, who, LEARNT)


def owner(tx: Tx, channel: str, address: str) -> Person | None:
    """Return the person at an address, whichever of theirs it is."""
    who = people.find(tx, channel, address)
    row = _row(tx, channel, address) if who is None else None
    return who if row is None else people.get(tx, row.person_id)


def addresses(tx: Tx, who: Person) -> list[str]:
    """Return all addresses of a person in clear, the one where they are answered first."""
    return [people.address_of(tx, who), *(_unseal(tx, who, row) for row in _rows(tx, who))]


def forget(tx: Tx, who: Person) -> None:
    """Forget all addresses of a person but the one where they are answered."""
    tx.connection.execute(delete(alias).where(alias.c.person_id == who.id))


def _author(tx: Tx, item: Inbound) -> Person | None:
    """Return who wrote: whose the scoped id is, else whose the number is, if they have no other id."""
    told = [one for one in (item.address, item.alias) if one]
    scoped = [one for one in told if SCOPED.fullmatch(one)]
    for one in scoped:
        if (who := owner(tx, item.channel, one)) is not None:
            return who
    for one in told:
        who = None if one in scoped else owner(tx, item.channel, one)
        if who is not None and not (scoped and _give_up(tx, who, one)):
            return who
    return None


def _give_up(tx: Tx, who: Person, address: str) -> bool:
    """Take an address from somebody who has a scoped id of their own: it has a new owner. Tell whether it was taken."""
    if not _is_scoped(tx, who):
        return False
    if people.address_of(tx, who) == address:
        row = next(row for row in _rows(tx, who) if row.scoped)
        own = _unseal(tx, who, row)
        tx.connection.execute(delete(alias).where(*_at(tx, who.channel, own)))
        people.move(tx, who, own)
    tx.connection.execute(delete(alias).where(*_at(tx, who.channel, address)))
    _note(tx, who, LOST)
    return True


def _is_scoped(tx: Tx, who: Person) -> bool:
    return bool(SCOPED.fullmatch(people.address_of(tx, who))) or any(row.scoped for row in _rows(tx, who))


def _at(tx: Tx, channel: str, address: str) -> tuple[Any, ...]:
    return alias.c.channel == channel, alias.c.address_tag == people.tag_of(tx, channel, address)


def _row(tx: Tx, channel: str, address: str) -> "Row[Any] | None":
    return tx.connection.execute(select(alias).where(*_at(tx, channel, address))).one_or_none()


def _rows(tx: Tx, who: Person) -> "list[Row[Any]]":
    query = select(alias).where(alias.c.person_id == who.id).order_by(alias.c.address_tag)
    return list(tx.connection.execute(query))


def _add(tx: Tx, who: Person, address: str) -> None:
    """Note an address; whoever had it has it no longer."""
    tag = people.tag_of(tx, who.channel, address)
    values = {
        "person_id": who.id, "scoped": bool(SCOPED.fullmatch(address)),
        "address_sealed": tx.vault.seal(who.id, who.data_key, _place(tag), address),
    }  # fmt: skip
    flavour = sqlite if tx.is_sqlite else postgresql
    made = flavour.insert(alias).values(channel=who.channel, address_tag=tag, **values)
    tx.connection.execute(made.on_conflict_do_update(index_elements=["channel", "address_tag"], set_=values))


def _unseal(tx: Tx, who: Person, row: "Row[Any]") -> str:
    return tx.vault.unseal(who.id, who.data_key, _place(row.address_tag), row.address_sealed)


def _place(tag: str) -> str:
    return f"alias|address|{tag}"


def _note(tx: Tx, who: Person, what: str) -> None:
    case = cases.open_case(tx, who.id)
    cases.note(tx, what, None, case.id if case else None)
