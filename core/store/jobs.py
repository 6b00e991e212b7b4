"""Durable jobs: turns to take and messages to send, with leases, fencing tokens and order for each person.

The shape and the reasons stand in docs/decisions/0002-own-inbox-and-outbox.md. A job lives in the same transaction as
the message that it is about. A finished job is deleted: the message's state is what remains.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from sqlalchemy import bindparam, delete, func, insert, select, update

from core.store.database import Tx
from core.store.people import Person
from core.store.tables import job

JobKind = Literal["turn", "send"]
LONGEST_DELAY = 3600.0
"""Nothing is put off further, so that what lies further ahead was written by a wrong clock."""


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
    tried_at: float | None = None
    """When it was handed to the provider by somebody who then fell silent: its outcome is not known."""
    lane: str | None = None
    weight: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message that is to be sent."""

    key: str
    """The person."""
    seq: int
    message_id: str
    priority: Priority


class LeaseLost(Exception):
    """Another worker took the job over; nothing of ours may be written."""


# what every message needs is built once: building a statement costs four times as much as running it
_OURS = (job.c.id == bindparam("job_id"), job.c.lease_token == bindparam("token"))
_PUT = insert(job)
_BEGIN = update(job).where(*_OURS).values(tried_at=bindparam("now"), lease_until=bindparam("until"))
_FINISH = delete(job).where(*_OURS)
_RELEASE = (
    update(job)
    .where(job.c.kind == "send", job.c.key == bindparam("person_id"), job.c.state == "held")
    .values(state="ready", run_at=bindparam("now"), attempts=0)
)


def put(tx: Tx, kind: JobKind, key: str, seq: int, message_id: str, priority: Priority) -> None:
    """Add a job that may run now."""
    tx.connection.execute(_PUT, _values(tx, kind, key, seq, message_id, priority))


def post(tx: Tx, who: Person, letter: Letter, *, weight: int = 1, delay: float = 0.0) -> None:
    """Add the sending of a message, in the lane of our sender."""
    values = _values(tx, "send", letter.key, letter.seq, letter.message_id, letter.priority)
    values |= {"lane": f"{who.channel}:{who.sender}", "weight": weight, "run_at": tx.now + delay}
    tx.connection.execute(_PUT, values)


def put_dead(tx: Tx, letter: Letter, error: str) -> None:
    """Add a dead letter: a message that the provider took and could not deliver."""
    values = _values(tx, "send", letter.key, letter.seq, letter.message_id, letter.priority)
    tx.connection.execute(_PUT, values | {"state": "dead", "error": error[:60]})


def _values(
    tx: Tx, kind: JobKind, key: str, seq: int, message_id: str, priority: Priority
) -> dict[str, object]:  # fmt: skip
    return {
        "kind": kind, "key": key, "seq": seq, "message_id": message_id, "priority": int(priority),
        "state": "ready", "attempts": 0, "run_at": tx.now, "created_at": tx.now,
    }  # fmt: skip


def has_job(tx: Tx, message_id: str) -> bool:
    """Tell whether a message has a job, dead or alive."""
    return tx.connection.execute(select(job.c.id).where(job.c.message_id == message_id)).first() is not None


def begin(tx: Tx, claimed: Job, lease_seconds: float) -> None:
    """Note that the provider may have it from now on, and count the lease anew. Raise LeaseLost when it is not ours."""
    values = {"job_id": claimed.id, "token": claimed.token, "now": tx.now, "until": tx.now + lease_seconds}
    _ours(tx.connection.execute(_BEGIN, values).rowcount)


def finish(tx: Tx, done: Job) -> None:
    """End a job. Raise LeaseLost when it is no longer ours."""
    _ours(tx.connection.execute(_FINISH, {"job_id": done.id, "token": done.token}).rowcount)


def retry(tx: Tx, failed: Job, delay: float, error: str, *, in_doubt: bool = False) -> None:
    """Let a job run again after `delay` seconds. Raise LeaseLost when it is no longer ours.

    Unless the outcome is in doubt, it is known from now on that the provider does not have it.
    """
    values: dict[str, object] = {
        "state": "ready", "run_at": tx.now + min(delay, LONGEST_DELAY), "lease_until": None, "lease_token": None,
        "error": error[:60],
    }  # fmt: skip
    if not in_doubt:
        values["tried_at"] = None
    statement = update(job).where(job.c.id == failed.id, job.c.lease_token == failed.token)
    _ours(tx.connection.execute(statement.values(values)).rowcount)


def defer(tx: Tx, early: Job, delay: float, error: str) -> None:
    """Let a job run later that could not even be tried: it has not used up an attempt."""
    statement = update(job).where(job.c.id == early.id, job.c.lease_token == early.token)
    values = {
        "state": "ready", "run_at": tx.now + min(delay, LONGEST_DELAY), "lease_until": None, "lease_token": None,
        "attempts": job.c.attempts - 1, "error": error[:60],
    }  # fmt: skip
    _ours(tx.connection.execute(statement.values(values)).rowcount)


def bury(tx: Tx, failed: Job, error: str) -> None:
    """Give a job up: it stays as a dead letter and no longer holds up what comes after it."""
    statement = update(job).where(job.c.id == failed.id, job.c.lease_token == failed.token)
    _ours(
        tx.connection.execute(statement.values(state="dead", lease_until=None, lease_token=None, error=error)).rowcount
    )


def hold(tx: Tx, waiting: Job, error: str) -> None:
    """Keep a job until `release`. What comes after it for the same person waits too."""
    statement = update(job).where(job.c.id == waiting.id, job.c.lease_token == waiting.token)
    values = {"state": "held", "lease_until": None, "lease_token": None, "tried_at": None, "error": error}
    _ours(tx.connection.execute(statement.values(values)).rowcount)


def release(tx: Tx, key: str) -> None:
    """Let the held jobs of a person run now, and let none of those behind them count as late."""
    if tx.connection.execute(_RELEASE, {"person_id": key, "now": tx.now}).rowcount:
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


def oldest(tx: Tx, kind: JobKind) -> float | None:
    """Return when the oldest job that is alive was added."""
    query = select(func.min(job.c.created_at)).where(job.c.kind == kind, job.c.state.in_(("ready", "leased")))
    return tx.connection.execute(query).scalar_one_or_none()
