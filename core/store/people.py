"""People: found by a keyed tag of their address, known to everybody else by a random id."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.crypto import new_id, same
from core.errors import NotAllowed
from core.messages import Inbound
from core.people import country_of, handle
from core.store.database import Tx
from core.store.tables import person


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What the product knows of a person, except what they said. The address is read by `address_of` only."""

    id: str
    channel: str
    sender: str
    country: str | None
    language: str
    language_chosen: bool
    stopped: bool
    discreet: bool
    quiet_at: float | None
    """Nothing that was said before may be said again."""
    created_at: float
    last_in_at: float | None
    data_key: bytes

    @property
    def handle(self) -> str:
        """A sayable name."""
        return handle(self.id)


def from_row(row: Sequence[Any]) -> Person:
    """Make a person of the first columns of a row, which are `COLUMNS`."""
    return Person(
        id=row[0], channel=row[1], sender=row[2], country=row[3], language=row[4], language_chosen=row[5],
        stopped=row[6] is not None, discreet=row[7], quiet_at=row[8], created_at=row[9], last_in_at=row[10],
        data_key=row[11],
    )  # fmt: skip


COLUMNS = (
    person.c.id, person.c.channel, person.c.sender,
    person.c.country, person.c.language, person.c.language_chosen,
    person.c.stopped_at, person.c.discreet, person.c.quiet_at, person.c.created_at,
    person.c.last_in_at, person.c.data_key,
)  # fmt: skip


# asked for every message, so built once
_AT_ADDRESS = select(*COLUMNS).where(person.c.channel == bindparam("channel"), person.c.address_tag == bindparam("tag"))
_BY_ID = select(*COLUMNS).where(person.c.id == bindparam("person_id"))
_NEXT_SEQ = (
    update(person)
    .where(person.c.id == bindparam("person_id"))
    .values(next_seq=person.c.next_seq + 1)
    .returning(person.c.next_seq)
)
_HEARD = _NEXT_SEQ.values(last_in_at=bindparam("now"), erased_at=None)
_PANIC = select(person.c.panic_tag).where(person.c.id == bindparam("person_id"))
_ADDRESS = select(person.c.address_sealed).where(person.c.id == bindparam("person_id"))


def find_or_create(tx: Tx, inbound: Inbound, language: str) -> Person:
    """Return the person who wrote, making them on the first message. `language` is a first guess."""
    tag = tag_of(tx, inbound.channel, inbound.address)
    place = {"channel": inbound.channel, "tag": tag}
    row = tx.connection.execute(_AT_ADDRESS, place).one_or_none()
    if row is not None:
        return from_row(row)
    identifier = new_id()
    key = tx.vault.new_data_key(identifier)
    flavour = sqlite if tx.is_sqlite else postgresql
    tx.connection.execute(
        flavour.insert(person)
        .values(
            id=identifier,
            channel=inbound.channel,
            address_tag=tag,
            address_sealed=tx.vault.seal(identifier, key, _address_place(identifier), inbound.address),
            sender=inbound.sender,
            country=country_of(inbound.address),
            data_key=key,
            language=language,
            language_chosen=False,
            created_at=tx.now,
            next_seq=1,
        )
        # two first messages may come at once
        .on_conflict_do_nothing(index_elements=["channel", "address_tag"])
    )
    return from_row(tx.connection.execute(_AT_ADDRESS, place).one())


def tag_of(tx: Tx, channel: str, address: str) -> str:
    """Return the keyed tag by which an address is found."""
    return tx.vault.tag("address", f"{channel}\0{address}")


def find(tx: Tx, channel: str, address: str) -> Person | None:
    """Return the person at an address, or None."""
    tag = tag_of(tx, channel, address)
    row = tx.connection.execute(_AT_ADDRESS, {"channel": channel, "tag": tag}).one_or_none()
    return None if row is None else from_row(row)


def get(tx: Tx, identifier: str) -> Person:
    """Return a person. Raise NotAllowed when there is none."""
    row = tx.connection.execute(_BY_ID, {"person_id": identifier}).one_or_none()
    if row is None:
        raise NotAllowed
    return from_row(row)


def is_panic_word(tx: Tx, who: Person, word: str) -> bool:
    """Tell whether a folded word is the one that a person chose to show the weather."""
    kept = tx.connection.execute(_PANIC, {"person_id": who.id}).scalar_one()
    return kept is not None and same(kept, _panic_tag(tx, who.id, word))


def set_phone(
    tx: Tx,
    identifier: str,
    *,
    panic_word: str | None = None,
    discreet: bool | None = None,
    quiet_at: float | None = None,
) -> None:
    """Note what a person wants their phone to show."""
    values: dict[str, object] = {} if panic_word is None else {"panic_tag": _panic_tag(tx, identifier, panic_word)}
    values |= {} if discreet is None else {"discreet": discreet}
    values |= {} if quiet_at is None else {"quiet_at": quiet_at}
    if values:
        tx.connection.execute(update(person).where(person.c.id == identifier).values(**values))


def _panic_tag(tx: Tx, identifier: str, word: str) -> str:
    return tx.vault.tag("panic", f"{identifier}\0{word}")


def address_of(tx: Tx, who: Person) -> str:
    """Return the address in clear. For `send` only."""
    sealed = tx.connection.execute(_ADDRESS, {"person_id": who.id}).scalar_one()
    return tx.vault.unseal(who.id, who.data_key, _address_place(who.id), sealed)


def _address_place(identifier: str) -> str:
    return f"person|address|{identifier}"


def renew_key(tx: Tx, who: Person, address: str) -> None:
    """Give a person a new data key; nothing that was sealed with the old one can be read again, but the address."""
    key = tx.vault.new_data_key(who.id)
    sealed = tx.vault.seal(who.id, key, _address_place(who.id), address)
    tx.connection.execute(update(person).where(person.c.id == who.id).values(data_key=key, address_sealed=sealed))


def next_seq(tx: Tx, identifier: str, *, heard: bool = False) -> int:
    """Allocate the next sequence number of a conversation, under the lock of the person's row.

    `heard` is for what the person wrote: it is noted that they did.
    """
    values: dict[str, object] = {"person_id": identifier}
    if heard:
        values["now"] = tx.now
    return int(tx.connection.execute(_HEARD if heard else _NEXT_SEQ, values).scalar_one()) - 1


def set_language(tx: Tx, identifier: str, language: str, *, chosen: bool) -> None:
    """Record the person's language; `chosen` when they said so themselves, which a guess never overrides."""
    tx.connection.execute(
        update(person).where(person.c.id == identifier).values(language=language, language_chosen=chosen)
    )


def set_stopped(tx: Tx, identifier: str, stopped: bool) -> None:
    """Record that a person wants no more messages, or wants them again."""
    tx.connection.execute(
        update(person).where(person.c.id == identifier).values(stopped_at=tx.now if stopped else None)
    )


def leave(tx: Tx, identifier: str) -> None:
    """Forget the address of a person who ended a web chat: its holder is a stranger from now on."""
    _move(tx, get(tx, identifier), tx.vault.tag("left", identifier), "")


def move(tx: Tx, who: Person, address: str) -> None:
    """Let a person be found at another address of the same channel, and at the old one no longer."""
    _move(tx, who, tag_of(tx, who.channel, address), address)


def _move(tx: Tx, who: Person, tag: str, address: str) -> None:
    sealed = tx.vault.seal(who.id, who.data_key, _address_place(who.id), address)
    tx.connection.execute(update(person).where(person.c.id == who.id).values(address_tag=tag, address_sealed=sealed))
