"""Messages in and out, in one row each, with their text sealed."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy import case as sql_case
from sqlalchemy.dialects import postgresql, sqlite

from core.crypto import new_id
from core.messages import Button, Inbound, Say
from core.store import people
from core.store.database import Tx
from core.store.people import Person
from core.store.tables import message


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message with its text in clear."""

    id: str
    person_id: str
    seq: int
    direction: str
    author: str
    channel: str
    kind: str
    text: str
    said: tuple[Say, ...]
    buttons: tuple[Button, ...]
    """Choices that were issued with an outgoing message."""
    case_id: str | None
    state: str
    error: str | None
    created_at: float
    staff_id: str | None


# what every message needs is built once: building a statement costs four times as much as running it
_THIS = message.c.id == bindparam("message_id")
_BY_ID = select(message).where(_THIS)
_BUTTON = select(message.c.said_sealed).where(_THIS)
_NEWEST = (
    select(message)
    .where(message.c.person_id == bindparam("person_id"), message.c.seq > bindparam("after"))
    .order_by(message.c.seq.desc())
    .limit(bindparam("most"))
)
_NEWEST_OF = _NEWEST.where(message.c.direction == bindparam("direction"))
_ADD = insert(message)
_HANDLED = update(message).where(_THIS).values(state="handled", case_id=bindparam("in_case"))
_SENT = (
    update(message)
    .where(_THIS)
    .values(provider_id=bindparam("sid"), state=sql_case((message.c.state == "queued", "sent"), else_=message.c.state))
)
_TRIED = update(message).where(_THIS).values(sent_at=bindparam("now"))
_SETTLED = select(message.c.state, message.c.provider_id, message.c.resent).where(_THIS)
_SENT_LATELY = (
    select(message.c.sent_at)
    .where(message.c.person_id == bindparam("person_id"), message.c.direction == "out")
    .order_by(message.c.seq.desc())
    .limit(bindparam("most"))
)


@lru_cache(maxsize=2)
def _adding_inbound(is_sqlite: bool) -> Any:
    flavour = sqlite if is_sqlite else postgresql
    made = flavour.insert(message).on_conflict_do_nothing(index_elements=["channel", "direction", "provider_id"])
    return made.returning(message.c.id)


def record_inbound(tx: Tx, who: Person, inbound: Inbound) -> tuple[str, int] | None:
    """Store what a person sent; return its id and sequence number, or None when the provider sent it before."""
    identifier = new_id()
    seq = people.next_seq(tx, who.id, heard=True)
    values = {
        "id": identifier,
        "person_id": who.id,
        "seq": seq,
        "direction": "in",
        "author": "person",
        "channel": inbound.channel,
        "provider_id": inbound.provider_id,
        "kind": inbound.kind,
        "text_sealed": _seal(tx, who, identifier, "text", inbound.text),
        "said_sealed": _seal(tx, who, identifier, "said", inbound.button or ""),
        "state": "received",
        "created_at": tx.now,
    }
    if tx.connection.execute(_adding_inbound(tx.is_sqlite), values).one_or_none() is None:
        return None
    return identifier, seq


def was_received(tx: Tx, channel: str, provider_id: str) -> bool:
    """Tell whether the provider's message is here already."""
    query = select(message.c.id).where(
        message.c.channel == channel, message.c.direction == "in", message.c.provider_id == provider_id
    )
    return tx.connection.execute(query).first() is not None


def record_outbound(
    tx: Tx, who: Person, *, author: str, text: str, said: tuple[Say, ...] = (), buttons: tuple[Button, ...] = (),
    case_id: str | None = None, staff_id: str | None = None, priority: int | None = None,
) -> tuple[str, int]:  # fmt: skip
    """Store what is to be sent and return its id and sequence number. The caller puts the job beside it."""
    identifier = new_id()
    seq = people.next_seq(tx, who.id)
    values = {
        "id": identifier,
        "person_id": who.id,
        "seq": seq,
        "direction": "out",
        "author": author,
        "staff_id": staff_id,
        "channel": who.channel,
        "kind": "text",
        "text_sealed": _seal(tx, who, identifier, "text", text),
        "said_sealed": _seal(tx, who, identifier, "said", _said_json(said, buttons)),
        "case_id": case_id,
        "priority": priority,
        "state": "queued",
        "created_at": tx.now,
    }
    tx.connection.execute(_ADD, values)
    return identifier, seq


def _said_json(said: tuple[Say, ...], buttons: tuple[Button, ...]) -> str:
    return json.dumps({"says": [asdict(say) for say in said], "buttons": [asdict(button) for button in buttons]})


def _said_from(text: str) -> tuple[tuple[Say, ...], tuple[Button, ...]]:
    kept = json.loads(text)
    says = (
        Say(**{**say, "buttons": tuple((title, payload) for title, payload in say["buttons"])}) for say in kept["says"]
    )
    return tuple(says), tuple(Button(**button) for button in kept["buttons"])


def _seal(tx: Tx, who: Person, identifier: str, column: str, text: str) -> bytes:
    return tx.vault.seal(who.id, who.data_key, f"message|{column}|{identifier}", text)


def _unseal(tx: Tx, who: Person, identifier: str, column: str, sealed: bytes) -> str:
    return tx.vault.unseal(who.id, who.data_key, f"message|{column}|{identifier}", sealed)


def get(tx: Tx, identifier: str) -> Message:
    """Return one message."""
    return with_author(tx, identifier)[1]


def with_author(tx: Tx, identifier: str) -> tuple[Person, Message]:
    """Return one message and whom it is from, or to."""
    row = tx.connection.execute(_BY_ID, {"message_id": identifier}).one()
    who = people.get(tx, row.person_id)
    return who, _from_row(tx, who, row)


def button_pressed(tx: Tx, who: Person, identifier: str) -> str:
    """Return the opaque id of the button that an incoming message pressed, or nothing."""
    sealed = tx.connection.execute(_BUTTON, {"message_id": identifier}).scalar_one()
    return _unseal(tx, who, identifier, "said", sealed)


def _from_row(tx: Tx, who: Person, row: object) -> Message:
    values = row._mapping  # type: ignore[attr-defined]
    outgoing = values["direction"] == "out"
    said, buttons = _said_from(_unseal(tx, who, values["id"], "said", values["said_sealed"])) if outgoing else ((), ())
    plain = {name: values[name] for name in Message.__slots__ if name not in ("text", "said", "buttons")}
    text = _unseal(tx, who, values["id"], "text", values["text_sealed"])
    return Message(text=text, said=said, buttons=buttons, **plain)


def conversation(
    tx: Tx, who: Person, *, after: int = 0, limit: int = 200, direction: str | None = None
) -> list[Message]:
    """Return the newest messages of a person with a sequence number above `after`, oldest first."""
    values: dict[str, object] = {"person_id": who.id, "after": after, "most": limit}
    if direction:
        values["direction"] = direction
    rows = tx.connection.execute(_NEWEST_OF if direction else _NEWEST, values).all()
    return [_from_row(tx, who, row) for row in reversed(rows)]


def mark_handled(tx: Tx, identifier: str, *, case_id: str | None = None) -> None:
    """Record that an incoming message has been answered or given to a counsellor."""
    tx.connection.execute(_HANDLED, {"message_id": identifier, "in_case": case_id})


def mark_sent(tx: Tx, identifier: str, provider_id: str) -> None:
    """Record that the provider took a message. A receipt that came earlier stays as it is."""
    tx.connection.execute(_SENT, {"message_id": identifier, "sid": provider_id})


def was_accepted(tx: Tx, identifier: str) -> bool:
    """Tell whether an outgoing message is settled: the provider has spoken of it already, or it failed."""
    row = tx.connection.execute(_SETTLED, {"message_id": identifier}).one()
    return row.state != "queued" or (row.provider_id is not None and not row.resent)


def mark_tried(tx: Tx, identifier: str) -> None:
    """Record that a message is being handed to the provider now."""
    tx.connection.execute(_TRIED, {"message_id": identifier, "now": tx.now})


def sent_lately(tx: Tx, person_id: str, seconds: float, most: int) -> list[float]:
    """Return when the last `most` messages went to a person within the last seconds, the newest first."""
    newest = tx.connection.scalars(_SENT_LATELY, {"person_id": person_id, "most": most + 10}).all()
    return sorted((at for at in newest if at is not None and tx.now - seconds < at <= tx.now), reverse=True)[:most]


def known(tx: Tx, channel: str, provider_ids: Sequence[str]) -> set[str]:
    """Return those of these ids of the provider that belong to messages of ours, in or out."""
    query = select(message.c.provider_id).where(
        message.c.channel == channel, message.c.provider_id.in_(list(provider_ids))
    )
    return set(tx.connection.scalars(query))


def fail_waiting(tx: Tx, person_id: str, error: str) -> None:
    """Record that nothing that still waits for a person will be sent."""
    waiting = update(message).where(
        message.c.person_id == person_id, message.c.direction == "out", message.c.state == "queued"
    )
    tx.connection.execute(waiting.values(state="failed", error=error))


def mark_failed(tx: Tx, identifier: str, error: str) -> None:
    """Record that a message will not be sent."""
    tx.connection.execute(update(message).where(message.c.id == identifier).values(state="failed", error=error))
