"""Claiming jobs: one statement for both databases that leases the first job that may run."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Float, ScalarSelect, String, and_, bindparam, exists, func, or_, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from core.crypto import new_id
from core.store.database import Tx
from core.store.jobs import LONGEST_DELAY, Job, JobKind, Priority
from core.store.tables import job

HORIZON_SECONDS = 1.5 * LONGEST_DELAY


def claim(tx: Tx, kind: JobKind, lease_seconds: float, closed: Sequence[str] = ()) -> Job | None:
    """Lease the first job that may run, or return None.

    A job waits while an earlier one of the same kind and person is alive; an emergency waits only for one that is
    running, so that a message that cannot be sent does not hold it up. From closed lanes only emergencies are taken.
    """
    token = new_id()
    values: dict[str, object] = {
        "job_kind": kind, "now": tx.now, "until": tx.now + lease_seconds, "token": token,
        "horizon": tx.now + HORIZON_SECONDS,
    }  # fmt: skip
    if closed:
        values["closed"] = list(closed)
    row = tx.connection.execute(_claiming(tx.is_sqlite, bool(closed)), values).one_or_none()
    if row is None:
        return None
    return Job(
        id=row.id, kind=row.kind, key=row.key, message_id=row.message_id, attempts=row.attempts, token=token,
        created_at=row.created_at, priority=Priority(row.priority), error=row.error, tried_at=row.tried_at,
        lane=row.lane, weight=row.weight,
    )  # fmt: skip


@lru_cache(maxsize=4)
def _claiming(is_sqlite: bool, lanes: bool) -> ReturningUpdate[Any]:
    """Build the statement once: it is asked several times a second, and building it costs more than running it.

    Jobs whose lease ran out are few and looked for first; of the ready ones the index gives the first in order, however
    many there are. A time beyond the horizon was written by a clock that has been set back since: it counts as come.
    """
    now, horizon = bindparam("now", type_=Float), bindparam("horizon", type_=Float)
    earlier = job.alias("earlier")
    blocked = exists().where(
        earlier.c.kind == job.c.kind,
        earlier.c.key == job.c.key,
        earlier.c.seq < job.c.seq,
        earlier.c.state != "dead",
        or_(
            job.c.priority > 0,
            and_(earlier.c.state == "leased", earlier.c.lease_until > now, earlier.c.lease_until <= horizon),
        ),
    )
    open_lane: list[ColumnElement[bool]] = []
    if lanes:
        closed = bindparam("closed", type_=String, expanding=True)
        open_lane = [or_(job.c.priority == 0, job.c.lane.is_(None), job.c.lane.not_in(closed))]

    def first(*conditions: ColumnElement[bool]) -> ScalarSelect[Any]:
        found = select(job.c.id).where(job.c.kind == bindparam("job_kind"), *conditions, *open_lane, ~blocked)
        found = found.order_by(job.c.priority, job.c.id).limit(1)
        return (found if is_sqlite else found.with_for_update(skip_locked=True)).scalar_subquery()

    def due(when: "ColumnElement[float | None]") -> ColumnElement[bool]:
        return or_(when <= now, when > horizon)

    expired = first(job.c.state == "leased", due(job.c.lease_until))
    ready = first(job.c.state == "ready", due(job.c.run_at))
    return (
        update(job)
        .where(job.c.id == func.coalesce(expired, ready))
        .values(
            state="leased", lease_until=bindparam("until"), lease_token=bindparam("token"), attempts=job.c.attempts + 1
        )
        .returning(job)
    )
