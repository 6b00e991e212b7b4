"""Models are exchanged while people write: the next assistant is ready before the old one leaves, or never serves."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
import release
import serve
from conftest import BOT, HERE, FakeActions, Gateway, says

RATE = 20
OLD, NEW = "amana-test.tar.gz", "amana-next.tar.gz"


class Place:
    """A port at which assistants serve one after the other, with a folder of models and a memory."""

    def __init__(self, folder: Path, actions: FakeActions) -> None:
        with socket.socket() as door:
            door.bind(("127.0.0.1", 0))
            self.port = door.getsockname()[1]
        self.models, self.tracker = folder / "models", folder / "memory" / "tracker.sqlite3"
        self.log = folder / "log"
        self.log.touch()
        self.environment = {
            **os.environ, "AMANA_MODELS": str(self.models), "AMANA_DOMAIN": str(HERE / "project" / "domain.yml"),
            "AMANA_RASA_PORT": str(self.port), "AMANA_ACTIONS_PORT": str(actions.port),
            "AMANA_TRACKER_PATH": str(self.tracker), "AMANA_TURN_SECONDS": "8",
        }  # fmt: skip
        self.gateway = Gateway(None, self.port)
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, str(BOT / "serve.py"), *arguments], stdout=out, stderr=out, env=self.environment
            )
        self.running.append(process)
        return process

    def wait_for(self, text: str, times: int = 1) -> None:
        until = time.monotonic() + 120
        while self.log.read_text().count(text) < times:
            assert time.monotonic() < until, self.log.read_text()
            time.sleep(0.1)

    def model(self) -> str:
        return self.gateway.ask("GET", "/health")[1]["model"]

    def refuses(self, code: int, text: str, *arguments: str) -> None:
        """Somebody else starts here and ends again, saying why."""
        assert self.start(*arguments).wait(120) == code, self.log.read_text()
        assert text in self.log.read_text()


@pytest.fixture
def place(model: Path, actions: FakeActions, tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path, actions)
    made.models.mkdir()
    shutil.copy(model, made.models / OLD)
    release.publish(made.models, OLD)
    made.start()
    made.wait_for("assistant ready")
    yield made
    for process in made.running:
        process.kill()
        process.wait()


class Crowd:
    """People who write, as the gateway would carry it: what fails at once is asked for once more, with the same id."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway, self.stop = gateway, threading.Event()
        self.asked: Counter[str] = Counter()
        self.answers: list[Any] = []
        self._threads: list[threading.Thread] = []

    def take(self, conversation: str, text: str) -> None:
        self.asked[conversation] += 1
        turn_id = uuid.uuid4().hex
        for last in (False, True):
            try:
                self.answers.append(self.gateway.turn(conversation, text, turn_id=turn_id))
                return
            except (OSError, HTTPException) as error:
                if last:
                    self.answers.append(repr(error))

    def one_after_the_other(self, conversation: str, text: str) -> None:
        while not self.stop.is_set():
            self.take(conversation, text)

    def at_a_rate(self) -> None:
        began, number = time.monotonic(), 0
        while not self.stop.wait(max(0.0, began + number / RATE - time.monotonic())):
            number += 1
            self._run(self.take, f"crowd-{number % 200}", "hello")

    def _run(self, what: Any, *arguments: str) -> None:
        self._threads.append(threading.Thread(target=what, args=arguments))
        self._threads[-1].start()

    def __enter__(self) -> "Crowd":
        self._run(self.at_a_rate)
        self._run(self.one_after_the_other, "slow", "what is the legal fee")
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self._threads:  # the first one adds to them until it has ended
            thread.join()


def remembered(place: Place, conversation: str) -> "list[str]":
    """Return the ids of the turns that the memory holds of a conversation."""
    from rasa.shared.core.domain import Domain
    from tracker import EncryptedTrackerStore

    store = EncryptedTrackerStore(Domain.empty(), path=place.tracker)
    found = asyncio.run(store.retrieve(conversation))
    return [event.metadata["turn_id"] for event in found.events if event.type_name == "user"]


def test_models_are_exchanged_under_twenty_messages_a_second(place: Place, actions: FakeActions) -> None:
    slowly = says("utter_fees_cap", amount={"money": 1}, country={"country": "NP"}, when={"date": "2015-07-06"})
    actions.answers["action_fees"] = lambda _: time.sleep(0.8) or slowly  # one is always in hand
    shutil.copy(place.models / OLD, place.models / NEW)
    first = place.running[0]
    with Crowd(place.gateway) as crowd:
        time.sleep(2)
        release.publish(place.models, NEW)
        place.start("--take-over")
        place.wait_for(f"with {NEW}")
        time.sleep(2)
    assert first.wait(20) == 0
    assert place.model() == NEW

    failed = [answer for answer in crowd.answers if isinstance(answer, str) or answer["status"] == "failed"]
    assert failed == []
    assert len(crowd.answers) == sum(crowd.asked.values()) > 5 * RATE
    fees = [call for call in actions.calls if call["next_action"] == "action_fees"]
    assert len(fees) == crowd.asked["slow"], "nothing in hand was begun again"
    for conversation, count in crowd.asked.items():
        turns = remembered(place, conversation)
        assert len(turns) == len(set(turns)), "nothing was applied twice"
        assert len(turns) == count or conversation == "slow", "nothing was forgotten"  # a long memory is cut


def test_a_successor_that_may_not_serve_leaves_the_old_one_serving(place: Place) -> None:
    new = place.models / NEW
    place.refuses(2, f"127.0.0.1:{place.port} is in use")  # by somebody whom it does not mean to succeed
    new.write_bytes((place.models / OLD).read_bytes())
    release.publish(place.models, NEW)

    new.write_bytes(new.read_bytes()[:-1000])
    place.refuses(2, f"{NEW} is not what was released", "--take-over")
    new.unlink()
    place.refuses(2, f"{NEW} is missing", "--take-over")
    (place.models / "manifest.json").write_text("{}")
    place.refuses(2, "manifest.json cannot be read", "--take-over")
    new.write_bytes(b"released, and no model at all")
    (place.models / "manifest.json").unlink()
    release.publish(place.models, NEW)
    assert place.start("--take-over").wait(120) != 0

    assert place.running[0].poll() is None
    assert place.model() == OLD
    assert place.gateway.turn("somebody", "hello")["status"] == "ok"
    assert place.log.read_text().count("assistant ready") == 1


def test_a_restart_with_a_damaged_model_serves_the_one_before(place: Place) -> None:
    (place.models / NEW).write_bytes((place.models / OLD).read_bytes())
    release.publish(place.models, NEW)
    (place.models / NEW).write_bytes(b"damaged")
    place.running[0].kill()
    place.running[0].wait()
    place.start()
    place.wait_for("assistant ready", 2)
    assert place.model() == OLD
    assert f"{NEW} is not what was released: its SHA-256 differs; it is not loaded" in place.log.read_text()


def test_the_rehearsal_tells_whether_an_answer_comes_and_leaves_no_trace(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = gateway.agent
    before = asyncio.run(agent.tracker_store.keys())
    assert asyncio.run(serve.rehearse(agent))
    assert asyncio.run(agent.tracker_store.keys()) == before

    async def silent(*_: Any) -> None:
        pass

    monkeypatch.setattr(agent.processor, "_run_prediction_loop", silent)
    assert not asyncio.run(serve.rehearse(agent))
    assert asyncio.run(agent.tracker_store.keys()) == before
