"""What was spent on sending, by day: in all, for each country, for each person, and on emergencies."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.store.database import Tx
from core.store.tables import message, spending

DAY_SECONDS = 86_400
ALL, EMERGENCY = "all", "emergency"


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
    query = select(spending).where(spending.c.day == int(tx.now // DAY_SECONDS), spending.c.scope.in_(wanted))
    found = {row.scope: Spent(row.segments, row.cost) for row in tx.connection.execute(query)}
    return {name: found.get(name, Spent()) for name in wanted}


def add(tx: Tx, names: Iterable[str], message_id: str, segments: int, cost: float) -> None:
    """Count a message that was sent, and keep its estimated cost with it."""
    flavour = sqlite if tx.is_sqlite else postgresql
    rows = [
        {"day": int(tx.now // DAY_SECONDS), "scope": name, "segments": segments, "cost": cost}
        for name in sorted(names)  # always in the same order, or two processes could wait for each other
    ]
    statement = flavour.insert(spending)
    more = {
        "segments": spending.c.segments + statement.excluded.segments,
        "cost": spending.c.cost + statement.excluded.cost,
    }
    tx.connection.execute(statement.on_conflict_do_update(index_elements=["day", "scope"], set_=more), rows)
    tx.connection.execute(update(message).where(message.c.id == message_id).values(segments=segments, cost=cost))
