"""Intake: acknowledged means stored, once; refused means nothing at all."""

import asyncio
import dataclasses
import io
import json
import sqlite3
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from sqlalchemy import text

from channels.channel import open_client
from channels.guard import MOST_WAITING, Guard
from channels.intake import BODY_LIMIT, Intake
from channels.twilio import Account, Twilio
from core.errors import Malformed
from core.messages import Hook, Inbound, Medium, Outbound, Receipt
from core.risk import DangerCheck, Level
from core.store import Store, Tx, cases, claims, jobs, messages, people
from tests.channels.harness import Answer, gateway, say
from tests.fakes.twilio import SID, TOKEN, FakeTwilio

THEM = "+15005550001"
PUBLIC = "https://amana.example"


@dataclasses.dataclass
class Bench:
    """An intake with a Twilio door on a store, and no server around it."""

    store: Store
    intake: Intake
    twilio: Twilio
    fake: FakeTwilio
    woken: list[str]
    log: io.StringIO

    async def post(self, params: dict[str, str], path: str = "/hooks/sms", query: str = "") -> int:
        whole = path + (f"?{query}" if query else "")
        _, headers, body = self.fake.signed(whole, params.items())
        lower = {name.lower(): value for name, value in headers.items()}
        hook = Hook(method="POST", path=path, query=query, headers=lower, body=body)
        return int(await self.intake.receive(self.twilio, hook))


def rows(store: Store, statement: str) -> list[Any]:
    return store.read_now(lambda tx: list(tx.connection.execute(text(statement))))


def count(store: Store, table: str) -> int:
    return int(rows(store, f"SELECT count(*) FROM {table}")[0][0])


@pytest.fixture
def bench(store: Store) -> Bench:
    woken: list[str] = []
    log = io.StringIO()
    logger = structlog.wrap_logger(structlog.PrintLogger(log), processors=[structlog.processors.JSONRenderer()])
    intake = Intake(store, guess_language=lambda _: "ne", wake=lambda: woken.append("turn"), log=logger)
    account = Account(sid=SID, token=TOKEN, api_url="http://127.0.0.1:1", public_url=PUBLIC)
    fake = FakeTwilio(gateway_url="http://127.0.0.1:1", public_url=PUBLIC)
    fake.close()
    return Bench(store, intake, Twilio("sms", account, open_client()), fake, woken, log)


async def test_a_message_is_stored_with_its_turn_before_it_is_acknowledged(bench: Bench) -> None:
    assert await bench.post(bench.fake.incoming("sms", "namaste")) == 204

    job = bench.store.write_now(lambda tx: claims.claim(tx, "turn", 60))
    assert job is not None
    kept = bench.store.read_now(lambda tx: messages.get(tx, job.message_id))
    who = bench.store.read_now(lambda tx: people.get(tx, kept.person_id))
    assert (kept.text, kept.kind, kept.state, who.language, who.language_chosen) == (
        "namaste", "text", "received", "ne", False,
    )  # fmt: skip
    assert bench.store.read_now(lambda tx: people.address_of(tx, who)) == THEM
    assert bench.woken == ["turn"]


async def test_the_same_message_twenty_times_at_once_is_one_message_and_one_turn(bench: Bench) -> None:
    params = bench.fake.incoming("sms", "namaste")
    answers = await asyncio.gather(*(bench.post(params) for _ in range(20)))

    assert set(answers) == {204}
    assert (count(bench.store, "message"), count(bench.store, "job"), count(bench.store, "person")) == (1, 1, 1)


async def test_twenty_first_messages_of_one_person_at_once_make_one_person(bench: Bench) -> None:
    posts = [bench.post(bench.fake.incoming("sms", f"message {number}")) for number in range(20)]
    assert set(await asyncio.gather(*posts)) == {204}
    kept = (count(bench.store, "message"), count(bench.store, "job"), count(bench.store, "person"))
    assert kept == (20, MOST_WAITING, 1)  # the oldest ones were merged: a flood


async def test_a_message_that_comes_again_after_seven_days_is_known(bench: Bench, clock: Any) -> None:
    params = bench.fake.incoming("sms", "namaste")
    await bench.post(params)
    clock.forward(7 * 24 * 3600)
    assert await bench.post(params) == 204
    assert count(bench.store, "message") == 1
    assert bench.woken == ["turn"]


async def test_the_same_id_at_two_doors_is_two_messages(bench: Bench) -> None:
    params = bench.fake.incoming("sms", "namaste")
    await bench.post(params)
    whatsapp = Twilio(
        "whatsapp", Account(sid=SID, token=TOKEN, api_url="http://127.0.0.1:1", public_url=PUBLIC), open_client()
    )
    other = dataclasses.replace(bench, twilio=whatsapp)
    moved = params | {name: f"whatsapp:{params[name]}" for name in ("From", "To")}
    assert await other.post(moved, "/hooks/whatsapp") == 204
    assert (count(bench.store, "message"), count(bench.store, "person")) == (2, 2)


async def test_a_forged_message_leaves_no_row_and_no_word(bench: Bench) -> None:
    forged = Hook(
        method="POST",
        path="/hooks/sms",
        query="",
        headers={"x-twilio-signature": "x" * 28},
        body=b"Body=marker-x&From=1",
    )
    assert await bench.intake.receive(bench.twilio, forged) == 403
    assert (count(bench.store, "message"), count(bench.store, "person"), bench.woken) == (0, 0, [])
    assert json.loads(bench.log.getvalue()) == {"event": "refused", "channel": "sms", "status": 403}


async def test_a_genuine_message_that_makes_no_sense_is_acknowledged_and_counted(bench: Bench) -> None:
    assert await bench.post({"Body": "marker-y", "From": THEM}) == 200
    assert count(bench.store, "message") == 0
    assert json.loads(bench.log.getvalue()) == {"event": "not understood", "channel": "sms", "status": 200}


async def test_a_body_that_is_too_large_is_refused_before_it_is_read(bench: Bench) -> None:
    hook = Hook(method="POST", path="/hooks/sms", query="", headers={}, body=b"x" * (BODY_LIMIT + 1))
    assert await bench.intake.receive(bench.twilio, hook) == 413


async def test_a_long_text_is_stored_whole(bench: Bench) -> None:
    long = "ड" * 20_000
    await bench.post(bench.fake.incoming("sms", long))
    (kept,) = rows(bench.store, "SELECT id FROM message")
    assert bench.store.read_now(lambda tx: messages.get(tx, kept.id)).text == long


class Batch:
    """A door whose requests hold several things, as Meta's do."""

    name = "sms"
    medium: Medium = "sms"
    text_limit = 100
    open_door = True

    def __init__(self, items: list[Inbound | Receipt]) -> None:
        self.items = items

    def verify(self, hook: Hook) -> None:
        """Believe everything."""

    def parse(self, hook: Hook) -> list[Inbound | Receipt]:
        return self.items

    async def send(self, message: Outbound) -> str:
        raise AssertionError("nothing is sent here")


async def test_each_thing_of_a_batch_is_kept_once_even_when_the_batch_comes_again(bench: Bench) -> None:
    items: list[Inbound | Receipt] = [
        Inbound(channel="sms", address=f"+1500555000{n % 2}", sender="+15005550006", provider_id=f"m{n}", text=str(n))
        for n in range(4)
    ]
    items.insert(2, Receipt(channel="sms", provider_id="nobody knows", status="sent"))
    hook = Hook(method="POST", path="", query="", headers={}, body=b"")
    for _ in range(2):
        assert await bench.intake.receive(Batch(items), hook) == 204
    assert (count(bench.store, "message"), count(bench.store, "job"), count(bench.store, "person")) == (4, 4, 2)


async def test_a_batch_whose_second_half_could_not_be_stored_is_completed_when_it_comes_again(bench: Bench) -> None:
    items: list[Inbound | Receipt] = [
        Inbound(channel="sms", address=THEM, sender="+15005550006", provider_id="m1", text="1"),
        Inbound(channel="sms", address=THEM, sender="+15005550006" * 20, provider_id="x" * 300, text="2"),
    ]
    hook = Hook(method="POST", path="", query="", headers={}, body=b"")
    status = int(await bench.intake.receive(Batch(items), hook))
    assert status == (503 if bench.store.engine.dialect.name == "postgresql" else 204)
    items[1] = Inbound(channel="sms", address=THEM, sender="+15005550006", provider_id="m2", text="2")
    assert await bench.intake.receive(Batch(items), hook) == 204
    assert {row.provider_id for row in rows(bench.store, "SELECT provider_id FROM message")} >= {"m1", "m2"}


async def test_what_cannot_be_written_at_all_makes_nobody_wait(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests of the same moment share a transaction: one of them must not take the others with it, or hang."""
    bad = Inbound(channel="sms", address=THEM, sender="+15005550006", provider_id="bad", text="half \ud800")
    good = [Inbound(channel="sms", address=THEM, sender="+15005550006", provider_id=f"g{n}", text="x") for n in "12"]
    hook = Hook(method="POST", path="", query="", headers={}, body=b"")
    batches = [Batch([good[0]]), Batch([bad]), Batch([good[1]])]
    async with asyncio.timeout(5):
        answers = await asyncio.gather(*(bench.intake.receive(one, hook) for one in batches))
    assert answers == [204, 503, 204]
    assert count(bench.store, "message") == 2

    def unforeseen(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(bench.intake.keeper, "_recover", unforeseen)
    async with asyncio.timeout(5):
        assert await bench.intake.receive(Batch([bad]), hook) == 503
        assert await bench.intake.receive(Batch([good[0]]), hook) == 204


async def test_a_store_that_fails_asks_the_provider_to_come_again(bench: Bench) -> None:
    bench.store.write_now(lambda tx: tx.connection.execute(text("ALTER TABLE job RENAME TO gone")))
    params = bench.fake.incoming("sms", "namaste")
    assert await bench.post(params) == 503
    assert (count(bench.store, "message"), bench.woken) == (0, [])
    assert json.loads(bench.log.getvalue()) == {"event": "store failed", "channel": "sms", "status": 503}

    bench.store.write_now(lambda tx: tx.connection.execute(text("ALTER TABLE gone RENAME TO job")))
    assert await bench.post(params) == 204
    assert count(bench.store, "message") == 1


async def test_a_locked_database_is_a_store_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.store import database, open_store
    from core.store.migrate import migrate

    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)
    path = tmp_path / "locked.sqlite3"
    store = open_store(f"sqlite:///{path}", b"m" * 32)
    migrate(store.engine)
    logger = structlog.wrap_logger(
        structlog.PrintLogger(io.StringIO()), processors=[structlog.processors.JSONRenderer()]
    )
    intake = Intake(store, guess_language=lambda _: "en", wake=lambda: None, log=logger)
    item = Inbound(channel="sms", address=THEM, sender="+15005550006", provider_id="m1", text="1")
    hook = Hook(method="POST", path="", query="", headers={}, body=b"")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert await intake.receive(Batch([item]), hook) == 503
    other.execute("ROLLBACK")
    other.close()
    assert await intake.receive(Batch([item]), hook) == 204
    store.close()


# opt-outs that the provider has answered


async def test_stop_silences_the_person_and_drops_what_waits(bench: Bench) -> None:
    await bench.post(bench.fake.incoming("sms", "hello"))
    (row,) = rows(bench.store, "SELECT id FROM person")
    waiting = bench.store.write_now(lambda tx: say(tx, row.id, Answer(text="on its way")))
    await bench.post(bench.fake.incoming("sms", "STOP", OptOutType="STOP"))

    who = bench.store.read_now(lambda tx: people.get(tx, row.id))
    assert who.stopped
    assert bench.store.read_now(lambda tx: messages.get(tx, waiting)).state == "failed"
    assert bench.store.read_now(jobs.counts) == {("turn", "ready"): 1}  # of "hello"; none of STOP
    await bench.post(bench.fake.incoming("sms", "START", OptOutType="START"))
    assert not bench.store.read_now(lambda tx: people.get(tx, row.id)).stopped


async def test_an_opt_out_in_a_live_case_is_seen_at_the_desk(bench: Bench) -> None:
    from core.handover import Brief

    await bench.post(bench.fake.incoming("sms", "hello"))
    (row,) = rows(bench.store, "SELECT id FROM person")

    def open_case(tx: Tx) -> str:
        return cases.open_for(tx, people.get(tx, row.id), risk=1, reason="x", brief=Brief())[0].id

    case_id = bench.store.write_now(open_case)
    await bench.post(bench.fake.incoming("sms", "END", OptOutType="STOP"))
    found = rows(bench.store, "SELECT case_id, state FROM message ORDER BY seq DESC LIMIT 1")
    assert [tuple(one) for one in found] == [(case_id, "handled")]


@pytest.mark.parametrize(
    ("words", "told", "stopped"),
    [
        ("ALTO", "STOP", True), ("no mas", "stop", True), ("STOP", "HELP", False), ("AYUDA", "HELP", False),
        ("STOP", "START", False), ("VOLVER", "START", False),
    ],
)  # fmt: skip
async def test_the_words_are_the_operators_and_nothing_is_answered(
    bench: Bench, words: str, told: str, stopped: bool
) -> None:
    """Advanced Opt-Out has words of its own in each language: what Twilio says that it did is what counts."""
    await bench.post(bench.fake.incoming("sms", words, OptOutType=told))
    (row,) = rows(bench.store, "SELECT id FROM person")
    assert bench.store.read_now(lambda tx: people.get(tx, row.id)).stopped is stopped
    assert bench.store.read_now(jobs.counts) == {}
    assert [one.state for one in rows(bench.store, "SELECT state FROM message")] == ["handled"]


@pytest.mark.parametrize("told", ["HELP", "STOP", "START"])
async def test_danger_that_the_provider_has_answered_still_reaches_the_desk(bench: Bench, told: str) -> None:
    """An operator's word for help may be a cry for it. We say nothing to it, and a counsellor sees it."""
    danger = DangerCheck({"es": {"violence_now": {"phrases": ["auxilio"]}}})
    intake = Intake(
        bench.store, guess_language=lambda _: "es", wake=lambda: None, log=structlog.get_logger(),
        guard=Guard(danger=danger),
    )  # fmt: skip
    again = dataclasses.replace(bench, intake=intake)
    params = again.fake.incoming("sms", "Auxilio!", OptOutType=told)
    assert [await again.post(params), await again.post(params)] == [204, 204]
    (waiting,) = bench.store.read_now(cases.queue)
    flags = bench.store.read_now(lambda tx: cases.brief_of(tx, waiting.case).flags)
    assert (waiting.case.risk, waiting.case.reason) == (Level.DANGER, "violence_now")
    assert flags[0] == ("violence_now", "Auxilio")
    assert waiting.alert == ("stopped" if told == "STOP" else None)
    assert bench.store.read_now(jobs.counts) == {}


# receipts


async def sent_message(bench: Bench) -> str:
    await bench.post(bench.fake.incoming("sms", "hello"))
    (row,) = rows(bench.store, "SELECT id FROM person")
    return bench.store.write_now(lambda tx: say(tx, row.id, Answer(text="answer")))


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["queued", "sent", "delivered", "read"], "read"), (["delivered", "sent", "queued"], "delivered"),
        (["sent", "failed"], "failed"), (["delivered", "failed"], "delivered"), (["failed", "delivered"], "delivered"),
        (["sent", "sent"], "sent"),
    ],
)  # fmt: skip
async def test_receipts_only_move_a_message_forward(bench: Bench, statuses: list[str], expected: str) -> None:
    reference = await sent_message(bench)
    for status in statuses:
        answer = await bench.post(
            {"MessageSid": "SM" + "1" * 32, "MessageStatus": status}, "/hooks/sms/status", f"ref={reference}"
        )
        assert answer == 204
    assert bench.store.read_now(lambda tx: messages.get(tx, reference)).state == expected


async def test_a_receipt_for_nobody_is_acknowledged(bench: Bench) -> None:
    params = {"MessageSid": "SM" + "1" * 32, "MessageStatus": "sent"}
    for query in ("ref=" + "0" * 32, "", "ref=%00"):
        assert await bench.post(params, "/hooks/sms/status", query) == 204


async def test_a_receipt_that_tells_of_an_opt_out_silences_the_person(bench: Bench) -> None:
    reference = await sent_message(bench)
    params = {"MessageSid": "SM" + "1" * 32, "MessageStatus": "failed", "ErrorCode": "21610"}
    await bench.post(params, "/hooks/sms/status", f"ref={reference}")
    found = bench.store.read_now(lambda tx: messages.get(tx, reference))
    assert (found.state, found.error) == ("failed", "21610")
    assert bench.store.read_now(lambda tx: people.get(tx, found.person_id)).stopped


# over real HTTP


def test_the_answers_of_the_gateway_are_empty_and_tell_nothing(tmp_path: Path) -> None:
    with gateway(tmp_path) as running:
        good = running.twilio.receive("sms", "namaste")
        again = running.twilio.post("/hooks/sms", params := running.twilio.incoming("sms", "hi"))
        repeated = running.twilio.post("/hooks/sms", params)
        forged = httpx.post(f"{running.url}/hooks/sms", data={"Body": "marker-z"})
        malformed = running.twilio.post("/hooks/sms", {"Body": "marker-z"})
        large = httpx.post(f"{running.url}/hooks/sms", content=b"x" * (BODY_LIMIT + 1))
        answers = [good, again, repeated, forged, malformed, large]
        assert [answer.status_code for answer in answers] == [204, 204, 204, 403, 200, 413]
        assert [answer.content for answer in answers] == [b""] * 6
        running.twilio.wait_for(2)
        assert [one.text for one in running.everything_in()] == ["namaste", "hi"]


class Confused(Batch):
    """A door that understands nothing."""

    def parse(self, hook: Hook) -> list[Inbound | Receipt]:
        raise Malformed("marker-in-the-reason")


async def test_why_something_was_not_understood_stays_out_of_the_log(bench: Bench) -> None:
    hook = Hook(method="POST", path="", query="", headers={}, body=b"")
    assert await bench.intake.receive(Confused([]), hook) == 200
    assert "marker" not in bench.log.getvalue()
