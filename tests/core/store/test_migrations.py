"""Migrations: each one up and down with data, and what they build is what the tables say."""

from collections.abc import Iterator
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import (
    Boolean,
    Column,
    Engine,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    inspect,
    select,
)
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from core.store.database import make_engine
from core.store.migrate import MIGRATIONS, migrate
from core.store.tables import metadata

REVISIONS = [step.revision for step in ScriptDirectory(str(MIGRATIONS)).walk_revisions()][::-1]
STEPS = list(zip(["base", *REVISIONS[:-1]], REVISIONS, strict=True))


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = make_engine(database_url)
    yield made
    made.dispose()


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)


def shape(engine: Engine) -> dict[str, Any]:
    """Return everything about the tables that the database tells."""
    found = inspect(engine)

    def of(name: str) -> dict[str, Any]:
        columns = {
            column["name"]: (str(column["type"]), column["nullable"], column["default"])
            for column in found.get_columns(name)
        }
        indexes = {
            (index["name"], tuple(index["column_names"]), bool(index["unique"]), condition(index))
            for index in found.get_indexes(name)
        }
        uniques = {(unique["name"], tuple(unique["column_names"])) for unique in found.get_unique_constraints(name)}
        keys = {
            (key["name"], tuple(key["constrained_columns"]), key["referred_table"])
            for key in found.get_foreign_keys(name)
        }
        primary = tuple(found.get_pk_constraint(name)["constrained_columns"])
        return {"columns": columns, "indexes": indexes, "uniques": uniques, "keys": keys, "primary": primary}

    return {name: of(name) for name in tables(engine)}


def condition(index: Any) -> str:
    """Return what an index is limited to, if anything."""
    options = index.get("dialect_options", {})
    return str(options.get("sqlite_where", options.get("postgresql_where", "")))


def reflected(engine: Engine) -> MetaData:
    """Return the tables as they are now: what the code of this revision knows."""
    found = MetaData()
    found.reflect(engine)
    found.remove(found.tables["alembic_version"])
    return found


def row(table: Table, number: int) -> dict[str, Any]:
    """Make a row with a value in every column; rows of one number belong together."""

    def value(column: Any) -> Any:
        if column.foreign_keys:
            return f"{next(iter(column.foreign_keys)).column.table.name}-{number}"
        if column.name == "id" and not isinstance(column.type, Integer):
            return f"{table.name}-{number}"
        kinds: tuple[tuple[type, Any], ...] = (
            (Boolean, bool(number % 2)), (Float, 1_790_000_000.25 + number), (Integer, number),
            (LargeBinary, bytes([number, 0, 255])),
        )  # fmt: skip
        made = next((made for kind, made in kinds if isinstance(column.type, kind)), f"ﷺ{number}")
        return made[: column.type.length] if isinstance(made, str) and column.type.length else made

    return {column.name: value(column) for column in table.columns}


def fill(engine: Engine, known: MetaData, numbers: range) -> None:
    """Write rows as code does that knows these tables and no others."""
    with engine.begin() as connection:
        for table in known.sorted_tables:
            for number in numbers:
                connection.execute(table.insert(), row(table, number))


def content(engine: Engine, known: MetaData) -> dict[str, list[dict[str, Any]]]:
    """Read every row as code does that knows these tables and no others."""
    with engine.connect() as connection:
        return {
            table.name: sorted((dict(found._mapping) for found in connection.execute(select(table))), key=str)
            for table in known.sorted_tables
        }


def made_of(known: MetaData, numbers: range) -> dict[str, list[dict[str, Any]]]:
    return {table.name: sorted((row(table, number) for number in numbers), key=str) for table in known.sorted_tables}


def test_migrations_build_what_the_tables_say_and_take_it_down_again(engine: Engine) -> None:
    migrate(engine)
    assert tables(engine) == set(metadata.tables)
    assert differences(engine) == []
    built = shape(engine)
    migrate(engine)  # nothing is left to do
    assert shape(engine) == built
    migrate(engine, "base")
    assert tables(engine) == set()
    migrate(engine)
    assert differences(engine) == []
    assert shape(engine) == built
    assert any(index[0] == "uq_case_open" and index[2] for index in built["case_"]["indexes"])


def test_each_migration_keeps_all_data_up_and_down(engine: Engine) -> None:
    """One after the other on one database: what was there is there afterwards, and again when it is taken back."""
    for before, after in STEPS:
        if before == "base":
            migrate(engine, after)
            continue
        old, known = shape(engine), reflected(engine)
        fill(engine, known, range(1, 4))
        kept = content(engine, known)
        assert kept == made_of(known, range(1, 4))

        migrate(engine, after)
        new = shape(engine)
        assert new != old, f"{after} changes nothing"
        assert content(engine, known) == kept, f"{after} loses or changes data"
        migrate(engine, "-1")
        assert shape(engine) == old, f"{after} does not take back what it did"
        assert content(engine, known) == kept, f"taking {after} back loses or changes data"
        migrate(engine, after)
        assert shape(engine) == new, f"{after} builds something else the second time"
        assert content(engine, known) == kept
        empty(engine, reflected(engine))


def test_what_the_newest_schema_holds_goes_down_as_far_as_it_goes(engine: Engine) -> None:
    """Down with data in the new columns and tables, too: only they are lost."""
    states = {}
    for _, after in STEPS:
        migrate(engine, after)
        states[after] = reflected(engine)
    fill(engine, states[REVISIONS[-1]], range(1, 3))
    for revision in REVISIONS[-2::-1]:
        migrate(engine, "-1")
        known = states[revision]
        assert {name: set(table.columns.keys()) for name, table in reflected(engine).tables.items()} == {
            name: set(table.columns.keys()) for name, table in known.tables.items()
        }
        assert content(engine, known) == made_of(known, range(1, 3))
    migrate(engine, "base")
    assert tables(engine) == set()


def empty(engine: Engine, known: MetaData) -> None:
    with engine.begin() as connection:
        for table in reversed(known.sorted_tables):
            connection.execute(table.delete())


def test_code_of_the_revision_before_works_on_each_schema(engine: Engine) -> None:
    """During a rolling update old processes write and read beside new ones: they name only what they know."""
    for before, after in STEPS[1:]:
        migrate(engine, before)
        known, promised = reflected(engine), shape(engine)
        migrate(engine, after)
        old_code_works(engine, known, after)
        assert_rules_stay(promised, shape(engine), after)
        empty(engine, reflected(engine))


def old_code_works(engine: Engine, known: MetaData, after: str) -> None:
    fill(engine, known, range(1, 4))
    assert content(engine, known) == made_of(known, range(1, 4)), after
    with engine.begin() as connection:
        for table in known.sorted_tables:
            keys = {column.name for column in table.primary_key} | {
                column.name for column in table.columns if column.foreign_keys
            }
            new = {name: value for name, value in row(table, 5).items() if name not in keys}
            first = [column == row(table, 1)[column.name] for column in table.primary_key]
            if new:
                assert connection.execute(table.update().where(*first).values(new)).rowcount == 1, after
        for table in reversed(known.sorted_tables):
            first = [column == row(table, 1)[column.name] for column in table.primary_key]
            assert connection.execute(table.delete().where(*first)).rowcount == 1, after
    # new code writes beside it, and the old one reads that
    fresh = reflected(engine)
    with engine.begin() as connection:
        for table in fresh.sorted_tables:
            connection.execute(table.insert(), row(table, 7))
    assert all(row(table, 7) in content(engine, known)[table.name] for table in known.sorted_tables), after


def assert_rules_stay(before: dict[str, Any], now: dict[str, Any], after: str) -> None:
    """What old code relies on stays: ON CONFLICT names columns that must be unique, and what may be empty still may."""
    for name, old in before.items():
        new = now[name]
        unique = {index[1] for index in new["indexes"] if index[2]} | {rule[1] for rule in new["uniques"]}
        for columns in [index[1] for index in old["indexes"] if index[2]] + [rule[1] for rule in old["uniques"]]:
            assert columns in unique, f"{after}: {name}{columns} is no longer unique"
        assert new["primary"] == old["primary"], f"{after}: {name}"
        for column, (kind, nullable, _) in old["columns"].items():
            assert new["columns"][column][0] == kind, f"{after}: {name}.{column} has another type"
            assert new["columns"][column][1] >= nullable, f"{after}: {name}.{column} may no longer be empty"


WRONG = {
    "a column with another name": "ALTER TABLE mark RENAME COLUMN at TO moment",
    "a column that is gone": "ALTER TABLE message DROP COLUMN cost",
    "a table that is gone": "DROP TABLE spending",
    "a value that may be there once only": "CREATE UNIQUE INDEX uq_wrong ON person (discreet)",
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_schema_on_which_old_code_breaks_would_be_noticed(engine: Engine, wrong: str) -> None:
    migrate(engine)
    known = reflected(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql(WRONG[wrong])
    with pytest.raises((SQLAlchemyError, AssertionError)):
        old_code_works(engine, known, "wrong")


def test_a_column_that_must_be_filled_and_has_no_default_would_be_noticed(engine: Engine) -> None:
    migrate(engine)
    known = reflected(engine)
    with engine.begin() as connection:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("mark") as batch:
            batch.add_column(Column("why", String(9), nullable=False))
    with pytest.raises(IntegrityError, match=r"(?i)not.null"):
        old_code_works(engine, known, "wrong")


def test_rules_that_old_code_relies_on_are_compared(engine: Engine) -> None:
    migrate(engine)
    promised = shape(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP INDEX uq_person_code")
    with pytest.raises(AssertionError, match="no longer unique"):
        assert_rules_stay(promised, shape(engine), "wrong")


def test_a_table_that_a_migration_forgot_would_be_noticed(engine: Engine) -> None:
    migrate(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE audit")
    assert [change[0] for change in differences(engine)] == ["add_table"]


def test_revisions_follow_one_another_without_branches() -> None:
    assert [f"{number:04}" for number in range(1, len(REVISIONS) + 1)] == REVISIONS
    assert len(list((MIGRATIONS / "versions").glob("0*.py"))) == len(REVISIONS)
