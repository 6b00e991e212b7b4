"""Buttons that we issued: opaque ids bound to one person, that expire; by number too, for phones without buttons."""

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, insert, select, update

from core.crypto import new_id
from core.store.database import Tx
from core.store.tables import button

LIFE_SECONDS = 24 * 3600
_THEIRS = button.c.person_id == bindparam("who")
_EXPIRED = delete(button).where(_THEIRS, button.c.expires_at <= bindparam("now"))
_OLD_MENU = update(button).where(_THEIRS, button.c.position > 0).values(position=0)
_ADD = insert(button)
_LIVING = select(button.c.payload).where(_THEIRS, button.c.expires_at > bindparam("now"))
_BY_ID = _LIVING.where(button.c.id == bindparam("pressed"))
_BY_POSITION = _LIVING.where(button.c.position == bindparam("typed"))


def issue(tx: Tx, person_id: str, payloads: Sequence[str]) -> list[str]:
    """Replace the person's menu by a new one, which may be empty, and return the ids, in order.

    Ids of earlier menus stay valid until they expire (somebody may press an old button), but a bare number always
    means the newest menu.
    """
    tx.connection.execute(_EXPIRED, {"who": person_id, "now": tx.now})
    tx.connection.execute(_OLD_MENU, {"who": person_id})
    ids = [new_id() for _ in payloads]
    rows = [
        {
            "id": identifier, "person_id": person_id, "position": position, "payload": payload,
            "expires_at": tx.now + LIFE_SECONDS,
        }
        for position, (identifier, payload) in enumerate(zip(ids, payloads, strict=True), start=1)
    ]  # fmt: skip
    if rows:
        tx.connection.execute(_ADD, rows)
    return ids


def payload_of(tx: Tx, person_id: str, identifier: str) -> str | None:
    """Return the payload of a pressed button, or None when it is not this person's or has expired."""
    values = {"who": person_id, "now": tx.now, "pressed": identifier}
    return tx.connection.execute(_BY_ID, values).scalar_one_or_none()


def payload_at(tx: Tx, person_id: str, position: int) -> str | None:
    """Return the payload behind a number, from 1, in the newest menu, or None."""
    values = {"who": person_id, "now": tx.now, "typed": position}
    return tx.connection.execute(_BY_POSITION, values).scalar_one_or_none() if position > 0 else None
