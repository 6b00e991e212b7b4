"""Backups of the database, and what comes after a restore; docs/operating.md has the drill.

python -m ops.backup write FILE                     while everything runs
python -m ops.backup restore FILE [--stopped TIME]  into an empty database, while nothing runs
python -m ops.backup held | release | drop          what waited when the backup was made
"""

import argparse
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL, inspect, make_url

from core import tombstones
from core.config import Settings, from_env
from core.config_checks import CHANNELS
from core.crypto import Unreadable
from core.errors import ConfigError
from core.store import Store, open_store, restored
from core.store.database import make_engine
from core.store.migrate import migrate
from ops import keys


class BackupFailed(Exception):
    """It was not done; the words say why, and nothing of what was asked for is there."""


def write(url: str, target: Path) -> None:
    """Copy the database as it is at one moment, without holding anybody up."""
    if target.exists():
        raise BackupFailed(f"{target} is there already")
    unfinished = target.with_name(f".{target.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            _copy(_file_of(parsed), unfinished, "rw")  # what is in the log can only be read by who may write it
        else:
            _postgres(parsed, "pg_dump", "--format=custom", "--no-owner", f"--file={unfinished}")
        with unfinished.open("rb") as file:
            os.fsync(file.fileno())
        unfinished.rename(target)
    finally:
        unfinished.unlink(missing_ok=True)


def load(url: str, source: Path) -> None:
    """Put a backup into an empty database and bring it to the newest schema."""
    if not source.is_file():
        raise BackupFailed(f"there is no {source}")
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        place = _file_of(parsed)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch(mode=0o600)
        _copy(source, place, "ro")
    else:
        engine = make_engine(url)
        found = inspect(engine).get_table_names()
        engine.dispose()
        if found:
            raise BackupFailed("the database is not empty: make a new one first")
        _postgres(parsed, "pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", str(source))
    engine = make_engine(url)
    migrate(engine)
    engine.dispose()


def settle(store: Store, stopped: float, erased: Path) -> restored.Settled:
    """Do what must be done before anything runs on it; see `core.store.restored`."""
    return store.write_now(lambda tx: restored.settle(tx, stopped, tombstones.read(erased), CHANNELS))


@contextmanager
def _staged(url: URL) -> Iterator[str]:
    """Give the address at which a database is restored: a file gets its name only when all is done."""
    if url.get_backend_name() != "sqlite":
        yield url.render_as_string(hide_password=False)
        return
    place = _file_of(url)
    if any(path.stat().st_size for path in place.parent.glob(f"{place.name}*")):
        raise BackupFailed(f"{place} is not empty: move it, and its -wal and -shm, elsewhere first")
    staging = place.with_name(f".restoring-{place.name}")
    try:
        yield url.set(database=str(staging)).render_as_string(hide_password=False)
        if staging.with_name(f"{staging.name}-wal").exists():
            raise BackupFailed("the newest writes are not in the file yet: somebody else has it open")
        staging.rename(place)
    finally:
        for left in place.parent.glob(f"{staging.name}*"):
            left.unlink()


def _file_of(url: URL) -> Path:
    if not url.database:
        raise BackupFailed("a database in memory cannot be copied")
    return Path(url.database)


def _copy(source: Path, target: Path, mode: str) -> None:
    """Copy by SQLite itself: what stands in the log of the newest writes is part of it. Writers are not held up."""
    try:
        with (
            closing(sqlite3.connect(f"file:{source}?mode={mode}", uri=True)) as old,
            closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new)
            # a copy is one file, whole wherever it is carried
            new.execute("PRAGMA journal_mode=DELETE")
            found = new.execute("PRAGMA integrity_check").fetchone()[0]
            versions = new.execute("SELECT version_num FROM alembic_version").fetchall()
    except sqlite3.Error as error:
        raise BackupFailed(f"{source} is no database of ours, or damaged: {error}") from error
    if found != "ok" or not versions:
        raise BackupFailed(f"{source} is damaged: {found}")


def _postgres(url: URL, *command: str) -> None:
    """Run a tool of PostgreSQL on the database; the password is not shown in the list of processes."""
    named = URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
    where = named.render_as_string()
    environment = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
    try:
        ended = subprocess.run(
            [command[0], f"--dbname={where}", *command[1:]],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise BackupFailed(f"{command[0]} is not installed; it comes with PostgreSQL's client") from error
    if ended.returncode:
        raise BackupFailed(f"{command[0]}: {ended.stderr.strip()}")


def _restore(settings: Settings, source: Path, stopped: str | None, erased: Path) -> None:
    moment = _moment(stopped)
    with _staged(make_url(settings.database_url)) as url:
        load(url, source)
        store = open_store(url, settings.master)
        try:
            found = settle(store, moment, erased)
        except Unreadable as error:
            raise BackupFailed("AMANA_MASTER_KEY is not the key of this backup; empty the database again") from error
        finally:
            store.close()
    _say(f"Restored. Erased again: {found.erased} people. All members of staff must sign in again.")
    if not erased.exists():
        _say(f"WARNING: there is no {erased}. Whoever was erased since the backup is back: erase them again.")
    _say(f"Held, because it may have been done since: {found.turns} messages to answer, {found.sends} to send.")
    _say("Look at them at the desk under Not delivered, then: python -m ops.backup release, or drop.")


def _moment(told: str | None) -> float:
    """Return when the old system stopped, as seconds since 1970; now, when nobody says."""
    now = datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(told) if told else now
    except ValueError:
        moment = datetime.max
    if moment.tzinfo is None or moment > now:
        raise BackupFailed("--stopped must be a time that is over, with its zone, such as 2026-03-01T14:05+00:00")
    return moment.timestamp()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ops.backup")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("write").add_argument("file", type=Path)
    back = commands.add_parser("restore")
    back.add_argument("file", type=Path)
    back.add_argument("--stopped", help="when the old system stopped to answer; what came later is asked for again")
    back.add_argument("--erased", type=Path, help="the list of erased people; by default the one in AMANA_SPOOL_PATH")
    for name in ("held", "release", "drop"):
        commands.add_parser(name)
    return parser.parse_args(arguments)


def _do(asked: argparse.Namespace, settings: Settings) -> None:
    if asked.command == "write":
        write(settings.database_url, asked.file)
        return _say(f"Wrote {asked.file}. Encrypt it, and delete it after few days.")
    if asked.command == "restore":
        erased = asked.erased or Path(settings.spool_path) / tombstones.NAME
        return _restore(settings, asked.file, asked.stopped, erased)
    store = open_store(settings.database_url, settings.master)
    if asked.command == "held":
        found = store.read_now(restored.held)
        _say(f"Held: {found.get('turn', 0)} messages to answer, {found.get('send', 0)} to send.")
    else:
        work = restored.release if asked.command == "release" else restored.drop
        _say(f"{asked.command}: {store.write_now(work)}")
    store.close()
    return None


def main(arguments: list[str]) -> int:
    """Do what was asked for."""
    asked = _arguments(arguments)
    try:
        _do(asked, from_env({name: value for name, value in keys.environment().items() if name.startswith("AMANA_")}))
    except (BackupFailed, ConfigError) as error:
        sys.stderr.write(f"Not done: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
