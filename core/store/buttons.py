"""Buttons that we issued: opaque ids bound to one person, that expire; by number too, for phones without buttons."""

from collections.abc import Sequence

from sqlalchemy import delete, insert, select, update

from core.crypto import new_id
from core.store.database import Tx
from core.store.tables import button

LIFE_SECONDS = 24 * 3600


def issue(tx: Tx, person_id: str, payloads: Sequence[str]) -> list[str]:
    """Replace the person's menu by a new one, which may be empty, and return the ids, in order.

    Ids of earlier menus stay valid until they expire (somebody may press an old button), but a bare number always
    means the newest menu.
    """
    tx.connection.execute(delete(button).where(button.c.person_id == person_id, button.c.expires_at <= tx.now))
    tx.connection.execute(update(button).where(button.c.person_id == person_id).values(position=0))
    ids = [new_id() for _ in payloads]
    rows = [
        {
            "id": identifier, "person_id": person_id, "position": position, "payload": payload,
            "expires_at": tx.now + LIFE_SECONDS,
        }
        for position, (identifier, payload) in enumerate(zip(ids, payloads, strict=True), start=1)
    ]  # fmt: skip
    if rows:
        tx.connection.execute(insert(button), rows)
    return ids


def payload_of(tx: Tx, person_id: str, identifier: str) -> str | None:
    """Return the payload of a pressed button, or None when it is not this person's or has expired."""
    query = select(button.c.payload).where(
        button.c.id == identifier, button.c.person_id == person_id, button.c.expires_at > tx.now
    )
    return tx.connection.execute(query).scalar_one_or_none()


def payload_at(tx: Tx, person_id: str, position: int) -> str | None:
    """Return the payload behind a number, from 1, in the newest menu, or None."""
    query = select(button.c.payload).where(
        button.c.person_id == person_id, button.c.position == position, button.c.expires_at > tx.now
    )
    return tx.connection.execute(query).scalar_one_or_none() if position > 0 else None
