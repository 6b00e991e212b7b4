"""The assistant as a process of its own: ready with one line, and silent about people at every level."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import BOT, FakeActions, Gateway

MARKER = "Sitamarker"
OURS = Path(__file__).resolve().parent / "project" / "domain.yml"


@pytest.fixture
def process(
    model: Path, actions: FakeActions, tmp_path: Path
) -> "Iterator[tuple[subprocess.Popen[bytes], Gateway, Path]]":
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    log = tmp_path / "log"
    environment = {
        **os.environ,
        "AMANA_MODELS": str(model.parent),
        "AMANA_DOMAIN": str(OURS),
        "AMANA_RASA_PORT": str(port),
        "AMANA_ACTIONS_PORT": str(actions.port),
        "AMANA_TRACKER_PATH": str(tmp_path / "tracker.sqlite3"),
        "LOG_LEVEL": "DEBUG",
    }
    with log.open("wb") as out:
        running = subprocess.Popen([sys.executable, str(BOT / "serve.py")], stdout=out, stderr=out, env=environment)
    yield running, Gateway(None, port), log
    running.kill()
    running.wait()


def test_nothing_that_a_person_writes_is_written_down(
    process: "tuple[subprocess.Popen[bytes], Gateway, Path]", actions: FakeActions, tmp_path: Path
) -> None:
    running, gateway, log = process
    until = time.monotonic() + 120
    while b"assistant ready" not in log.read_bytes():
        assert running.poll() is None, log.read_text()
        assert time.monotonic() < until
        time.sleep(0.2)

    for text in [f"hello {MARKER}", f"please check my job offer {MARKER}", f"{MARKER} from Nepal", f"/{MARKER}"]:
        gateway.turn(MARKER, text)
    actions.answers["action_fees"] = 500
    gateway.turn("other", f"what is the legal fee {MARKER}")
    actions.answers["action_fees"] = lambda _: time.sleep(4)
    gateway.turn("other", f"what is the legal fee {MARKER}")
    broken = json.dumps({"turn_id": MARKER, "text": MARKER}).encode()
    gateway.ask("POST", "/turn", broken)
    gateway.ask("POST", "/turn", broken[:-3])
    gateway.ask("GET", f"/{MARKER}?text={MARKER}")
    gateway.ask("DELETE", f"/conversation/{MARKER}")
    running.terminate()
    running.wait(20)

    written = log.read_text()
    assert written.count("assistant ready on 127.0.0.1:") == 1
    assert "turn failed" in written
    assert "rasa.core.processor" in written  # the level was really DEBUG
    assert MARKER.lower() not in written.lower()
    for file in tmp_path.rglob("*"):
        assert file.is_dir() or MARKER.encode() not in file.read_bytes()


def test_without_a_model_the_start_says_what_to_do(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, str(BOT / "serve.py")],
        env={**os.environ, "AMANA_MODELS": str(tmp_path)},
        capture_output=True,
        check=False,
        timeout=60,
    )

    assert ended.returncode == 2
    assert b"make train" in ended.stderr


@pytest.mark.parametrize("name", ["AMANA_TRACKER_KEY", "AMANA_INTERNAL_SECRET", "AMANA_ACTIONS_PORT"])
def test_a_missing_setting_stops_the_start_with_its_name(model: Path, name: str, tmp_path: Path) -> None:
    environment = {
        **os.environ, "AMANA_MODELS": str(model.parent), "AMANA_TRACKER_PATH": str(tmp_path / "t"),
        "AMANA_ACTIONS_PORT": "1", name: "",
    }  # fmt: skip
    ended = subprocess.run(
        [sys.executable, str(BOT / "serve.py")], env=environment, capture_output=True, check=False, timeout=60
    )

    assert ended.returncode == 2
    assert name.encode() in ended.stderr


def test_a_model_that_does_not_match_the_domain_does_not_start(model: Path, tmp_path: Path) -> None:
    later = tmp_path / "domain.yml"
    later.write_text(OURS.read_text("utf-8").replace("intents:", "intents:\n  - of_next_year", 1), "utf-8")
    environment = {
        **os.environ, "AMANA_MODELS": str(model.parent), "AMANA_DOMAIN": str(later),
        "AMANA_TRACKER_PATH": str(tmp_path / "t"), "AMANA_ACTIONS_PORT": "1",
    }  # fmt: skip
    ended = subprocess.run(
        [sys.executable, str(BOT / "serve.py")], env=environment, capture_output=True, check=False, timeout=120
    )

    assert ended.returncode == 3
    assert b"no intent of_next_year" in ended.stderr
    assert b"make train" in ended.stderr
