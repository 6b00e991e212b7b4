"""A running desk for each test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.config import Settings
from core.store import Store, open_store
from core.store.migrate import migrate
from desk.app import create_app
from tests.conftest import MASTER
from tests.desk.house import WORDS, House
from tests.fakes.serving import free_socket, serving, url_of

Open = Callable[[Store], House]


@pytest.fixture
def open_house() -> Iterator[Open]:
    """Opens a desk on a store."""
    running = []

    def start(store: Store, **settings: object) -> House:
        bound = free_socket()
        url = url_of(bound)
        chosen = Settings(
            **({"master_key": MASTER, "internal_secret": "s" * 40, "desk_url": url, "log_strict": True} | settings)
        )
        server = serving(create_app(chosen, store=store, words=WORDS), bound)
        server.__enter__()
        house = House(url, store, chosen)
        running.append((server, house))
        return house

    yield start
    for server, house in running:
        for browser in house.browsers:
            browser.close()
        server.__exit__(None, None, None)


@pytest.fixture
def house(open_house: Open, sqlite_store: Store) -> House:
    """A desk whose clock moves only when told."""
    return open_house(sqlite_store)


@pytest.fixture
def living_house(open_house: Open, tmp_path: Path) -> Iterator[House]:
    """A desk with the time of day, for browsers."""
    store = open_store(f"sqlite:///{tmp_path}/living.sqlite3", b"m" * 32)
    migrate(store.engine)
    yield open_house(store)
    store.close()
