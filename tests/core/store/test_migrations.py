"""Migrations: up, down and up again, and what they build is what the tables say."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect

from core.store.database import make_engine
from core.store.migrate import migrate
from core.store.tables import metadata


@pytest.fixture
def engine(database_url: str):
    made = make_engine(database_url)
    yield made
    made.dispose()


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)


def indexes(engine: Engine) -> dict[str, set[tuple[str, bool]]]:
    found = inspect(engine)
    return {
        name: {(index["name"], bool(index["unique"])) for index in found.get_indexes(name)} for name in metadata.tables
    }


def test_migrations_build_what_the_tables_say_and_take_it_down_again(engine: Engine) -> None:
    migrate(engine)
    assert tables(engine) == set(metadata.tables)
    assert differences(engine) == []
    built = indexes(engine)
    migrate(engine)  # nothing is left to do
    migrate(engine, "base")
    assert tables(engine) == set()
    migrate(engine)
    assert differences(engine) == []
    assert indexes(engine) == built
    assert ("uq_case_open", True) in built["case_"]


def test_a_table_that_a_migration_forgot_would_be_noticed(engine: Engine) -> None:
    migrate(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE audit")
    assert [change[0] for change in differences(engine)] == ["add_table"]
