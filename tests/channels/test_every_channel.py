"""What holds for every channel: nobody forges, nothing is taken twice, nothing breaks, nothing is told to a log."""

import contextlib
import logging
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

import channels.channel
from channels.channel import open_client
from core import log
from core.config_checks import CHANNELS
from core.errors import Ambiguous, SendError, Throttled, Unreachable
from core.messages import Button, Outbound
from tests.channels.harness import Answer, Message, say
from tests.channels.sides import PROVIDERS, SIDES, SIGNING, Side, World, world
from tests.fakes.loopback import LOOPBACK
from tests.fakes.meta import PHONE_NUMBER_ID, VERIFY_TOKEN, FakeMeta
from tests.fakes.provider import Signed
from tests.fakes.telegram import FakeTelegram

NUMBERS = iter(range(1_000_000, 2_000_000))


def script(message: Message) -> Answer | None:
    if message.text == "buttons":
        return Answer(text="Choose", choices=(("हो", "/affirm"), ("होइन", "/deny")))
    return None if message.text == "silence" else Answer(text=f"You said: {message.text}")


@pytest.fixture(scope="module")
def everywhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("world"), script) as opened:
        yield opened


@pytest.fixture(params=SIDES)
def side(request: pytest.FixtureRequest, everywhere: World) -> Side:
    return everywhere.sides[request.param]


@pytest.fixture(params=PROVIDERS)
def provider(request: pytest.FixtureRequest, everywhere: World) -> Side:
    return everywhere.sides[request.param]


@pytest.fixture
def who() -> int:
    """Somebody who has not written before."""
    return next(NUMBERS) % 10_000


def stored(everywhere: World, words: str) -> list[Message]:
    return [message for message in everywhere.running.everything_in() if message.text == words]


def everything(everywhere: World) -> int:
    count = "SELECT (SELECT count(*) FROM person) + (SELECT count(*) FROM message)"
    return int(everywhere.running.store.read_now(lambda tx: tx.connection.execute(text(count)).scalar_one()))


def until(happens: Callable[[], bool]) -> None:
    for _ in range(600):
        if happens():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen within 30 seconds")


def changed(signed: Signed, *, proof: str | None = None, header: str, body: bytes | None = None) -> Signed:
    headers = {name: value for name, value in signed.headers.items() if name != header}
    return Signed(
        path=signed.path, headers=headers if proof is None else headers | {header: proof},
        body=signed.body if body is None else body,
    )  # fmt: skip


def test_the_suite_knows_every_channel_that_there_is() -> None:
    assert set(SIDES) == set(CHANNELS)


# who is believed


def test_what_is_proved_is_taken_and_answered(everywhere: World, side: Side, who: int) -> None:
    words = f"namaste {who}"
    assert everywhere.post(side.incoming(words, who, next(NUMBERS))).status_code in (200, 204)
    until(lambda: side.answers(who) == [f"You said: {words}"])


SPOILT: dict[str, Callable[[str], str | None]] = {
    "missing": lambda _: None, "empty": lambda _: "", "shortened": lambda proof: proof[:-1],
    "longer": lambda proof: proof + "0",
    "one letter changed": lambda proof: proof[:-2] + "xy"[proof[-2] == "x"] + proof[-1],
    "of another": lambda proof: "".join(reversed(proof)),
}  # fmt: skip


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_proof_that_is_spoilt_is_refused_without_a_word_or_a_row(
    everywhere: World, side: Side, who: int, spoil: Callable[[str], str | None]
) -> None:
    good = side.incoming("forged", who, next(NUMBERS))
    before = everything(everywhere)
    answer = everywhere.post(changed(good, proof=spoil(good.headers[side.proof]), header=side.proof))
    assert (answer.status_code, answer.content) == (403, b"")
    assert not any(re.search(r"[0-9a-f]{40}", value) for value in answer.headers.values())
    assert everything(everywhere) == before


@pytest.mark.parametrize("name", SIGNING)
def test_one_byte_that_changed_on_the_way_is_noticed(everywhere: World, who: int, name: str) -> None:
    side = everywhere.sides[name]
    good = side.incoming("forged", who, next(NUMBERS))
    before = everything(everywhere)
    body = good.body.replace(b"forged", b"forgeD")
    assert body != good.body
    assert (
        everywhere.post(changed(good, proof=good.headers[side.proof], header=side.proof, body=body)).status_code == 403
    )
    assert everything(everywhere) == before


def test_a_proof_that_is_no_text_is_refused(everywhere: World, side: Side, who: int) -> None:
    good = side.incoming("forged", who, next(NUMBERS))
    headers = {name.encode(): value.encode() for name, value in good.headers.items() if name != side.proof}
    headers[side.proof.encode()] = b"Bearer \xff\xfe" if side.name == "web" else b"\xff\xfe"
    answer = httpx.post(everywhere.running.url + good.path, content=good.body, headers=list(headers.items()))
    assert (answer.status_code, answer.content) == (403, b"")


# what makes no sense


def test_nonsense_with_a_good_proof_is_acknowledged_and_dropped(everywhere: World, side: Side) -> None:
    nonsense = [side.broken(), *filter(None, [side.unknown()])]  # the web side opens its talk before we count
    before = everything(everywhere)
    answers = [everywhere.post(one).status_code for one in nonsense]
    assert set(answers) <= {200, 204}
    assert everything(everywhere) == before


def test_a_body_that_is_too_large_is_not_read(everywhere: World, side: Side, who: int) -> None:
    good = side.incoming("large", who, next(NUMBERS))
    before = everything(everywhere)
    huge = changed(good, proof=good.headers[side.proof], header=side.proof, body=good.body + b" " * 4_000_000)
    with contextlib.suppress(httpx.TransportError):  # cut off while it was still talking
        assert everywhere.post(huge).status_code == 413
    assert everything(everywhere) == before


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_another_method_is_not_served(everywhere: World, side: Side, who: int, method: str) -> None:
    answer = everywhere.post(side.incoming("x", who, next(NUMBERS)), method=method)
    assert (answer.status_code in (403, 405), answer.content) == (True, b"")


# what comes twice


def test_twenty_deliveries_at_once_are_one_message_with_one_answer(everywhere: World, side: Side, who: int) -> None:
    words, number = f"twenty {who}", next(NUMBERS)
    signed = [side.incoming(words, who, number) for _ in range(10 if side.name == "web" else 20)]
    with ThreadPoolExecutor(20) as pool:
        statuses = set(pool.map(lambda one: everywhere.post(one).status_code, signed))
    assert statuses <= {200, 204}
    assert len(stored(everywhere, words)) == 1
    until(lambda: len(side.answers(who)) == 1)


def test_a_delivery_after_a_week_is_still_the_same_message(everywhere: World, side: Side, who: int) -> None:
    words, number = f"week {who}", next(NUMBERS)
    everywhere.post(side.incoming(words, who, number))
    until(lambda: len(side.answers(who)) == 1)
    week = 7 * 86400 + 3600

    def age(tx: Any) -> None:
        for table, column in (
            ("message", "created_at"),
            ("message", "sent_at"),
            ("person", "last_in_at"),
            ("mark", "at"),
        ):
            tx.connection.execute(text(f"UPDATE {table} SET {column} = {column} - {week}"))

    everywhere.running.store.write_now(age)
    assert everywhere.post(side.incoming(words, who, number)).status_code in (200, 204)
    assert len(stored(everywhere, words)) == 1
    time.sleep(0.5)
    assert len(side.answers(who)) == 1


def test_a_provider_that_is_turned_away_once_is_sent_to_again_and_nobody_hears_twice(
    everywhere: World, provider: Side, who: int
) -> None:
    provider.refuse(429)
    provider.refuse(503)
    everywhere.post(provider.incoming(f"again {who}", who, next(NUMBERS)))
    until(lambda: provider.answers(who) == [f"You said: again {who}"])
    time.sleep(0.3)
    assert len(provider.answers(who)) == 1


@pytest.mark.parametrize("name", ["whatsapp", "whatsapp_cloud"])
def test_after_a_day_a_neutral_line_goes_out_and_the_words_wait_until_the_person_writes(
    everywhere: World, who: int, name: str
) -> None:
    side, store = everywhere.sides[name], everywhere.running.store
    everywhere.post(side.incoming("silence", who, next(NUMBERS)))
    person = stored(everywhere, "silence")[-1].person_id
    day = {"person": person, "seconds": 25 * 3600}
    aged = text("UPDATE person SET last_in_at = last_in_at - :seconds WHERE id = :person")
    store.write_now(lambda tx: tx.connection.execute(aged, day))
    store.write_now(lambda tx: [say(tx, person, Answer(text=words)) for words in ("secret news", "more news")])
    until(lambda: side.answers(who) == [""])  # the template, and once for both
    time.sleep(0.6)
    assert side.answers(who) == [""]

    everywhere.post(side.incoming("here I am", who, next(NUMBERS)))
    until(lambda: len(side.answers(who)) == 4)
    assert side.answers(who) == ["", "secret news", "more news", "You said: here I am"]


# sending: what each mishap is called

LETTER = Outbound(reference="a" * 32, channel="", address="", sender="+15005550006", text="quetzal letter")


async def failure(everywhere: World, provider: Side, who: int) -> SendError:
    async with open_client(**LOOPBACK) as client:
        channel = everywhere.channel(provider.name, client)
        sender = PHONE_NUMBER_ID if provider.name == "whatsapp_cloud" else LETTER.sender
        letter = Outbound(
            reference="a" * 32, channel=provider.name, address=provider.address(who), sender=sender, text="a letter",
            buttons=(Button(id="b" * 32, title="Yes"),),
        )  # fmt: skip
        with pytest.raises(SendError) as caught:
            await channel.send(letter)
    return caught.value


async def test_slow_down_is_throttled(everywhere: World, provider: Side, who: int) -> None:
    provider.refuse(429)
    assert type(await failure(everywhere, provider, who)) is Throttled


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_provider_that_is_down_is_unreachable(everywhere: World, provider: Side, who: int, status: int) -> None:
    provider.refuse(status)
    assert type(await failure(everywhere, provider, who)) is Unreachable


async def test_taken_and_then_cut_off_is_doubt(everywhere: World, provider: Side, who: int) -> None:
    provider.drop()
    assert type(await failure(everywhere, provider, who)) is Ambiguous
    assert len(provider.answers(who)) == 1


async def test_an_answer_that_is_late_is_doubt(
    everywhere: World, provider: Side, who: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels.channel, "ANSWER_SECONDS", 0.3)
    provider.stall(1.0)
    try:
        assert type(await failure(everywhere, provider, who)) is Ambiguous
    finally:
        provider.stall(0.0)


async def test_no_address_but_those_of_the_settings_is_called(everywhere: World, provider: Side, who: int) -> None:
    async with open_client(hosts={"elsewhere.example"}) as client:
        with pytest.raises(Unreachable):
            await everywhere.channel(provider.name, client).send(LETTER)
    assert provider.answers(who) == []


# the log


@pytest.mark.parametrize("name", SIDES)
def test_no_secret_no_address_and_no_word_stands_in_the_log(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], logging_as_before: None, name: str
) -> None:
    log.set_up("channels", strict=True, level=logging.DEBUG)
    logging.getLogger().setLevel(logging.DEBUG)  # more than in production
    with world(tmp_path, script) as opened:
        side = opened.sides[name]
        if name in PROVIDERS:
            side.refuse(503)
            side.refuse(400)
        good = side.incoming("quetzalcoatl of the log", 77, next(NUMBERS))
        assert opened.post(good).status_code in (200, 204)
        opened.post(side.broken())
        opened.post(changed(good, proof="quetzal", header=side.proof))
        opened.post(changed(good, proof=None, header=side.proof))
        opened.post(side.incoming("quetzalcoatl again", 77, next(NUMBERS)))
        until(lambda: any("again" in answer for answer in side.answers(77)))
        told = [side.address(77), side.address(77)[1:], *side.secrets, good.headers[side.proof], "quetzal"]
    written = "".join(capfd.readouterr())
    assert "refused" in written  # something was logged at all
    assert [word for word in told if word in written] == []


# what only some of them have


def test_meta_is_greeted_over_http(everywhere: World) -> None:
    query = {"hub.mode": "subscribe", "hub.challenge": "12345", "hub.verify_token": VERIFY_TOKEN}
    answer = httpx.get(f"{everywhere.running.url}/hooks/whatsapp_cloud", params=query)
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (
        200,
        "12345",
        "text/plain; charset=utf-8",
    )
    query["hub.verify_token"] = "guessed"
    answer = httpx.get(f"{everywhere.running.url}/hooks/whatsapp_cloud", params=query)
    assert (answer.status_code, answer.content) == (403, b"")


def test_a_button_that_was_pressed_in_telegram_comes_back_and_its_clock_stops(everywhere: World, who: int) -> None:
    side = everywhere.sides["telegram"]
    fake: FakeTelegram = side.fake  # type: ignore[attr-defined]
    everywhere.post(side.incoming("buttons", who, next(NUMBERS)))
    until(lambda: side.answers(who) == ["Choose"])
    (sent,) = [one for one in fake.sent if one.to == side.address(who)]
    assert [title for _, title in sent.choices] == ["हो", "होइन"]

    answer = everywhere.post(fake.press(sent, 1))
    assert answer.json()["method"] == "answerCallbackQuery"
    until(lambda: len(side.answers(who)) == 2)
    assert stored(everywhere, "होइन")[-1].kind == "button"


def test_buttons_of_the_cloud_api_can_be_pressed_and_receipts_find_their_message(everywhere: World, who: int) -> None:
    side = everywhere.sides["whatsapp_cloud"]
    fake: FakeMeta = side.fake  # type: ignore[attr-defined]
    everywhere.post(side.incoming("buttons", who, next(NUMBERS)))
    until(lambda: side.answers(who) == ["Choose"])
    (sent,) = [one for one in fake.sent if one.to == side.address(who)[1:]]
    assert len(sent.choices) == 2
    # before, after and between: the later ones win, whatever the order
    for status in ("read", "sent", "delivered", "sent"):
        assert everywhere.post(fake.status(sent, status)).status_code == 204
    answers = [one for one in everywhere.running.everything_out() if one.id == sent.reference]
    assert [one.state for one in answers] == ["read"]


def test_many_items_of_one_request_are_each_taken_once_though_one_makes_no_sense(everywhere: World, who: int) -> None:
    from tests.fakes import meta

    fake: FakeMeta = everywhere.sides["whatsapp_cloud"].fake  # type: ignore[attr-defined]
    marker, first = f"batch {who}", next(NUMBERS)
    sender = everywhere.sides["whatsapp_cloud"].address(who)[1:]
    good = [
        meta.message(f"{marker} {n}", sender=sender, identifier=f"wamid.{first}.{n}", at=1790000000 + n)
        for n in range(3)
    ]
    payload = meta.webhook(meta.value(good[1], {"id": "wamid.broken"}, good[0]), meta.value(good[2]))
    for _ in range(3):
        assert everywhere.post(fake.signed(payload)).status_code == 204
    said = [one.text for one in everywhere.running.everything_in() if one.text.startswith(marker)]
    assert said == [f"{marker} {n}" for n in range(3)]


def test_an_edit_in_telegram_changes_nothing(everywhere: World, who: int) -> None:
    side = everywhere.sides["telegram"]
    before = everything(everywhere)
    assert everywhere.post(side.edited(who)).status_code == 204  # type: ignore[attr-defined]
    assert everything(everywhere) == before


def test_meta_may_bring_three_megabytes_at_once_and_no_more(everywhere: World, who: int) -> None:
    from tests.fakes import meta

    fake: FakeMeta = everywhere.sides["whatsapp_cloud"].fake  # type: ignore[attr-defined]
    first = next(NUMBERS)

    def request(count: int) -> Signed:
        people = [f"1500{first:05d}{n:03d}" for n in range(count)]
        batch = [meta.message("x" * 3000, sender=one, identifier=f"wamid.big.{one}") for one in people]
        return fake.signed(meta.webhook(meta.value(*batch)))

    many, before = request(600), everything(everywhere)
    assert 1_800_000 < len(many.body) < 3_000_000
    with contextlib.suppress(httpx.TransportError):
        assert everywhere.post(request(1100)).status_code == 413
    assert everything(everywhere) == before
    assert everywhere.post(many).status_code == 204
    assert len(stored(everywhere, "x" * 3000)) == 600
