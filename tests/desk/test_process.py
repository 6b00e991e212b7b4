"""The desk as a process: how it starts, what it logs, how it stops."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from core.config import ROOT, Settings
from core.store import Store, open_store, staff
from core.store.migrate import migrate
from tests.conftest import MASTER
from tests.desk.house import House

SECRET = "s" * 40


def environment(tmp_path: Path, **settings: str) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("AMANA_")}
    database = f"sqlite:///{tmp_path}/run.sqlite3"
    own = {"AMANA_MASTER_KEY": MASTER, "AMANA_INTERNAL_SECRET": SECRET, "AMANA_DATABASE_URL": database}
    return plain | own | settings


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/run.sqlite3", b"m" * 32)
    migrate(opened.engine)
    yield opened
    opened.close()


def run(tmp_path: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *arguments]
    variables = environment(tmp_path, **settings)
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=60)


def test_a_link_can_be_made_on_the_command_line(tmp_path: Path, store: Store) -> None:
    result = run(tmp_path, "desk.invite", "Asha", "--role", "supervisor")
    token = result.stdout.strip().rsplit("/", 1)[1]

    assert result.stdout.startswith("http://127.0.0.1:8081/welcome/")
    assert store.read_now(lambda tx: staff.invited(tx, token)).role == "supervisor"
    assert run(tmp_path, "desk.invite", "<b>").returncode == 2


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"AMANA_MASTER_KEY": "short"}, "AMANA_MASTER_KEY"),
        ({"AMANA_DESK_URL": "http://desk.example"}, "AMANA_DESK_URL"),
        ({"AMANA_DESK_PORT": "many"}, "AMANA_DESK_PORT"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_sentence(tmp_path: Path, settings: dict[str, str], word: str) -> None:
    result = run(tmp_path, "desk.app", **settings)

    assert result.returncode == 2
    assert result.stderr.startswith("The desk cannot start: ")
    assert word in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_port_that_is_taken_stops_the_start_with_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = run(tmp_path, "desk.app", AMANA_DESK_PORT=port)

    assert result.returncode == 2
    assert result.stderr.startswith(f"The desk cannot start: it cannot listen on 127.0.0.1:{port}")
    assert "Traceback" not in result.stderr


@pytest.fixture
def process(tmp_path: Path, store: Store) -> Iterator[tuple[House, subprocess.Popen[str]]]:
    """A desk as it runs in production; what it says is read at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    variables = environment(tmp_path, AMANA_DESK_PORT=str(port), AMANA_DESK_URL=url)
    command = [sys.executable, "-m", "desk.app"]
    with subprocess.Popen(
        command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as started:
        wait_for(f"{url}/health")
        house = House(url, store, Settings(master_key=MASTER, internal_secret=SECRET, desk_url=url))
        yield house, started
        started.kill()
    for browser in house.browsers:
        browser.close()


def wait_for(url: str) -> None:
    for _ in range(300):
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail("the desk did not start within 30 seconds")


def test_nothing_that_people_or_staff_write_reaches_the_log(process) -> None:
    house, started = process
    asha = house.member("Asha Marker")
    case = house.case(house.writes("marker of a person"), reason="marker")
    asha.submit(f"/cases/{case}/take")
    asha.submit(f"/cases/{case}/reply", text="marker of a counsellor")
    asha.get("/marker?marker=1", headers={"User-Agent": "marker"})
    house.browser().get("/welcome/marker")
    with house.store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE audit RENAME TO gone")
    answer = asha.get(f"/cases/{case}")
    started.send_signal(signal.SIGTERM)
    said, _ = started.communicate(timeout=20)

    assert answer.status_code == 503
    assert "cannot reach its data" in answer.text
    assert "marker" not in answer.text
    assert said.startswith(f"The desk listens on {house.url}\n")
    assert '"code": "OperationalError"' in said
    assert "marker" not in said.lower()
    assert "audit" not in said
    assert asha.token not in said


def test_it_stops_quickly_while_pages_listen(process) -> None:
    house, started = process
    asha = house.member()
    with asha.stream("GET", "/events") as stream:
        assert next(stream.iter_lines()) == "event: hint"
        began = time.monotonic()
        started.send_signal(signal.SIGTERM)
        started.wait(20)

    assert time.monotonic() - began < 10
    assert started.returncode == 0
