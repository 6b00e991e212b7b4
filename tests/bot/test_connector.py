"""The wire between gateway and assistant, with a real model, real HTTP and an action server that can fail."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import remote
from conftest import FakeActions, Gateway, says


def keys(answer: Any) -> "list[str]":
    return [line["say"] for line in answer["said"]]


def test_a_message_is_answered_with_keys_arguments_and_buttons(gateway: Gateway, new_id: Callable[[], str]) -> None:
    answer = gateway.turn(new_id(), "hello", turn_id="turn-1")

    assert answer["turn_id"] == "turn-1"
    assert answer["status"] == "ok"
    assert answer["said"] == [
        {
            "say": "utter_greet",
            "arguments": {},
            "buttons": [
                {"title_key": "Check an offer", "payload": "/check_offer"},
                {"title_key": "Fees in Nepal", "payload": '/fees{"country": "NP"}'},
            ],
            "text": "Hello, what do you want to know?",
        }
    ]
    assert answer["understood"]["intent"] == "greet"
    assert answer["understood"]["ranking"][0] == ["greet", answer["understood"]["confidence"]]
    assert len(answer["understood"]["ranking"]) == 3
    assert answer["understood"]["flags"] == []


def test_an_action_answers_with_typed_arguments(
    gateway: Gateway, actions: FakeActions, new_id: Callable[[], str]
) -> None:
    line = gateway.turn(new_id(), "what is the legal fee")["said"][0]

    assert line["say"] == "utter_fees_cap"
    assert line["arguments"]["amount"] == {"money": 10000, "currency": "NPR"}
    assert "Nepal" in line["text"]
    assert "10,000" in line["text"]
    assert actions.calls[0]["secret"] == "a secret of at least thirty-two letters"
    assert "domain" not in actions.calls[0]


def test_the_form_asks_fills_is_interrupted_goes_on_and_ends(gateway: Gateway, new_id: Callable[[], str]) -> None:
    talk = new_id()
    seen = [
        keys(gateway.turn(talk, words))
        for words in ["please check my job offer", "Nepal", "my salary is late", "", "to Qatar", "hello"]
    ]

    assert seen == [
        ["utter_ask_origin"],
        ["utter_ask_destination"],
        ["utter_wages", "utter_ask_destination"],
        ["utter_ask_again", "utter_ask_destination"],
        ["utter_result"],
        ["utter_greet"],
    ]


def test_a_second_check_begins_with_empty_answers(gateway: Gateway, new_id: Callable[[], str]) -> None:
    talk = new_id()
    for words in ["please check my job offer", "Nepal", "Qatar"]:
        gateway.turn(talk, words)

    assert keys(gateway.turn(talk, "is this offer real")) == ["utter_ask_origin"]


def test_from_a_quiet_moment_on_nothing_of_the_earlier_talk_is_said(
    gateway: Gateway, actions: FakeActions, new_id: Callable[[], str]
) -> None:
    talk = new_id()
    for words in ["please check my job offer", "Nepal"]:
        gateway.turn(talk, words)
    quiet_at = time.time()

    assert keys(gateway.turn(talk, "my salary is late", quiet_at=quiet_at)) == ["utter_wages"]
    gateway.turn(talk, "what is the legal fee", quiet_at=quiet_at)
    slots = actions.calls[-1]["tracker"]["slots"]
    assert slots["origin"] is None
    assert slots["kept"] == {"origin": "NP", "again": True}


def test_the_first_session_has_nothing_put_aside(
    gateway: Gateway, actions: FakeActions, new_id: Callable[[], str]
) -> None:
    gateway.turn(new_id(), "what is the legal fee", quiet_at=time.time() - 60)
    assert actions.calls[-1]["tracker"]["slots"]["kept"] is None


def test_leaving_the_check_ends_its_questions(gateway: Gateway, new_id: Callable[[], str]) -> None:
    talk = new_id()
    gateway.turn(talk, "please check my job offer")

    assert keys(gateway.turn(talk, "goodbye")) == ["utter_goodbye"]
    assert keys(gateway.turn(talk, "hello")) == ["utter_greet"]


def test_a_button_payload_is_obeyed_and_needs_no_understanding(gateway: Gateway, new_id: Callable[[], str]) -> None:
    answer = gateway.turn(new_id(), payload="/check_offer")

    assert keys(answer) == ["utter_ask_origin"]
    assert answer["understood"]["confidence"] == 1.0


@pytest.mark.parametrize("payload", ["/restart", "/session_start", "/nonsense", "hello", "/greet{"])
def test_a_payload_that_no_button_carries_is_refused(gateway: Gateway, payload: str) -> None:
    body = {"turn_id": "t", "conversation": "c", "payload": payload, "language": "en", "channel": "web"}

    assert gateway.ask("POST", "/turn", body) == (400, b"")


@pytest.mark.parametrize(
    "text", ["/check_offer", "／check_offer", "\u200f/check_offer", " \u00a0/talk_to_human", "/restart"]
)
def test_a_typed_command_is_only_words(gateway: Gateway, text: str, new_id: Callable[[], str]) -> None:
    answer = gateway.turn(new_id(), text)

    assert answer["status"] == "ok"
    assert len(answer["understood"]["ranking"]) > 1  # a command that Rasa obeys is not ranked
    assert len(answer["understood"]["ranking"]) > 1


def test_a_typed_restart_does_not_reset_the_check(gateway: Gateway, new_id: Callable[[], str]) -> None:
    talk = new_id()
    gateway.turn(talk, "please check my job offer")
    gateway.turn(talk, "Nepal")
    gateway.turn(talk, "/restart")

    assert keys(gateway.turn(talk, "Qatar")) == ["utter_result"]


@pytest.mark.parametrize(
    "text", ["", "   ", "/", "🆘", "😀😀😀", "؟", "\u200b", "a" * 5000, "ا" * 3000, "\u202e\u202e"]
)
def test_odd_messages_are_answered(gateway: Gateway, text: str, new_id: Callable[[], str]) -> None:
    answer = gateway.turn(new_id(), text)

    assert answer["status"] == "ok"
    assert answer["said"]


def test_a_repeated_turn_is_answered_the_same_and_applied_once(
    gateway: Gateway, actions: FakeActions, new_id: Callable[[], str]
) -> None:
    talk, turn_id = new_id(), new_id()
    first = gateway.turn(talk, "what is the legal fee", turn_id=turn_id)
    gateway.turn(talk, "hello")
    again = gateway.turn(talk, "what is the legal fee", turn_id=turn_id)

    assert again["status"] == "repeated"
    assert (again["said"], again["understood"]) == (first["said"], first["understood"])
    assert len(actions.calls) == 1


def test_the_same_turn_twice_at_once_is_applied_once(
    gateway: Gateway, actions: FakeActions, new_id: Callable[[], str]
) -> None:
    talk, turn_id, answers = new_id(), new_id(), []
    threads = [
        threading.Thread(target=lambda: answers.append(gateway.turn(talk, "give me a human", turn_id=turn_id)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answer["status"] for answer in answers) == ["ok", "repeated"]
    assert len(actions.calls) == 1


@pytest.mark.parametrize(
    "trouble",
    [500, 404, {}, {"responses": "nonsense"}, says("utter_no_such_key"), says("utter_fees_cap", amount=1),
     {"responses": [{"text": "words without a key"}]}],
    ids=["error", "unknown action", "nothing said", "broken answer", "unknown key", "missing argument", "no key"],
)  # fmt: skip
def test_a_failed_action_fails_the_turn_and_changes_nothing(
    gateway: Gateway, actions: FakeActions, new_id: Callable[[], str], trouble: Any
) -> None:
    talk, turn_id = new_id(), new_id()
    gateway.turn(talk, "hello")
    actions.answers["action_fees"] = trouble

    failed = gateway.turn(talk, "what is the legal fee", turn_id=turn_id)

    assert failed == {"turn_id": turn_id, "status": "failed", "said": [], "understood": None}
    actions.reset()
    assert gateway.turn(talk, "what is the legal fee", turn_id=turn_id)["status"] == "ok"


def test_a_failed_validation_fails_the_turn(gateway: Gateway, actions: FakeActions, new_id: Callable[[], str]) -> None:
    actions.answers["validate_check_form"] = 500

    assert gateway.turn(new_id(), "please check my job offer")["status"] == "failed"


def test_going_round_in_circles_fails_the_turn(
    gateway: Gateway, actions: FakeActions, new_id: Callable[[], str]
) -> None:
    again = {"events": [{"event": "followup", "name": "action_fees", "timestamp": None}]}
    actions.answers["action_fees"] = {**says("utter_topics"), **again}

    assert gateway.turn(new_id(), "what is the legal fee")["status"] == "failed"


def test_a_slow_action_fails_the_turn_in_time(
    gateway: Gateway, actions: FakeActions, new_id: Callable[[], str]
) -> None:
    talk = new_id()
    actions.answers["action_fees"] = lambda _: time.sleep(2.5) or says("utter_topics")
    began = time.monotonic()

    assert gateway.turn(talk, "what is the legal fee")["status"] == "failed"
    assert time.monotonic() - began < 2.4
    assert gateway.turn(talk, "hello")["status"] == "ok"


def test_an_action_gets_its_own_limit(
    gateway: Gateway, actions: FakeActions, new_id: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "ACTION_SECONDS", 0.2)
    actions.answers["action_fees"] = lambda _: time.sleep(1) or says("utter_topics")
    began = time.monotonic()

    assert gateway.turn(new_id(), "what is the legal fee")["status"] == "failed"
    assert time.monotonic() - began < 0.9


def test_without_a_model_every_turn_fails_and_health_says_so(gateway: Gateway, new_id: Callable[[], str]) -> None:
    assert gateway.ask("GET", "/health") == (200, {"ready": True, "model": "amana-test.tar.gz"})
    gateway.app.ctx.agent = None

    assert gateway.turn(new_id(), "hello")["status"] == "failed"
    assert gateway.ask("GET", "/health") == (200, {"ready": False, "model": None})


@pytest.mark.parametrize("broken", ["retrieve", "save"])
def test_a_failing_store_fails_the_turn_and_forks_nothing(
    gateway: Gateway, new_id: Callable[[], str], monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    talk = new_id()
    gateway.turn(talk, "please check my job offer")

    async def fail(*_: Any) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(gateway.agent.tracker_store, broken, fail)
        assert gateway.turn(talk, "Nepal")["status"] == "failed"

    assert keys(gateway.turn(talk, "Nepal")) == ["utter_ask_destination"]


@pytest.mark.parametrize("secret", [None, "", "wrong", "a secret of at least thirty-two letterz", "ü"])
@pytest.mark.parametrize(("method", "path"), [("POST", "/turn"), ("GET", "/health"), ("DELETE", "/conversation/c")])
def test_without_the_secret_there_is_nothing(gateway: Gateway, method: str, path: str, secret: "str | None") -> None:
    sent = secret.encode().decode("latin-1") if secret else secret

    assert gateway.ask(method, path, {"turn_id": "t"}, secret=sent) == (403, b"")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"turn_id": "t"}'])
def test_a_malformed_request_gets_400_and_no_words(gateway: Gateway, body: bytes) -> None:
    assert gateway.ask("POST", "/turn", body) == (400, b"")


def test_nothing_but_the_three_routes_answers(gateway: Gateway) -> None:
    import http.client

    for path in ["/model", "/model/parse", "/conversations/c/tracker", "/status", "/webhooks/rest/webhook", "/version"]:
        connection = http.client.HTTPConnection("127.0.0.1", gateway.port)
        connection.request("GET", path)
        response = connection.getresponse()
        assert response.status == 404
        assert "access-control-allow-origin" not in {name.lower() for name, _ in response.getheaders()}


def test_a_forgotten_conversation_begins_anew(gateway: Gateway, new_id: Callable[[], str]) -> None:
    talk = new_id()
    gateway.turn(talk, "please check my job offer")

    assert gateway.ask("DELETE", f"/conversation/{talk}") == (204, b"")
    assert asyncio.run(gateway.agent.tracker_store.retrieve(talk)) is None
    assert keys(gateway.turn(talk, "Nepal")) != ["utter_ask_destination"]


def test_the_words_of_a_turn_carry_turn_language_and_channel(gateway: Gateway, new_id: Callable[[], str]) -> None:
    talk = new_id()
    gateway.turn(talk, "hello", turn_id="turn-9")

    heard = asyncio.run(gateway.agent.tracker_store.retrieve(talk)).latest_message

    wanted = {"turn_id": "turn-9", "language": "en", "channel": "web"}
    assert {name: heard.metadata[name] for name in wanted} == wanted
