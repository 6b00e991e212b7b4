"""Fixtures of the fault tests: one loaded process for all of them, and a store on each kind of database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.store import Store, open_store
from tests.conftest import BOTH, MASTER_KEY, emptied
from tests.faults.rig import Zygote


@pytest.fixture(scope="session")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    made = Zygote(tmp_path_factory.mktemp("zygote"))
    yield made
    made.close()


@pytest.fixture(params=BOTH)
def real_store(request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path) -> Iterator[Store]:
    """A store with the real clock, as the gateways have it."""
    if request.param == "sqlite":
        (tmp_path / "amana.sqlite3").write_bytes(sqlite_template.read_bytes())
        opened = open_store(f"sqlite:///{tmp_path}/amana.sqlite3", MASTER_KEY)
    else:
        opened = emptied(open_store(request.getfixturevalue("postgres_tables"), MASTER_KEY))
    yield opened
    opened.close()
