"""What is around us fails: the database is locked or gone, the disk is full, a process sleeps, the assistant drops.

`FAULT_LOCK_SECONDS` says how long the database is locked (3 by `make test`, 30 by `make faults`).
"""

import os
import resource
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from core.store import Store, Tx, jobs
from tests.faults.rig import Gateway, Zygote, rig

LOCK_SECONDS = float(os.environ.get("FAULT_LOCK_SECONDS", "3"))
NO_LIMIT = resource.RLIM_INFINITY


@pytest.fixture
def sqlite_real_store(tmp_path: Path, sqlite_template: Path) -> Iterator[Store]:
    from core.store import open_store
    from tests.conftest import MASTER_KEY

    (tmp_path / "amana.sqlite3").write_bytes(sqlite_template.read_bytes())
    opened = open_store(f"sqlite:///{tmp_path}/amana.sqlite3", MASTER_KEY)
    yield opened
    opened.close()


@contextmanager
def locked(store: Store) -> Iterator[None]:
    """Hold the whole database, as a backup or a stuck process does."""
    other = sqlite3.connect(str(store.engine.url.database), isolation_level=None, timeout=10)
    other.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def test_while_sqlite_is_locked_messages_are_acknowledged_and_answered_afterwards(
    zygote: Zygote, tmp_path: Path, sqlite_real_store: Store
) -> None:
    with rig(zygote, tmp_path, sqlite_real_store, store_seconds=0.7) as made:
        made.everybody_writes(1)
        made.settle()
        with locked(sqlite_real_store):
            end, number = time.monotonic() + LOCK_SECONDS, 1
            while time.monotonic() < end:
                # each person writes to one gateway: what two hold at once has no common order
                for person in range(5):
                    assert made.write(person, number, made.gateways[person % 3])
                number += 1
            assert list((tmp_path / "spool").iterdir())
        made.check(allowed=0)
        assert number > 1


def test_a_kill_while_messages_wait_in_the_spool_loses_none(
    zygote: Zygote, tmp_path: Path, sqlite_real_store: Store
) -> None:
    plan = {"spool.written": {"3": "kill"}, "spool.replayed": {"1": "kill"}}
    with rig(zygote, tmp_path, sqlite_real_store, count=1, plans=[plan], store_seconds=0.7) as made:
        with locked(sqlite_real_store):
            for number in range(6):
                assert made.write(1, number, made.gateways[0])
        made.check()
        assert made.kills >= 1


@pytest.mark.postgres
def test_postgres_ends_all_connections_again_and_again(
    zygote: Zygote, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    from core.store import open_store
    from tests.conftest import MASTER_KEY, emptied

    url = make_url(request.getfixturevalue("postgres_tables"))
    store = emptied(open_store(url.render_as_string(hide_password=False), MASTER_KEY))
    stop = threading.Event()

    def terminate() -> None:
        place = url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
        with psycopg.connect(place, autocommit=True) as admin:
            while not stop.wait(0.15):
                admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> "
                    "pg_backend_pid()", (url.database,),
                )  # fmt: skip

    with rig(zygote, tmp_path, store, store_seconds=0.7) as made:
        thread = threading.Thread(target=terminate)
        thread.start()
        # what two gateways hold in their spools at once has no common order
        made.everybody_writes(5, anywhere=False)
        stop.set()
        thread.join()
        made.check(allowed=0)
    store.close()


def limit_files(gateway: Gateway, size: int) -> None:
    """Let a process write no file beyond a size: what a full disk does, for it alone."""
    resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE, (size, NO_LIMIT))


def test_a_full_disk_is_told_to_the_provider_and_nothing_is_lost_when_there_is_room_again(
    zygote: Zygote, tmp_path: Path, sqlite_real_store: Store
) -> None:
    with rig(zygote, tmp_path, sqlite_real_store, count=1) as made:
        gateway = made.gateways[0]
        made.kill(gateway)
        made.start(gateway, log="/dev/null")  # the limit holds for its log, too
        made.write(1, 0, gateway)
        made.settle()
        limit_files(gateway, 100)  # less than a record of the spool, and the database is larger
        posted = threading.Thread(target=lambda: [made.write(1, number, gateway) for number in range(1, 9)])
        posted.start()
        end = time.monotonic() + 20
        while not made.refused and time.monotonic() < end:
            time.sleep(0.05)
        assert made.refused, "with database and spool full the provider must hear that nothing was kept"
        limit_files(gateway, NO_LIMIT)
        posted.join()
        made.check(allowed=0)
        assert len(made.acknowledged) == 9


@pytest.mark.parametrize("point", ["turn.claimed", "turn.answered", "send.begun", "send.accepted"])
def test_a_worker_that_sleeps_past_its_lease_applies_nothing_twice(
    zygote: Zygote, tmp_path: Path, real_store: Store, point: str
) -> None:
    with rig(zygote, tmp_path, real_store, count=2, plans=[{point: {"1": "stop"}}]) as made:
        sleeper, awake = made.gateways
        made.write(1, 0, sleeper)
        made.write(1, 1, awake)
        made.write(2, 0, awake)
        time.sleep(4.5)  # twice the longest lease
        os.kill(sleeper.pid, signal.SIGCONT)
        made.check(allowed=0)


def test_an_answer_that_broke_off_after_it_was_applied_is_said_once(
    zygote: Zygote, tmp_path: Path, real_store: Store
) -> None:
    with rig(zygote, tmp_path, real_store, count=1) as made:
        made.rasa.knobs.drop_next = 2
        made.rasa.knobs.empty_next = 1
        for number in range(4):
            made.write(1, number, made.gateways[0])
        made.settle()
        answers = [body for _, body in made.answers()]
        assert len(answers) == len(set(answers)) == 4 or answers.count("fallback") >= 1
        assert len(answers) == 4
        assert len(made.rasa.applied) == 4


def test_with_the_assistant_down_danger_and_a_person_are_served_at_once(
    zygote: Zygote, tmp_path: Path, real_store: Store
) -> None:
    with rig(zygote, tmp_path, real_store, count=1) as made:
        made.rasa.knobs.down = True
        for text in ("hello", "what does it cost", "he is beating me", "person"):
            made.write(1, 0, made.gateways[0], text=text)
        made.settle()
        assert [body for _, body in made.answers()].count("fallback") == 2
        assert sorted(body for _, body in made.answers() if body != "fallback") == ["danger 999", "w"]


def test_a_restart_every_now_and_then_under_load_loses_nothing_and_doubles_nothing(
    zygote: Zygote, tmp_path: Path, real_store: Store
) -> None:
    with rig(zygote, tmp_path, real_store) as made:
        stop = threading.Event()

        def restart() -> None:
            for gateway in made.gateways:
                if stop.wait(0.3):
                    return
                with made._reviving:
                    os.kill(gateway.pid, signal.SIGTERM)
                    while gateway.alive:
                        time.sleep(0.01)
                    made.start(gateway)

        thread = threading.Thread(target=restart)
        thread.start()
        made.everybody_writes(6)
        stop.set()
        thread.join()
        made.check(allowed=0)


def test_a_job_that_kills_its_worker_every_time_is_given_up(zygote: Zygote, tmp_path: Path, real_store: Store) -> None:
    deadly = {"turn.asked": {"1": "kill"}}
    with rig(zygote, tmp_path, real_store, count=1, plans=[deadly]) as made:
        gateway = made.gateways[0]
        made.write(1, 0, gateway)
        for _ in range(5):
            while gateway.alive and real_store.read_now(_counts):
                time.sleep(0.05)
            if gateway.alive:
                break
            made.start(gateway, deadly)
        made.settle()
        assert [body for _, body in made.answers()] == ["fallback"]


def _counts(tx: Tx) -> int:
    return sum(jobs.counts(tx).values())
