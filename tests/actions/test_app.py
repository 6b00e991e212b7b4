"""The action server: who may ask, what it answers, and that an error says nothing of the conversation."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
import yaml
from rasa_sdk import Action
from rasa_sdk.interfaces import ActionExecutionRejection

from actions.app import create_app, main, make_actions, today_utc
from core.config import Settings
from core.store import Store, open_store
from tests.actions.conftest import ROOT, tracker
from tests.conftest import MASTER, MASTER_KEY
from tests.fakes.serving import free_socket, serving

SECRET = "s" * 40
MARKER = "marmalade +15005550001"


class Breaks(Action):
    """Fails with what was said in its message."""

    def name(self) -> str:
        return "action_breaks"

    def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
        raise ValueError(f"cannot read {tracker.latest_message['text']}")


class Rejects(Action):
    """Does not want to run."""

    def name(self) -> str:
        return "action_rejects"

    def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
        raise ActionExecutionRejection(self.name(), MARKER)


@pytest.fixture(scope="module")
def client(sqlite_template: Path) -> Iterator[httpx.Client]:
    settings = Settings(master_key=MASTER, internal_secret=SECRET)
    store = open_store(f"sqlite:///{sqlite_template}", MASTER_KEY)
    app = create_app(settings, (*make_actions(store), Breaks(), Rejects()), structlog.get_logger())
    with (
        free_socket() as bound,
        serving(app, bound) as url,
        httpx.Client(base_url=url, headers={"X-Amana-Secret": SECRET}) as made,
    ):
        yield made
    store.close()


def call(action: str, **more: Any) -> dict[str, Any]:
    conversation = tracker(**more)
    conversation["latest_message"]["text"] = MARKER
    return {"next_action": action, "sender_id": "0" * 32, "tracker": conversation}


def test_an_action_is_run_and_answers_with_keys(client: httpx.Client) -> None:
    answer = client.post("/webhook", json=call("action_fees"))
    assert answer.status_code == 200
    (said,) = answer.json()["responses"]
    assert said["response"] == "utter_fees_general"
    assert said["text"] is None
    assert MARKER not in answer.text


def test_a_domain_may_come_along(client: httpx.Client) -> None:
    assert client.post("/webhook", json=call("action_fees") | {"domain": {"intents": []}}).status_code == 200


@pytest.mark.parametrize("path", ["/webhook", "/health", "/actions", "/"])
@pytest.mark.parametrize("secret", ["", "wrong", SECRET[:-1], SECRET + "s"])
def test_whoever_does_not_know_the_secret_is_told_nothing(client: httpx.Client, path: str, secret: str) -> None:
    for answer in (
        client.post(path, json=call("action_fees"), headers={"X-Amana-Secret": secret}),
        client.get(path, headers={"X-Amana-Secret": secret}),
    ):
        assert (answer.status_code, answer.content) == (403, b"")


def test_health_is_an_empty_answer(client: httpx.Client) -> None:
    answer = client.get("/health")
    assert (answer.status_code, answer.content) == (204, b"")


def test_an_unknown_action_is_not_found(client: httpx.Client) -> None:
    answer = client.post("/webhook", json=call("action_nobody_knows"))
    assert answer.status_code == 404
    assert answer.json() == {"error": "no such action", "action_name": "action_nobody_knows"}


def test_a_rejection_reaches_the_assistant_without_its_reason(client: httpx.Client) -> None:
    answer = client.post("/webhook", json=call("action_rejects"))
    assert answer.status_code == 400
    assert answer.json() == {"error": "rejected", "action_name": "action_rejects"}


def test_an_error_is_empty_outside_and_only_its_kind_is_logged(client: httpx.Client, capfd) -> None:
    with structlog.testing.capture_logs() as logged:
        answer = client.post("/webhook", json=call("action_breaks"))
    assert (answer.status_code, answer.content) == (500, b"")
    assert [(line["event"], line["code"]) for line in logged] == [("action failed", "ValueError")]
    out, err = capfd.readouterr()
    assert "marmalade" not in json.dumps(logged) + out + err


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"5", b'{"next_action": "action_fees"}'])
def test_a_body_that_makes_no_sense_gets_an_empty_refusal(client: httpx.Client, body: bytes, capfd) -> None:
    answer = client.post("/webhook", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 500)
    assert answer.content == b""
    assert "Traceback" not in "".join(capfd.readouterr())


def test_a_page_that_is_not_there_is_empty(client: httpx.Client) -> None:
    answer = client.get("/actions")
    assert (answer.status_code, answer.content) == (404, b"")


def test_every_action_that_the_domain_names_is_there_and_no_other(sqlite_store: Store) -> None:
    domain = yaml.safe_load((ROOT / "bot" / "domain" / "domain.yml").read_text("utf-8"))
    ours = {action.name() for action in make_actions(sqlite_store)}
    run_by_the_assistant = {"action_forget_check"}  # bot/assistant.py holds it: it needs no facts
    assert set(domain["actions"]) - run_by_the_assistant == ours


def test_the_day_is_that_of_greenwich() -> None:
    assert today_utc().year >= 2026


def test_a_wrong_setting_stops_the_start_with_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setenv("AMANA_MASTER_KEY", "marmalade")
    assert main() == 2
    _, err = capsys.readouterr()
    assert err.startswith("The action server cannot start: AMANA_")
    assert err.count("\n") == 1
    assert "marmalade" not in err
