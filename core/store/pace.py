"""How fast our senders may go: one bucket for each lane, in the database, so that all processes share it.

A message may be sent while the bucket is above zero, and may bring it below: a long text is paid for afterwards. What
is urgent does not wait, but is paid for too.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Float, Integer, bindparam, func, select
from sqlalchemy import case as sql_case
from sqlalchemy.dialects import postgresql, sqlite

from core.store.database import Tx
from core.store.tables import pace

BURST_SECONDS = 1.0
_ALL = select(pace.c.lane, pace.c.level, pace.c.at)


def closed(tx: Tx, rates: Mapping[str, float]) -> list[str]:
    """Return the lanes in which nothing may go now. `rates` are segments a second, by channel."""
    found = []
    for lane, level, at in tx.connection.execute(_ALL):
        rate = rates.get(lane.partition(":")[0])
        if rate and level + max(0.0, tx.now - at) * rate <= 0:
            found.append(lane)
    return found


def spend(tx: Tx, lane: str | None, weight: int, rates: Mapping[str, float]) -> None:
    """Take what a message weighs out of its lane's bucket."""
    rate = rates.get((lane or "").partition(":")[0])
    if lane is None or not rate:
        return
    full = max(1.0, rate * BURST_SECONDS)
    values = {"this": lane, "rate": rate, "full": full, "left": full - weight, "weight": weight, "now": tx.now}
    tx.connection.execute(_spending(tx.is_sqlite), values)


@lru_cache(maxsize=2)
def _spending(is_sqlite: bool) -> Any:
    now, full = bindparam("now", type_=Float), bindparam("full", type_=Float)
    passed = now - pace.c.at
    refilled = pace.c.level + sql_case((passed > 0, passed), else_=0.0) * bindparam("rate", type_=Float)
    level = sql_case((refilled > full, full), else_=refilled) - bindparam("weight", type_=Integer)
    statement = (sqlite if is_sqlite else postgresql).insert(pace)
    statement = statement.values(lane=bindparam("this"), level=bindparam("left"), at=now)
    return statement.on_conflict_do_update(
        index_elements=["lane"], set_={"level": level, "at": func.coalesce(now, pace.c.at)}
    )
