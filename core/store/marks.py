"""Marks: when something was done last, by name, for what must be remembered across restarts."""

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from core.store.database import Tx
from core.store.tables import mark


def get(tx: Tx, name: str) -> float | None:
    """Return the time of a mark, or None."""
    found: float | None = tx.connection.execute(select(mark.c.at).where(mark.c.name == name)).scalar_one_or_none()
    return found


def beginning_with(tx: Tx, prefix: str) -> list[tuple[str, float]]:
    """Return the marks whose names begin so."""
    query = select(mark.c.name, mark.c.at).where(mark.c.name.startswith(prefix, autoescape=True))
    return [(row.name, row.at) for row in tx.connection.execute(query)]


def set_to(tx: Tx, name: str, at: float) -> None:
    """Set a mark."""
    flavour = sqlite if tx.is_sqlite else postgresql
    statement = flavour.insert(mark).values(name=name, at=at)
    tx.connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"at": at}))


def forget_before(tx: Tx, prefix: str, at: float) -> None:
    """Remove marks that are older."""
    tx.connection.execute(delete(mark).where(mark.c.name.startswith(prefix, autoescape=True), mark.c.at < at))
