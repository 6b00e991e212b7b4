"""Telegram: what is genuine, what an update means, how buttons look, and what each answer tells us to do."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from channels.channel import open_client
from channels.telegram import Telegram
from channels.telegram_setup import set_webhook
from core.config import Settings
from core.errors import (
    AccountProblem,
    Ambiguous,
    ConfigError,
    Forged,
    Malformed,
    OptedOut,
    Rejected,
    SendError,
    Throttled,
    Unknown,
    Unreachable,
)
from core.messages import Button, Hook, Inbound, Outbound
from tests.fakes.loopback import LOOPBACK
from tests.fakes.telegram import BOT_TOKEN, SECRET, FakeTelegram, message, private

SETTINGS = Settings(telegram_bot_token=BOT_TOKEN, telegram_secret=SECRET, public_url="https://amana.example/")


def channel(client: httpx.AsyncClient | None = None, **more: object) -> Telegram:
    return Telegram(replace(SETTINGS, **more), client or open_client())  # type: ignore[arg-type]


def hook(payload: Any, secret: str | None = SECRET) -> Hook:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    headers = {} if secret is None else {"x-telegram-bot-api-secret-token": secret}
    return Hook(method="POST", path="/hooks/telegram", query="", headers=headers, body=body)


# the secret


@pytest.mark.parametrize("shown", [None, "", SECRET[:-1], SECRET + "x", SECRET.upper(), "é", BOT_TOKEN])
def test_who_does_not_show_the_secret_is_refused(shown: str | None) -> None:
    channel().verify(hook({}))
    with pytest.raises(Forged):
        channel().verify(hook({}, shown))


def test_without_a_secret_nobody_is_believed() -> None:
    for shown in (None, "", "x"):
        with pytest.raises(Forged):
            channel(telegram_secret="").verify(hook({}, shown))


# what an update means

MARKUP = {
    "inline_keyboard": [[{"text": "Yes", "callback_data": "b" * 32}], [{"text": "No", "callback_data": "c" * 32}]]
}


def pressed(below: Any, data: object = "b" * 32) -> dict[str, Any]:
    return {"callback_query": {"id": "1", "from": {"id": 5550001}, "message": below, "data": data}}


RECEIVE: dict[str, tuple[dict[str, Any], dict[str, object]]] = {
    "text": (message("namaste"), {"kind": "text", "text": "namaste", "address": "5550001", "language": "ne"}),
    "another script": (message("नमस्ते 🙏"), {"text": "नमस्ते 🙏"}),
    "half a character": (message("a\ud800b"), {"text": "a?b"}),
    "something like a command of the assistant": (message('/restart{"a":1}'), {"text": '/restart{"a":1}'}),
    "the button that opens a talk": (message("/start"), {"text": "hello", "kind": "text"}),
    "the same with a parameter": (message("/start poster-7"), {"text": "hello"}),
    "a command with the bot's name": (message("/help@amana_bot"), {"text": "help"}),
    "stop from the menu": (message("/stop"), {"text": "stop"}),
    "blanks only": (message(" \n"), {"kind": "other"}),
    "a picture": (message(None, photo=[{"file_id": "1"}]), {"kind": "media", "text": ""}),
    "a picture with words": (message(None, photo=[{}], caption="my paper"), {"kind": "media", "text": "my paper"}),
    "a voice message": (message(None, voice={"file_id": "1"}), {"kind": "media"}),
    "a sticker": (message(None, sticker={"file_id": "1"}), {"kind": "media"}),
    "a place": (message(None, location={"latitude": 25.2, "longitude": 51.5}), {"kind": "location", "text": ""}),
    "a contact": (message(None, contact={"phone_number": "+1"}), {"kind": "other"}),
    "a kind of tomorrow": (message(None, hologram={}), {"kind": "other", "text": ""}),
    "a language with a country": (message("oi", **{"from": {"id": 1, "language_code": "pt-BR"}}), {"language": "pt"}),
    "nobody named": (message("hi", **{"from": None}), {"language": None}),
    "an author of another shape": (message("hi", **{"from": 5}), {"text": "hi", "language": None}),
}  # fmt: skip


@pytest.mark.parametrize(("one", "expected"), RECEIVE.values(), ids=RECEIVE)
def test_what_a_message_means(one: dict[str, Any], expected: dict[str, object]) -> None:
    (found,) = channel().parse(hook({"update_id": 42, "message": one}))
    assert isinstance(found, Inbound)
    assert (found.provider_id, found.sender, found.channel) == ("42", "110201543", "telegram")
    assert {name: getattr(found, name) for name in expected} == expected


def test_a_pressed_button_has_the_words_that_stood_on_it() -> None:
    (found,) = channel().parse(hook({"update_id": 1} | pressed(message("Choose", reply_markup=MARKUP))))
    assert isinstance(found, Inbound)
    assert (found.kind, found.button, found.text, found.address) == ("button", "b" * 32, "Yes", "5550001")


def test_a_button_of_a_message_that_telegram_no_longer_shows_still_counts() -> None:
    gone = {"chat": private(), "message_id": 7, "date": 0}
    (found,) = channel().parse(hook({"update_id": 1} | pressed(gone)))
    assert isinstance(found, Inbound)
    assert (found.button, found.text) == ("b" * 32, "")


def moved(status: str, chat: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"my_chat_member": {"chat": chat or private(), "new_chat_member": {"status": status}}}


@pytest.mark.parametrize(("status", "expected"), [("kicked", "stop"), ("member", "start")])
def test_who_blocks_the_bot_has_opted_out_until_they_take_it_back(status: str, expected: str) -> None:
    (found,) = channel().parse(hook({"update_id": 1} | moved(status)))
    assert isinstance(found, Inbound)
    assert (found.opt_out, found.address, found.kind) == (expected, "5550001", "other")


GROUP = {"id": -1001234, "type": "supergroup", "title": "x"}
NOTHING: dict[str, dict[str, Any]] = {
    "a group": {"message": message("hi") | {"chat": GROUP}}, "a channel": {"channel_post": message("hi")},
    "an edit": {"edited_message": message("hi")},
    "another bot": {"message": message("hi", **{"from": {"is_bot": True}})},
    "a button in a group": pressed({"chat": GROUP}), "a button without data": pressed(message("x"), None),
    "a button of another place": pressed(None), "a group that took us in": moved("member", GROUP),
    "a chat that made us an administrator": moved("administrator"), "an update of tomorrow": {"hologram": {}},
    "nothing": {},
}  # fmt: skip


@pytest.mark.parametrize("what", NOTHING.values(), ids=NOTHING)
def test_what_is_none_of_ours_is_passed_over(what: dict[str, Any]) -> None:
    assert channel().parse(hook({"update_id": 1} | what)) == []


@pytest.mark.parametrize(
    "noted",
    [
        {"message_auto_delete_timer_changed": {"message_auto_delete_time": 86400}}, {"pinned_message": message("x")},
        {"write_access_allowed": {}}, {"chat_background_set": {}},
    ],
)  # fmt: skip
def test_what_telegram_notes_in_a_chat_gets_no_answer(noted: dict[str, Any]) -> None:
    """Who lets the chat delete itself wants fewer messages on the phone, not one more."""
    assert channel().parse(hook({"update_id": 1, "message": message(None, **noted)})) == []


@pytest.mark.parametrize("date", [None, "soon", 10**20, 0, -5, [], True])
def test_a_message_with_a_wrong_clock_is_a_message(date: Any) -> None:
    (found,) = channel().parse(hook({"update_id": 1, "message": message("hi") | {"date": date}}))
    assert isinstance(found, Inbound)
    assert (found.text, found.sent_at) == ("hi", None)


BROKEN: list[Any] = [
    b"", b"{", b"[]", b"[" * 100_000, {}, {"update_id": "1"}, {"update_id": True}, {"update_id": 0},
    {"update_id": 2**60},
    {"update_id": 1, "message": {}}, {"update_id": 1, "message": {"chat": 1}},
    {"update_id": 1, "message": message("x", chat=5550001) | {"chat": {"id": "a", "type": "private"}}},
    {"update_id": 1, "callback_query": {"data": "x", "message": {"chat": []}}},
    {"update_id": 1, "my_chat_member": {"chat": private()}},
]  # fmt: skip


@pytest.mark.parametrize("payload", BROKEN, ids=lambda one: str(one)[:40])
def test_a_genuine_request_that_makes_no_sense_is_malformed(payload: Any) -> None:
    with pytest.raises(Malformed):
        channel().parse(hook(payload))


def test_the_answer_to_a_pressed_button_stops_its_clock() -> None:
    said = channel().acknowledgement(hook({"update_id": 1} | pressed(message("x"))))
    assert said is not None
    assert json.loads(said[1]) == {"method": "answerCallbackQuery", "callback_query_id": "1"}
    for other in (
        {"update_id": 1, "message": message("x")},
        b"{",
        {"callback_query": 1},
        {"callback_query": {"id": 1}},
    ):
        assert channel().acknowledgement(hook(other)) is None


# sending

LETTER = Outbound(reference="0" * 32, channel="telegram", address="5550001", sender="110201543", text="नमस्ते 😀")


def letter(*titles: str) -> Outbound:
    return replace(LETTER, buttons=tuple(Button(id=f"{n:032x}", title=one) for n, one in enumerate(titles)))


@pytest.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    with FakeTelegram(gateway_url="http://127.0.0.1:1") as found:
        yield found


async def test_a_message_goes_out_with_a_button_on_each_line(fake: FakeTelegram) -> None:
    async with open_client(**LOOPBACK) as client:
        identifier = await channel(client, telegram_api_url=fake.url).send(letter("Yes", "No"))
    (sent,) = fake.sent
    assert (sent.id, sent.to, sent.text) == (identifier, "5550001", LETTER.text)
    assert sent.choices == ((f"{0:032x}", "Yes"), (f"{1:032x}", "No"))


@pytest.mark.parametrize("titles", [tuple("abcdefghijk"), ("x" * 65,), ("", "b")])
async def test_what_does_not_fit_on_buttons_stands_as_numbers(fake: FakeTelegram, titles: tuple[str, ...]) -> None:
    async with open_client(**LOOPBACK) as client:
        await channel(client, telegram_api_url=fake.url).send(letter(*titles))
    (sent,) = fake.sent
    assert sent.choices == ()
    assert sent.text == "\n".join([LETTER.text, *(f"{n} {one}" for n, one in enumerate(titles, start=1))])


async def test_pages_are_never_shown_as_a_picture() -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content))
        return httpx.Response(200, json={"ok": True, "result": {"message_id": 1}})

    await channel(open_client(httpx.MockTransport(answer))).send(LETTER)
    assert asked[0]["link_preview_options"] == {"is_disabled": True}
    assert "parse_mode" not in asked[0]  # what people and counsellors write is never markup


def told(status: int, description: str = "no", **parameters: int) -> httpx.Response:
    code, _, body = FakeTelegram.error(status, description, **parameters)
    return httpx.Response(code, content=body)


ANSWERS = [
    (told(429, retry_after=7), Throttled, "429", 7.0), (told(429), Throttled, "429", None),
    (httpx.Response(429, headers={"Retry-After": "9"}, text="x"), Throttled, "429", 9.0),
    (told(403, "Forbidden: bot was blocked by the user"), OptedOut, "403", None),
    (told(400, "Bad Request: chat not found"), Rejected, "400", None),
    (told(401, "Unauthorized"), AccountProblem, "401", None),
    (told(404, "Not Found"), AccountProblem, "404", None), (told(500), Unreachable, "500", None),
    (httpx.Response(502, text="<html>"), Unreachable, "502", None), (told(418), Unknown, "418", None),
    (httpx.Response(302, headers={"Location": "https://evil.example/"}), Unknown, "302", None),
    (httpx.Response(200, text="<html>"), Ambiguous, "answer not understood", None),
    (httpx.Response(200, json={"ok": True, "result": {}}), Ambiguous, "answer not understood", None),
    (httpx.Response(200, json=[]), Ambiguous, "answer not understood", None),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "kind", "code", "retry_after"), ANSWERS)
async def test_what_an_answer_tells_us_to_do(
    answer: httpx.Response, kind: type[SendError], code: str, retry_after: float | None
) -> None:
    with pytest.raises(SendError) as caught:
        await channel(open_client(httpx.MockTransport(lambda _: answer))).send(LETTER)
    assert (type(caught.value), caught.value.code, caught.value.retry_after) == (kind, code, retry_after)


async def test_the_token_is_not_in_an_error() -> None:
    async with open_client(**LOOPBACK) as client:
        with pytest.raises(Unreachable) as caught:
            await channel(client, telegram_api_url="http://127.0.0.1:1").send(LETTER)
    error: BaseException | None = caught.value
    while error is not None:
        assert "AAtoken" not in str(error)
        error = error.__cause__ or error.__context__


# the webhook


async def test_the_webhook_is_set_with_its_secret_and_one_connection() -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((request.url.path, json.loads(request.content)))
        return httpx.Response(200, json={"ok": True, "result": True, "description": "Webhook was set"})

    assert await set_webhook(SETTINGS, httpx.AsyncClient(transport=httpx.MockTransport(answer))) == "Webhook was set"
    assert asked == [(
        f"/bot{BOT_TOKEN}/setWebhook",
        {
            "url": "https://amana.example/hooks/telegram", "secret_token": SECRET, "max_connections": 1,
            "allowed_updates": ["message", "callback_query", "my_chat_member"],
        },
    )]  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "answer"),
    [
        (replace(SETTINGS, public_url="http://127.0.0.1:8080"), httpx.Response(200)),
        (replace(SETTINGS, telegram_secret=""), httpx.Response(200)),
        (SETTINGS, told(401, "Unauthorized")), (SETTINGS, httpx.Response(200, text="<html>")),
        (SETTINGS, httpx.Response(200, json=[])),
    ],
)  # fmt: skip
async def test_a_webhook_that_could_not_be_set_is_one_sentence_without_the_token(
    settings: Settings, answer: httpx.Response
) -> None:
    with pytest.raises(ConfigError) as caught:
        await set_webhook(settings, httpx.AsyncClient(transport=httpx.MockTransport(lambda _: answer)))
    assert "AAtoken" not in str(caught.value)
    assert caught.value.__cause__ is None
