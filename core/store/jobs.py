"""Durable jobs: turns to take and messages to send, with leases, fencing tokens and order for each person.

The shape and the reasons stand in docs/decisions/0002-own-inbox-and-outbox.md. A job lives in the same transaction as
the message that it is about. A finished job is deleted: the message's state is what remains.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Float,
    ScalarSelect,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from core.crypto import new_id
from core.store.database import Tx
from core.store.tables import job

JobKind = Literal["turn", "send"]


class Priority(IntEnum):
    """What goes first."""

    EMERGENCY = 0
    REPLY = 1
    NOTICE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A leased job. `token` proves that the lease is still ours."""

    id: int
    kind: JobKind
    key: str
    message_id: str
    attempts: int
    token: str
    created_at: float
    priority: Priority
    error: str | None
    """Why it was tried again, if it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A job that was given up. Says whose and why, never what."""

    kind: JobKind
    key: str
    attempts: int
    error: str | None
    created_at: float


class LeaseLost(Exception):
    """Another worker took the job over; nothing of ours may be written."""


def put(tx: Tx, kind: JobKind, key: str, seq: int, message_id: str, priority: Priority) -> None:
    """Add a job that may run now."""
    values = {
        "kind": kind, "key": key, "seq": seq, "message_id": message_id, "priority": int(priority),
        "state": "ready", "attempts": 0, "run_at": tx.now, "created_at": tx.now,
    }  # fmt: skip
    tx.connection.execute(insert(job), values)


def claim(tx: Tx, kind: JobKind, lease_seconds: float) -> Job | None:
    """Lease the first job that may run, or return None.

    A job waits while an earlier one of the same kind and person is alive; an emergency waits only for one that is
    running, so that a message that cannot be sent does not hold it up.
    """
    token = new_id()
    values = {"job_kind": kind, "now": tx.now, "until": tx.now + lease_seconds, "token": token}
    row = tx.connection.execute(_claiming(tx.is_sqlite), values).one_or_none()
    if row is None:
        return None
    return Job(
        id=row.id, kind=row.kind, key=row.key, message_id=row.message_id, attempts=row.attempts, token=token,
        created_at=row.created_at, priority=Priority(row.priority), error=row.error,
    )  # fmt: skip


@lru_cache(maxsize=2)
def _claiming(is_sqlite: bool) -> ReturningUpdate[Any]:
    """Build the statement once: it is asked several times a second, and building it costs more than running it.

    Jobs whose lease ran out are few and looked for first; of the ready ones the index gives the first in order, however
    many there are.
    """
    now = bindparam("now", type_=Float)
    earlier = job.alias("earlier")
    blocked = exists().where(
        earlier.c.kind == job.c.kind,
        earlier.c.key == job.c.key,
        earlier.c.seq < job.c.seq,
        earlier.c.state != "dead",
        or_(job.c.priority > 0, and_(earlier.c.state == "leased", earlier.c.lease_until > now)),
    )

    def first(*conditions: ColumnElement[bool]) -> ScalarSelect[Any]:
        found = select(job.c.id).where(job.c.kind == bindparam("job_kind"), *conditions, ~blocked)
        found = found.order_by(job.c.priority, job.c.id).limit(1)
        return (found if is_sqlite else found.with_for_update(skip_locked=True)).scalar_subquery()

    expired = first(job.c.state == "leased", job.c.lease_until <= now)
    ready = first(job.c.state == "ready", job.c.run_at <= now)
    return (
        update(job)
        .where(job.c.id == func.coalesce(expired, ready))
        .values(
            state="leased", lease_until=bindparam("until"), lease_token=bindparam("token"), attempts=job.c.attempts + 1
        )
        .returning(job)
    )


def finish(tx: Tx, done: Job) -> None:
    """End a job. Raise LeaseLost when it is no longer ours."""
    _ours(tx.connection.execute(delete(job).where(job.c.id == done.id, job.c.lease_token == done.token)).rowcount)


def retry(tx: Tx, failed: Job, delay: float, error: str) -> None:
    """Let a job run again after `delay` seconds. Raise LeaseLost when it is no longer ours."""
    statement = update(job).where(job.c.id == failed.id, job.c.lease_token == failed.token)
    _ours(
        tx.connection.execute(
            statement.values(state="ready", run_at=tx.now + delay, lease_until=None, lease_token=None, error=error)
        ).rowcount
    )


def bury(tx: Tx, failed: Job, error: str) -> None:
    """Give a job up: it stays as a dead letter and no longer holds up what comes after it."""
    statement = update(job).where(job.c.id == failed.id, job.c.lease_token == failed.token)
    _ours(
        tx.connection.execute(statement.values(state="dead", lease_until=None, lease_token=None, error=error)).rowcount
    )


def hold(tx: Tx, waiting: Job, error: str) -> None:
    """Keep a job until `release`. What comes after it for the same person waits too."""
    statement = update(job).where(job.c.id == waiting.id, job.c.lease_token == waiting.token)
    _ours(
        tx.connection.execute(statement.values(state="held", lease_until=None, lease_token=None, error=error)).rowcount
    )


def release(tx: Tx, key: str) -> None:
    """Let the held jobs of a person run now, and let none of those behind them count as late."""
    held = update(job).where(job.c.key == key, job.c.state == "held")
    if tx.connection.execute(held.values(state="ready", run_at=tx.now, attempts=0)).rowcount:
        behind = update(job).where(job.c.kind == "send", job.c.key == key, job.c.state == "ready")
        tx.connection.execute(behind.values(created_at=tx.now))


def _ours(rows: int) -> None:
    if rows != 1:
        raise LeaseLost


def purge(tx: Tx, kind: JobKind, key: str) -> int:
    """Drop what waits for a person who wants no more messages; return how many there were."""
    return tx.connection.execute(
        delete(job).where(job.c.kind == kind, job.c.key == key, job.c.state.in_(("ready", "held")))
    ).rowcount


def counts(tx: Tx) -> dict[tuple[str, str], int]:
    """Return the number of jobs by (kind, state), for health and metrics."""
    rows = tx.connection.execute(select(job.c.kind, job.c.state, func.count()).group_by(job.c.kind, job.c.state))
    return {(kind, state): count for kind, state, count in rows}


def dead(tx: Tx, limit: int = 200) -> list[DeadLetter]:
    """Return the newest jobs that were given up."""
    columns = (job.c.kind, job.c.key, job.c.attempts, job.c.error, job.c.created_at)
    query = select(*columns).where(job.c.state == "dead").order_by(job.c.id.desc()).limit(limit)
    return [DeadLetter(**row._mapping) for row in tx.connection.execute(query).all()]
