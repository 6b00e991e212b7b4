"""The desk is killed while a counsellor takes a case: it is nobody's or theirs, and never stays with nobody (R62)."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import text

from core.config import ROOT, Settings
from core.faults import DESK_POINTS
from core.store import Store, alerts, cases, open_store
from core.store.staff import AWAY_SECONDS
from tests.conftest import MASTER, MASTER_KEY, migrated
from tests.desk.house import Browser, House

SECRET = "s" * 40
PROGRAM = """
import os, signal, sys
from core import faults
from desk.app import main
point = sys.argv[1]
faults.install(lambda reached: os.kill(os.getpid(), signal.SIGKILL) if reached == point else None)
sys.exit(main())
"""


class Machine:
    """The desk as a process on one address, started again and again."""

    def __init__(self, url: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("AMANA_")} | {
            "AMANA_MASTER_KEY": MASTER, "AMANA_INTERNAL_SECRET": SECRET, "AMANA_DATABASE_URL": url,
            "AMANA_DESK_PORT": str(self._port), "AMANA_DESK_URL": self.url,
        }  # fmt: skip
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, point: str = "never") -> None:
        """Start it; it kills itself at a point."""
        command = [sys.executable, "-c", PROGRAM, point]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self._environment, stdout=subprocess.DEVNULL)
        for _ in range(300):
            try:
                if httpx.get(f"{self.url}/health").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        pytest.fail("the desk did not start within 30 seconds")

    def died(self) -> None:
        assert self.process is not None
        assert self.process.wait(10) == -signal.SIGKILL

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)


@pytest.fixture
def machine(database_url: str) -> Iterator[Machine]:
    made = Machine(migrated(database_url))
    yield made
    made.stop()


@pytest.fixture
def house(machine: Machine, database_url: str) -> Iterator[House]:
    store = open_store(database_url, MASTER_KEY)
    opened = House(machine.url, store, Settings(master_key=MASTER, internal_secret=SECRET, desk_url=machine.url))
    yield opened
    for browser in opened.browsers:
        browser.close()
    store.close()


def notices(store: Store) -> int:
    """How often the person was told that somebody is here."""
    query = text("SELECT count(*) FROM message WHERE author = 'service'")
    return int(store.read_now(lambda tx: tx.connection.execute(query).scalar_one()))


def sendings(store: Store) -> int:
    query = text("SELECT count(*) FROM job WHERE kind = 'send'")
    return int(store.read_now(lambda tx: tx.connection.execute(query).scalar_one()))


def takes(machine: Machine, browser: Browser, case: str) -> None:
    """The counsellor presses the button and gets no answer."""
    with pytest.raises(httpx.TransportError):
        browser.submit(f"/cases/{case}/take")
    machine.died()
    machine.start()


@pytest.mark.parametrize("point", DESK_POINTS)
def test_whoever_presses_again_has_the_case_once(machine: Machine, house: House, point: str) -> None:
    machine.start(point)
    asha, bina = house.member("Asha"), house.member("Bina")
    case = house.case(house.writes())
    takes(machine, asha, case)
    kept = point == "desk.taken"
    assert (house.state(case), notices(house.store), sendings(house.store)) == (
        ("taken", 1, 1) if kept else ("waiting", 0, 0)
    )

    assert asha.submit(f"/cases/{case}/take").status_code == 303
    assert (house.state(case), notices(house.store), sendings(house.store)) == ("taken", 1, 1)
    assert bina.submit(f"/cases/{case}/take").status_code == 409
    assert asha.submit(f"/cases/{case}/reply", text="I am here").status_code == 303


def test_who_does_not_come_back_leaves_the_case_to_the_others(machine: Machine, house: House) -> None:
    machine.start("desk.taken")
    asha = house.member("Asha")
    case = house.case(house.writes())
    with asha.stream("GET", "/events") as stream:
        assert next(stream.iter_lines()) == "event: hint"
        takes(machine, house.browser(asha.token, asha.csrf), case)
    assert house.store.write_now(alerts.give_back_abandoned) == []  # she may be on her way

    aged = text("UPDATE session SET seen_at = seen_at - :s, listened_at = listened_at - :s")
    house.store.write_now(lambda tx: tx.connection.execute(aged, {"s": AWAY_SECONDS + 1}))
    (back,) = house.store.write_now(alerts.give_back_abandoned)
    assert (back.id, house.state(case)) == (case, "waiting")
    assert house.store.write_now(lambda tx: alerts.escalate(tx, AWAY_SECONDS)) == 1
    bina = house.member("Bina")
    assert bina.submit(f"/cases/{case}/take").status_code == 303
    assert asha.submit(f"/cases/{case}/reply", text="I am back").status_code == 404  # as if there were none
    (row,) = house.store.read_now(cases.queue)
    assert row.case.state == "taken"


def test_a_gateway_that_writes_is_not_held_up_by_a_desk_that_died_in_the_middle(machine: Machine, house: House) -> None:
    """Its transaction ends with it: no lock stays behind."""
    machine.start("desk.taking")
    asha = house.member("Asha")
    who = house.writes()
    case = house.case(who)
    with pytest.raises(httpx.TransportError):
        asha.submit(f"/cases/{case}/take")
    machine.died()
    began = time.monotonic()
    house.writes("hello?", who=who)
    assert time.monotonic() - began < 2
    assert house.state(case) == "waiting"
