"""Leaving a web chat for good, and coming back to it with a code that the person asked for.

A code is stored as a keyed tag only. It is twelve digits, which every script can write: against guessing stand the
limits at the door, and that a code dies after two weeks.
"""

import secrets
import unicodedata

from sqlalchemy import bindparam, func, select, update

from core.store import marks, people
from core.store.database import Tx
from core.store.people import Person
from core.store.tables import message, person

DIGITS = 12
LIFE_SECONDS = 14 * 24 * 3600.0
LEFT_SECONDS = 30 * 24 * 3600.0
"""How long a token that was left is remembered. Later it could begin a new talk, and find nothing of the old one."""
LEFT = "left:"


def issue(tx: Tx, who: Person) -> str:
    """Make a code for a person, and forget the one before. Return it; only its tag is kept."""
    code = "".join(secrets.choice("0123456789") for _ in range(DIGITS))
    tx.connection.execute(
        update(person).where(person.c.id == who.id).values(code_tag=_tag(tx, code), code_until=tx.now + LIFE_SECONDS)
    )
    return code


def resume(tx: Tx, typed: str, address: str) -> int | None:
    """Let the person behind a code be found at a new address. Return the number after which they have news, or None.

    What was said before is not told again: whoever holds the code now may not be who asked for it. Only what came after
    the person's own last words is shown.
    """
    code = digits(typed)
    wanted = select(person.c.id).where(
        person.c.code_tag == bindparam("tag"), person.c.code_until > tx.now, person.c.erased_at.is_(None)
    )
    found = tx.connection.execute(wanted, {"tag": _tag(tx, code)}).scalar_one_or_none() if code else None
    if found is None:
        return None
    who = people.get(tx, found)
    if old := people.address_of(tx, who):
        _remember(tx, who.channel, old)
    people.move(tx, who, address)
    last = select(func.max(message.c.seq)).where(message.c.person_id == who.id, message.c.direction == "in")
    return int(tx.connection.execute(last).scalar_one() or 0)


def leave(tx: Tx, channel: str, address: str) -> Person | None:
    """End a talk: its address opens nothing any more, not even a new talk. Return whose it was.

    The first words may still be on their way when somebody flees; they are refused when they come.
    """
    _remember(tx, channel, address)
    who = people.find(tx, channel, address)
    if who is not None:
        people.leave(tx, who.id)
    return who


def _remember(tx: Tx, channel: str, address: str) -> None:
    marks.forget_before(tx, LEFT, tx.now - LEFT_SECONDS)
    marks.set_to(tx, _left(tx, channel, address), tx.now)


def has_left(tx: Tx, channel: str, address: str) -> bool:
    """Tell whether an address is of a talk that was ended."""
    return marks.get(tx, _left(tx, channel, address)) is not None


def _left(tx: Tx, channel: str, address: str) -> str:
    return f"{LEFT}{people.tag_of(tx, channel, address)[:40]}"


def _tag(tx: Tx, code: str) -> str:
    return tx.vault.tag("web code", code)


def digits(typed: str) -> str | None:
    """Return the twelve digits in what somebody typed, in any script and however grouped, or None."""
    found = "".join(str(unicodedata.decimal(one)) for one in typed[:60] if one.isdecimal())
    return found if len(found) == DIGITS else None
