"""`python -m ops.backup`: a copy is whole or not there, and what is restored is settled or not there.

The drill from end to end is tests/faults/test_restore.py.
"""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from core import tombstones
from core.messages import Inbound
from core.store import Store, messages, open_store, people
from core.store.tables import job, message
from ops import backup
from tests.conftest import MASTER, MASTER_KEY


def url(path: Path) -> str:
    return f"sqlite:///{path}"


def write(store: Store, number: int) -> None:
    def work(tx):
        said = Inbound(channel="sms", address="+1", sender="s", provider_id=f"SM{number}", text=f"text {number}")
        messages.record_inbound(tx, people.find_or_create(tx, said, "en"), said)

    store.write_now(work)


def numbers(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT provider_id FROM message ORDER BY seq")]


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("AMANA_MASTER_KEY", MASTER)
    monkeypatch.setenv("AMANA_INTERNAL_SECRET", "i" * 40)
    monkeypatch.setenv("AMANA_SPOOL_PATH", str(tmp_path / "spool"))
    monkeypatch.setenv("AMANA_DATABASE_URL", url(tmp_path / "elsewhere" / "amana.sqlite3"))
    return monkeypatch


@pytest.fixture
def copy(sqlite_store: Store, tmp_path: Path) -> Path:
    write(sqlite_store, 0)
    backup.write(sqlite_store.engine.url.render_as_string(), tmp_path / "copy")
    return tmp_path / "copy"


def test_a_copy_holds_all_that_was_there_when_it_began_and_holds_nobody_up(sqlite_store: Store, tmp_path: Path) -> None:
    for number in range(20):
        write(sqlite_store, number)
    stop = threading.Event()
    written = [20]

    def go_on() -> None:
        while not stop.is_set():
            write(sqlite_store, written[0])
            written[0] += 1

    writer = threading.Thread(target=go_on)
    writer.start()
    at_least = written[0]
    for number in range(5):
        backup.write(sqlite_store.engine.url.render_as_string(), tmp_path / f"copy{number}")
        found = numbers(tmp_path / f"copy{number}")
        assert found == [f"SM{one}" for one in range(len(found))], "what came first is there, without gaps"
        assert len(found) >= at_least
        at_least = written[0]
    stop.set()
    writer.join()
    assert written[0] > 25
    assert len(list(tmp_path.glob("copy*"))) == 5, "each copy is one file"
    assert (tmp_path / "copy0").stat().st_mode & 0o077 == 0


def test_a_copy_that_is_there_is_not_written_over(sqlite_store: Store, copy: Path) -> None:
    before = copy.read_bytes()
    write(sqlite_store, 1)
    with pytest.raises(backup.BackupFailed, match="is there already"):
        backup.write(sqlite_store.engine.url.render_as_string(), copy)
    assert copy.read_bytes() == before


@pytest.mark.parametrize("source", ["sqlite:////nowhere/amana.sqlite3", "postgresql://postgres@127.0.0.1:1/none"])
def test_a_copy_that_failed_leaves_nothing(tmp_path: Path, source: str) -> None:
    with pytest.raises(backup.BackupFailed):
        backup.write(source, tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


def test_the_password_of_the_database_is_in_no_list_of_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "pg_dump"
    tool.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\necho "$PGPASSWORD" > {tmp_path}/password\nexit 3\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(backup.BackupFailed, match="pg_dump"):
        backup.write("postgresql+psycopg://amana:geheim@db/amana?sslmode=verify-full", tmp_path / "copy")
    assert "geheim" not in (tmp_path / "arguments").read_text()
    assert "--dbname=postgresql://amana@db/amana?sslmode=verify-full" in (tmp_path / "arguments").read_text()
    assert (tmp_path / "password").read_text() == "geheim\n"


def test_without_the_tools_it_is_said_what_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(backup.BackupFailed, match="pg_dump is not installed"):
        backup.write("postgresql://amana@db/amana", tmp_path / "copy")


def test_a_restore_says_what_it_held_and_warns_when_nobody_knows_who_was_erased(
    environment: pytest.MonkeyPatch, copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert backup.main(["restore", str(copy)]) == 0
    told = capsys.readouterr().out
    assert "Erased again: 0 people" in told
    assert "WARNING: there is no" in told
    assert numbers(tmp_path / "elsewhere" / "amana.sqlite3") == ["SM0"]
    assert (tmp_path / "elsewhere" / "amana.sqlite3").stat().st_mode & 0o077 == 0
    assert backup.main(["restore", str(copy)]) == 1
    assert "is not empty" in capsys.readouterr().err

    (tmp_path / "elsewhere" / "amana.sqlite3").unlink()
    (tmp_path / "spool").mkdir()
    tombstones.keep(tmp_path / "spool" / "erased", {}, 0.0)
    (tmp_path / "spool" / "erased").touch()
    assert backup.main(["restore", str(copy)]) == 0
    assert "WARNING" not in capsys.readouterr().out


def test_held_release_and_drop_say_how_much(
    environment: pytest.MonkeyPatch, sqlite_store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from core.store import jobs
    from core.store.jobs import Priority

    def work(tx):
        said = Inbound(channel="sms", address="+1", sender="s", provider_id="SM1", text="one")
        who = people.find_or_create(tx, said, "en")
        message_id, seq = messages.record_inbound(tx, who, said)
        jobs.put(tx, "turn", who.id, seq, message_id, Priority.REPLY)

    sqlite_store.write_now(work)
    backup.write(sqlite_store.engine.url.render_as_string(), tmp_path / "copy")
    assert backup.main(["restore", str(tmp_path / "copy")]) == 0
    capsys.readouterr()
    assert backup.main(["held"]) == 0
    assert capsys.readouterr().out == "Held: 1 messages to answer, 0 to send.\n"
    assert backup.main(["release"]) == 0
    assert capsys.readouterr().out == "release: 1\n"
    assert backup.main(["drop"]) == 0
    assert capsys.readouterr().out == "drop: 0\n"
    there = open_store(url(tmp_path / "elsewhere" / "amana.sqlite3"), MASTER_KEY)
    assert there.read_now(lambda tx: tx.connection.scalars(select(job.c.state)).all()) == ["ready"]
    assert there.read_now(lambda tx: tx.connection.scalars(select(message.c.state)).all()) == ["received"]
    there.close()


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda copy, _: copy.write_bytes(copy.read_bytes()[:20000]), "damaged"),
        (lambda copy, _: copy.write_bytes(b"no database at all" * 100), "no database of ours"),
        (lambda copy, _: copy.unlink(), "there is no"),
        (lambda _, env: env.setenv("AMANA_MASTER_KEY", "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg="), "not the key"),
    ],
    ids=["cut", "something else", "missing", "another key"],
)
def test_a_restore_that_cannot_be_finished_leaves_no_database(
    environment: pytest.MonkeyPatch, copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], harm, says: str
) -> None:
    harm(copy, environment)
    assert backup.main(["restore", str(copy)]) == 1
    assert says in capsys.readouterr().err
    assert [one for one in tmp_path.glob("elsewhere/*") if one.is_file()] == []


@pytest.mark.parametrize("stopped", ["2026-03-01T14:05", "2126-03-01T14:05+00:00", "yesterday"])
def test_a_time_that_cannot_be_is_refused(
    environment: pytest.MonkeyPatch, copy: Path, capsys: pytest.CaptureFixture[str], stopped: str
) -> None:
    assert backup.main(["restore", str(copy), "--stopped", stopped]) == 1
    assert "--stopped must be a time" in capsys.readouterr().err
