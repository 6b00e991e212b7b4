"""Staff accounts, one-time invitations and sessions. Tokens are stored as digests only."""

from dataclasses import dataclass

from sqlalchemy import delete, func, insert, or_, select, update

from core.crypto import digest, new_id, new_secret
from core.errors import Conflict, NotAllowed
from core.store.database import Tx
from core.store.tables import invitation, session, staff

INVITATION_SECONDS = 24 * 3600
IDLE_SECONDS = 15 * 60
LIFE_SECONDS = 10 * 3600
AWAY_SECONDS = 120.0
"""Without a sign of a page that had been connected, its member is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody who works at the desk."""

    id: str
    name: str
    role: str
    languages: tuple[str, ...]
    password_hash: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A signed-in member and the token that forms must carry."""

    member: Member
    csrf: str


def _from_row(row: object) -> Member:
    return Member(
        id=row.id, name=row.name, role=row.role, password_hash=row.password_hash,  # type: ignore[attr-defined]
        languages=tuple(row.languages.split()),  # type: ignore[attr-defined]
    )  # fmt: skip


def count(tx: Tx) -> int:
    """Return how many members can sign in."""
    query = select(func.count()).where(staff.c.password_hash.is_not(None), staff.c.disabled_at.is_(None))
    return int(tx.connection.execute(query).scalar_one())


def add(tx: Tx, name: str, role: str, languages: tuple[str, ...] = ()) -> Member:
    """Make an account without a password; an invitation sets one. Raise Conflict when the name is taken."""
    _must_be_free(tx, name)
    identifier = new_id()
    tx.connection.execute(
        insert(staff).values(id=identifier, name=name, role=role, languages=" ".join(languages), created_at=tx.now)
    )
    return Member(id=identifier, name=name, role=role, languages=languages, password_hash=None)


def by_name(tx: Tx, name: str) -> Member | None:
    """Return the account with this name, if it is not disabled."""
    row = tx.connection.execute(select(staff).where(staff.c.name == name, staff.c.disabled_at.is_(None))).one_or_none()
    return None if row is None else _from_row(row)


def everyone(tx: Tx) -> list[Member]:
    """Return all accounts by name, also those that cannot sign in any more: their names stand under old messages."""
    return [_from_row(row) for row in tx.connection.execute(select(staff).order_by(staff.c.name)).all()]


def _must_be_free(tx: Tx, name: str, owner: str | None = None) -> None:
    found = tx.connection.execute(select(staff.c.id).where(staff.c.name == name)).scalar_one_or_none()
    if found not in (None, owner):
        raise Conflict(name)


def invite(tx: Tx, member: Member) -> str:
    """Make a one-time token by which the member sets a password. Earlier ones of this member stop working."""
    _use_up(tx, member)
    token = new_secret()
    tx.connection.execute(
        insert(invitation).values(
            token_digest=digest(token),
            staff_id=member.id,
            created_at=tx.now,
            expires_at=tx.now + INVITATION_SECONDS,
        )
    )
    return token


def invited(tx: Tx, token: str) -> Member:
    """Return whom an invitation is for. Raise NotAllowed when it is unknown, used or too old."""
    query = (
        select(staff)
        .join(invitation, invitation.c.staff_id == staff.c.id)
        .where(
            invitation.c.token_digest == digest(token), invitation.c.used_at.is_(None),
            invitation.c.expires_at > tx.now, staff.c.disabled_at.is_(None),
        )
    )  # fmt: skip
    row = tx.connection.execute(query).one_or_none()
    if row is None:
        raise NotAllowed
    return _from_row(row)


def accept(tx: Tx, token: str, name: str, password_hash: str) -> Member:
    """Use up an invitation: set the name and password, and end all earlier sessions.

    Raise NotAllowed as `invited`, Conflict when somebody else has the name.
    """
    member = invited(tx, token)
    _must_be_free(tx, name, member.id)
    # of two that use one link at once, the second waits for the row and then finds nothing left to use up
    if _use_up(tx, member) == 0:
        raise NotAllowed
    tx.connection.execute(update(staff).where(staff.c.id == member.id).values(name=name, password_hash=password_hash))
    tx.connection.execute(delete(session).where(session.c.staff_id == member.id))
    found = by_name(tx, name)
    assert found is not None
    return found


def _use_up(tx: Tx, member: Member) -> int:
    used = update(invitation).where(invitation.c.staff_id == member.id, invitation.c.used_at.is_(None))
    return tx.connection.execute(used.values(used_at=tx.now)).rowcount


def sign_in(tx: Tx, member: Member) -> tuple[str, Session]:
    """Begin a session; return its token, which only the browser keeps, and the session."""
    token, csrf = new_secret(), new_secret()
    tx.connection.execute(
        insert(session).values(
            token_digest=digest(token), staff_id=member.id, csrf=csrf, created_at=tx.now, seen_at=tx.now
        )
    )
    return token, Session(member=member, csrf=csrf)


def session_of(tx: Tx, token: str, *, touch: bool = True) -> Session | None:
    """Return a live session, or None when it is unknown, idle for 15 minutes, 10 hours old, or its owner is disabled.

    `touch` counts as activity; a page that only listens does not keep itself alive.
    """
    query = (
        select(staff, session.c.csrf)
        .join(session, session.c.staff_id == staff.c.id)
        .where(
            session.c.token_digest == digest(token), session.c.seen_at > tx.now - IDLE_SECONDS,
            session.c.created_at > tx.now - LIFE_SECONDS, staff.c.disabled_at.is_(None),
        )
    )  # fmt: skip
    row = tx.connection.execute(query).one_or_none()
    if row is None:
        return None
    if touch:
        tx.connection.execute(update(session).where(session.c.token_digest == digest(token)).values(seen_at=tx.now))
    return Session(member=_from_row(row), csrf=row.csrf)


def listens(tx: Tx, token: str) -> None:
    """Note that a page of a session is connected. It counts as presence, and not as activity."""
    tx.connection.execute(update(session).where(session.c.token_digest == digest(token)).values(listened_at=tx.now))


def here(tx: Tx) -> set[str]:
    """Return the ids of the members who sit at the desk: signed in, and their page connected if it ever was."""
    lately = tx.now - AWAY_SECONDS
    query = select(session.c.staff_id).where(
        session.c.seen_at > tx.now - IDLE_SECONDS, session.c.created_at > tx.now - LIFE_SECONDS,
        or_(session.c.listened_at.is_(None), session.c.listened_at > lately, session.c.seen_at > lately),
    )  # fmt: skip
    return set(tx.connection.scalars(query))


def sign_out(tx: Tx, token: str) -> None:
    """End a session."""
    tx.connection.execute(delete(session).where(session.c.token_digest == digest(token)))
