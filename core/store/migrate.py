"""Brings a database to a schema version with Alembic. `python -m core.store.migrate` brings it to the newest.

With a revision as argument it goes there, and with -1 one step back: that loses what only the newer schema can hold.
"""

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from core.store.database import make_engine

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def migrate(engine: Engine, revision: str = "head") -> None:
    """Move the schema to a revision, forwards or, with a revision such as "base", backwards."""
    config = _config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        move = command.downgrade if revision in ("base", "-1") else command.upgrade
        move(config, revision)


def main(arguments: list[str]) -> None:
    """Bring the configured database to the newest schema, or to the one that is named."""
    from core.config import from_env

    engine = make_engine(from_env().database_url)
    migrate(engine, *arguments[:1])
    engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1:])
