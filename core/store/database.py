"""Opens the database and runs transactions off the event loop.

SQLite: WAL, synchronous=FULL, BEGIN IMMEDIATE for writers, one writer thread for each process.
PostgreSQL: a pool, the same functions.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import SQLAlchemyError as StoreError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.clock import Steady
from core.crypto import Vault
from core.store.lanes import Lanes
from core.store.tables import mark

__all__ = ["CLOCK", "Store", "StoreError", "Tx", "is_away", "make_engine", "open_store"]

Result = TypeVar("Result")
CONNECT_SECONDS = 5
BUSY_SECONDS = 5
POSTGRES_THREADS = 8
CLOCK = "clock"
"""The mark of the time up to which this database is used: after a restart the clock goes on from there (R36)."""


@dataclass(frozen=True, slots=True)
class Tx:
    """One open transaction: the connection, the keys and the time at which it began (UTC, seconds since 1970)."""

    connection: Connection
    vault: Vault
    now: float

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is SQLite, which locks whole files and knows no SKIP LOCKED."""
        return self.connection.dialect.name == "sqlite"


def make_engine(url: str) -> Engine:
    """Create the engine with the settings that durability needs. A directory of an SQLite file is made if absent."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(
            parsed.set(drivername="postgresql+psycopg"), pool_size=POSTGRES_THREADS, pool_pre_ping=True,
            pool_timeout=CONNECT_SECONDS, connect_args={"connect_timeout": CONNECT_SECONDS},
        )  # fmt: skip
    if parsed.database:
        path = Path(parsed.database)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)  # nobody else on the machine; the journal files get the same rights
    engine = create_engine(parsed, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # we begin transactions ourselves, see below
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        # a deferred transaction that turns into a writer gets SQLITE_BUSY at once, without waiting
        mode = connection.get_execution_options().get("sqlite_begin", "IMMEDIATE")
        connection.exec_driver_sql(f"BEGIN {mode}")

    return engine


def is_away(error: Exception) -> bool:
    """Tell whether the database could not be used, as against a value that it would never take."""
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    return lost or isinstance(error, OperationalError | InterfaceError | PoolTimeout)


class Store:
    """Runs functions of one transaction. `clock` gives UTC seconds since 1970 and is replaced in tests."""

    def __init__(self, engine: Engine, vault: Vault, clock: Callable[[], float]) -> None:
        self.engine = engine
        self.vault = vault
        self.clock = clock
        self._goes_on = False
        single = engine.dialect.name == "sqlite"
        self._writers = Lanes(1 if single else POSTGRES_THREADS, "store-write", self._together if single else None)
        self._readers = Lanes(2, "store-read") if single else self._writers

    def write_now(self, work: Callable[[Tx], Result]) -> Result:
        """Run `work` in one transaction that is committed when it returns and rolled back when it raises."""
        with self.engine.begin() as connection:
            return work(self.begun(connection))

    def read_now(self, work: Callable[[Tx], Result]) -> Result:
        """Run `work` on a consistent view of the data. It must not write."""
        with (
            self.engine.connect().execution_options(sqlite_begin="DEFERRED") as connection,
            connection.begin(),
        ):
            return work(self.begun(connection))

    def begun(self, connection: Connection) -> Tx:
        """Return a transaction that begins now. The first one looks from when on our clock counts."""
        if not self._goes_on and isinstance(self.clock, Steady):
            last = connection.execute(select(mark.c.at).where(mark.c.name == CLOCK)).scalar_one_or_none()
            self.clock.not_before(last or 0.0)
        self._goes_on = True
        return Tx(connection, self.vault, self.clock())

    async def write(self, work: Callable[[Tx], Result], *, urgent: bool = False) -> Result:
        """As `write_now`, without blocking the event loop. Urgent work overtakes all other work of this process.

        With SQLite, where a commit costs more than most work, what waits shares one transaction, each with a savepoint
        of its own; nobody hears of a result before it is committed.
        """
        return await asyncio.wrap_future(self._writers.submit(_Writing(self, work), urgent=urgent))

    @contextmanager
    def _together(self) -> Iterator["_Shared"]:
        with self.engine.begin() as connection:
            yield _Shared(self, connection)

    async def read(self, work: Callable[[Tx], Result]) -> Result:
        """As `read_now`, without blocking the event loop."""
        return await asyncio.wrap_future(self._readers.submit(partial(self.read_now, work), urgent=False))

    @property
    def pressed(self) -> bool:
        """Whether urgent work waits: others should be slow to ask for more."""
        return self._writers.pressed

    def close(self) -> None:
        """Finish what runs and close all connections."""
        self._writers.close()
        if self._readers is not self._writers:
            self._readers.close()
        self.engine.dispose()


@dataclass(frozen=True, slots=True)
class _Writing:
    """A piece of work that is a transaction by itself, or part of one."""

    store: Store
    work: Callable[[Tx], Any]

    def __call__(self) -> Any:
        return self.store.write_now(self.work)


@dataclass(frozen=True, slots=True)
class _Shared:
    """A transaction for several pieces of work, each with a savepoint of its own."""

    store: Store
    connection: Connection

    def do(self, work: Callable[[], Any]) -> Any:
        assert isinstance(work, _Writing)
        with self.connection.begin_nested():
            return work.work(self.store.begun(self.connection))

    def intact(self, error: Exception) -> bool:
        # a full disk may undo the whole transaction: then nobody's work stands
        away = isinstance(error, StoreError) and is_away(error)
        return not away and bool(self.connection.connection.driver_connection.in_transaction)  # type: ignore[union-attr]


def open_store(url: str, master: bytes, clock: Callable[[], float] | None = None) -> Store:
    """Open the database at `url`. Its tables must exist; `core.store.migrate` makes them.

    Without a clock of the caller's, time is counted steadily, on PostgreSQL by the server's clock: processes on several
    machines must agree on when a lease is over.
    """
    engine = make_engine(url)
    if clock is None:
        clock = _servers(engine) if engine.dialect.name == "postgresql" else Steady()
    return Store(engine, Vault(master), clock)


def _servers(engine: Engine) -> Steady:
    """Return a clock that goes by the server's, as it was at the last connection."""
    ahead = [time.time() - time.monotonic()]
    steady = Steady(lambda: time.monotonic() + ahead[0])

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
            ahead[0] = float(cursor.fetchone()[0]) - time.monotonic()
        connection.rollback()
        steady.begin()

    return steady
