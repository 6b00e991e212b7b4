"""The drill: a backup while people write, the loss of everything, a restore elsewhere (R40).

Nothing is said twice unless somebody decides so, who was erased stays erased, and new messages are answered at once.
"""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from core import tombstones
from core.config import ROOT
from core.store import Store, Tx, erasure, open_store, people
from core.store.tables import job, message, person
from tests.conftest import MASTER, MASTER_KEY, new_postgres_database
from tests.faults.rig import PEOPLE, Rig, Zygote, rig

ERASED, LATER = 0, 1
"""People: who asks to be erased after the backup, and who writes after the restore."""


@pytest.fixture
def elsewhere(real_store: Store, tmp_path: Path) -> Iterator[str]:
    """An empty place of the same kind."""
    if real_store.engine.dialect.name == "sqlite":
        yield f"sqlite:///{tmp_path}/elsewhere/amana.sqlite3"
        return
    if shutil.which("pg_dump") is None or shutil.which("pg_restore") is None:
        pytest.skip("pg_dump and pg_restore are not installed")
    yield from new_postgres_database()


def backup(made: Rig, *arguments: str) -> str:
    """Run the command as an operator does, and return what it says."""
    environment = {
        **os.environ, "AMANA_MASTER_KEY": MASTER, "AMANA_INTERNAL_SECRET": "i" * 40,
        "AMANA_DATABASE_URL": made.database_url, "AMANA_SPOOL_PATH": str(made.folder / "spool"),
    }  # fmt: skip
    ran = subprocess.run(
        [sys.executable, "-m", "ops.backup", *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def backed_up_under_load(made: Rig, target: Path) -> None:
    """Let everybody write, copy in the middle of it, and let it end."""
    made.rasa.knobs.latency = 0.15  # so that there is always something on its way
    done = threading.Event()

    def one(who: int) -> None:
        for number in range(1000):
            made.write(who, number, made.gateways[who % 2])
            if done.wait(0.05):
                return

    crowd = [threading.Thread(target=one, args=(who,)) for who in range(PEOPLE)]
    for thread in crowd:
        thread.start()
    while len(made.acknowledged) < 20:
        time.sleep(0.01)
    before = len(made.acknowledged)
    assert "Wrote" in backup(made, "write", str(target))
    assert len(made.acknowledged) > before, "people wrote while the copy was made"
    done.set()
    for thread in crowd:
        thread.join()
    made.rasa.knobs.latency = 0
    made.check(0)


def erase_somebody(made: Rig) -> None:
    """Erase as a turn does, and wait until a gateway has written it down outside the database."""

    def erase(tx: Tx) -> None:
        who = people.find(tx, "sms", f"+1500555{ERASED:04}")
        assert who
        rows = select(message.c.id).where(message.c.person_id == who.id, message.c.direction == "in")
        erasure.erase(tx, who, tx.connection.scalars(rows).all()[-1])

    made.store.write_now(erase)
    made.kill(made.gateways[0])
    made.start(made.gateways[0])
    end = time.monotonic() + 20
    while len(tombstones.read(made.folder / "spool" / "erased")) < 2:
        assert time.monotonic() < end, made.log()
        time.sleep(0.05)


def lose_everything(made: Rig) -> None:
    for gateway in made.gateways:
        made.kill(gateway)
    made.store.close()
    made.acknowledged.clear()


def known(tx: Tx) -> set[str]:
    return {people.address_of(tx, people.get(tx, one)) for one in tx.connection.scalars(select(person.c.id)).all()}


def test_after_a_restore_nothing_is_said_twice_and_nobody_erased_is_back(
    zygote: Zygote, tmp_path: Path, real_store: Store, elsewhere: str
) -> None:
    with rig(zygote, tmp_path, real_store, count=2) as made:
        backed_up_under_load(made, tmp_path / "backup")
        assert (tmp_path / "backup").stat().st_mode & 0o077 == 0
        erase_somebody(made)
        before = made.answers()
        lose_everything(made)

        made.database_url = elsewhere
        told = backup(made, "restore", str(tmp_path / "backup"))
        assert "Erased again: 1 people" in told
        assert "WARNING" not in told
        made.store = open_store(elsewhere, MASTER_KEY)
        try:
            after_the_restore(made, before)
        finally:
            made.store.close()


def after_the_restore(made: Rig, before: list[tuple[str, str]]) -> None:
    held = made.store.read_now(lambda tx: tx.connection.execute(select(job.c.state, job.c.error)).all())
    assert held, "something was on its way when the copy was made"
    assert set(held) == {("dead", "restored")}
    people_now = made.store.read_now(known)
    assert f"+1500555{ERASED:04}" not in people_now
    assert f"+1500555{LATER:04}" in people_now

    for gateway in made.gateways:
        made.start(gateway)
    time.sleep(3)  # leases are two seconds long here
    assert made.answers() == before, "nothing was sent"
    made.write(LATER, 999, made.gateways[0])
    end = time.monotonic() + 20
    while len(made.answers()) == len(before):
        assert time.monotonic() < end, made.log()
        time.sleep(0.05)
    assert made.answers()[len(before) :] == [(f"+1500555{LATER:04}", f"echo p{LATER} n0999")]

    assert backup(made, "release") == f"release: {len(held)}\n"
    made.settle()  # nothing is left, dead or alive
    again = made.answers()[len(before) + 1 :]
    assert len(again) == len(held)
    assert set(again) <= set(before), "what somebody let run was answered, once more"
    assert f"+1500555{ERASED:04}" not in {to for to, _ in again}
