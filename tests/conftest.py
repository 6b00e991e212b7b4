"""Fixtures that every test may use: settings, and a store on SQLite and on PostgreSQL."""

import base64
import logging
import os
import shutil
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings
from sqlalchemy import create_engine, make_url, text

from core.store import Store, open_store
from core.store.database import make_engine
from core.store.migrate import migrate
from core.store.tables import metadata

MASTER_KEY = b"m" * 32
MASTER = base64.b64encode(MASTER_KEY).decode()

# the same examples every time: what is red here is red everywhere, on slow machines too
settings.register_profile("amana", derandomize=True, deadline=None, database=None)
settings.load_profile("amana")


class Clock:
    """A clock that moves only when told."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    """Put logging back as it was: it is set up for the whole process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def postgres_url() -> str | None:
    """Where tests may make databases: AMANA_TEST_POSTGRES_URL, else a server on this machine that answers."""
    if url := os.environ.get("AMANA_TEST_POSTGRES_URL"):
        return url
    try:
        socket.create_connection(("127.0.0.1", 5432), timeout=1).close()
    except OSError:
        return None
    return "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"


def new_postgres_database() -> Iterator[str]:
    """Make an empty PostgreSQL database, and drop it afterwards."""
    server = postgres_url()
    if server is None:
        if os.environ.get("CI"):
            pytest.fail("CI must run the PostgreSQL tests, and no server answers")
        pytest.skip("no PostgreSQL server; set AMANA_TEST_POSTGRES_URL")
    url = make_url(server).set(drivername="postgresql+psycopg")
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    name = f"amana_test_{uuid.uuid4().hex[:12]}"
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    yield url.set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    admin.dispose()


BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database without tables, once on each kind. Slow: for tests of the schema itself."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/test.sqlite3"
    else:
        yield from new_postgres_database()


def migrated(url: str) -> str:
    """Make all tables in an empty database and return its address."""
    engine = make_engine(url)
    migrate(engine)
    engine.dispose()
    return url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all tables, of which every test gets a copy: migrating costs more than most tests."""
    path = tmp_path_factory.mktemp("template") / "template.sqlite3"
    migrated(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_tables() -> Iterator[str]:
    """A PostgreSQL database with all tables, which every test empties: making one takes seconds."""
    making = new_postgres_database()
    yield migrated(next(making))
    next(making, None)


def emptied(store: Store) -> Store:
    """Delete what the test before has left."""
    with store.engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    return store


@pytest.fixture
def sqlite_store(tmp_path: Path, sqlite_template: Path, clock: Clock) -> Iterator[Store]:
    """A store on SQLite only, for tests that are not about the store."""
    path = shutil.copy(sqlite_template, tmp_path / "amana.sqlite3")
    opened = open_store(f"sqlite:///{path}", MASTER_KEY, clock)
    yield opened
    opened.close()


@pytest.fixture(params=BOTH)
def store(request: pytest.FixtureRequest, clock: Clock) -> Iterator[Store]:
    """A store with all tables and nothing in them, on each kind of database."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_store")
        return
    opened = emptied(open_store(request.getfixturevalue("postgres_tables"), MASTER_KEY, clock))
    yield opened
    opened.close()
