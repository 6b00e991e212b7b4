"""What was spent on sending, by day: in all, for each country, for each person, and on emergencies."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.store.database import Tx
from core.store.tables import message, spending

DAY_SECONDS = 86_400
ALL, EMERGENCY = "all", "emergency"
_TODAY = select(spending.c.scope, spending.c.segments, spending.c.cost).where(
    spending.c.day == bindparam("today"), spending.c.scope.in_(bindparam("wanted", expanding=True))
)
_NOTE = (
    update(message)
    .where(message.c.id == bindparam("message_id"))
    .values(segments=bindparam("count"), cost=bindparam("estimate"))
)


@dataclass(frozen=True, slots=True)
class Spent:
    """Segments and money."""

    segments: int = 0
    cost: float = 0.0


def scopes(person_id: str, country: str | None) -> tuple[str, str, str]:
    """Return the scopes that a message to a person counts in."""
    return (ALL, f"country:{country or 'unknown'}", f"person:{person_id}")


def today(tx: Tx, names: Iterable[str]) -> Mapping[str, Spent]:
    """Return what was spent today (UTC) in these scopes."""
    wanted = list(names)
    rows = tx.connection.execute(_TODAY, {"today": int(tx.now // DAY_SECONDS), "wanted": wanted})
    found = {scope: Spent(segments, cost) for scope, segments, cost in rows}
    return {name: found.get(name, Spent()) for name in wanted}


def add(tx: Tx, names: Iterable[str], message_id: str, segments: int, cost: float) -> None:
    """Count a message that was sent, and keep its estimated cost with it."""
    rows = [
        {"day": int(tx.now // DAY_SECONDS), "scope": name, "segments": segments, "cost": cost}
        for name in sorted(names)  # always in the same order, or two processes could wait for each other
    ]
    tx.connection.execute(_adding(tx.is_sqlite), rows)
    tx.connection.execute(_NOTE, {"message_id": message_id, "count": segments, "estimate": cost})


@lru_cache(maxsize=2)
def _adding(is_sqlite: bool) -> Any:
    statement = (sqlite if is_sqlite else postgresql).insert(spending)
    more = {
        "segments": spending.c.segments + statement.excluded.segments,
        "cost": spending.c.cost + statement.excluded.cost,
    }
    return statement.on_conflict_do_update(index_elements=["day", "scope"], set_=more)
