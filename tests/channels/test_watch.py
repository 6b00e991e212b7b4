"""The watch: what waits too long is an alarm, what fell between two tables is mended, what was missed is fetched."""

import io
import json
import sqlite3
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import structlog
from sqlalchemy import delete

from channels.admission import Admission
from channels.channel import open_client
from channels.guard import Guard
from channels.keeping import Keeper
from channels.reconcile import Reconciler
from channels.twilio import Account, Twilio
from channels.watch import Watch
from core import tombstones
from core.handover import Brief
from core.messages import Inbound
from core.store import Store, Tx, cases, claims, erasure, jobs, messages, people
from core.store.jobs import Letter, Priority
from core.store.tables import job
from tests.conftest import Clock
from tests.fakes.loopback import LOOPBACK
from tests.fakes.twilio import SID, TOKEN, FakeTwilio


@dataclass
class Bench:
    store: Store
    clock: Clock
    fake: FakeTwilio
    watch: Watch
    keeper: Keeper
    log: io.StringIO

    def events(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.log.getvalue().splitlines()]

    def named(self) -> list[object]:
        return [event["event"] for event in self.events()]


@pytest.fixture
def fake() -> Iterator[FakeTwilio]:
    with FakeTwilio(gateway_url="http://127.0.0.1:9") as twilio:
        yield twilio


@pytest.fixture
async def bench(sqlite_store: Store, clock: Clock, fake: FakeTwilio, tmp_path: Path) -> AsyncIterator[Bench]:
    log = io.StringIO()
    logger = structlog.wrap_logger(
        structlog.PrintLogger(log), processors=[structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(10),
    )  # fmt: skip
    admission = Admission(guess_language=lambda _: "en", guard=Guard())
    keeper = Keeper(sqlite_store, admission, {"sms"}, spool=None, wake=lambda: None, log=logger)
    async with open_client(**LOOPBACK) as client:
        account = Account(sid=SID, token=TOKEN, api_url=fake.url, public_url="http://x")
        channels = {"sms": Twilio("sms", account, client)}
        reconciler = Reconciler(store=sqlite_store, channels=channels, keeper=keeper, log=logger)
        watch = Watch(
            store=sqlite_store, reconciler=reconciler, queue_seconds=4 * 3600, reconcile_seconds=600, log=logger,
            tombstones=tmp_path / "erased",
        )  # fmt: skip
        yield Bench(sqlite_store, clock, fake, watch, keeper, log)


def said(number: int) -> Inbound:
    return Inbound(
        channel="sms", address="+15005550001", sender="+15005550006", provider_id=f"SM{number}", text="hello"
    )


async def test_quiet_queues_raise_no_alarm(bench: Bench) -> None:
    await bench.keeper.keep([said(1)])
    await bench.watch.look()
    assert bench.named() == []


async def test_a_message_without_an_answer_for_five_minutes_is_an_alarm(bench: Bench) -> None:
    await bench.keeper.keep([said(1)])
    bench.clock.forward(301)
    await bench.watch.look()
    assert "messages unanswered" in bench.named()


async def test_a_quarter_of_the_providers_queue_is_an_alarm(bench: Bench) -> None:
    await bench.keeper.keep([said(1)])

    def speak(tx) -> None:
        who = people.find(tx, "sms", "+15005550001")
        found, seq = messages.record_outbound(tx, who, author="assistant", text="x")
        jobs.post(tx, who, Letter(key=who.id, seq=seq, message_id=found, priority=Priority.NOTICE))

    bench.store.write_now(speak)
    bench.clock.forward(3601)
    await bench.watch.look()
    assert "sending is late" in bench.named()


async def test_a_message_that_lost_its_turn_gets_one_in_the_night(bench: Bench) -> None:
    await bench.watch.look()
    await bench.keeper.keep([said(1), said(2)])
    bench.store.write_now(lambda tx: tx.connection.execute(delete(job)))
    bench.clock.forward(24 * 3600)
    await bench.watch.look()
    assert bench.watch.orphans["inbound without a turn"] == 2
    assert bench.store.write_now(lambda tx: claims.claim(tx, "turn", 60)) is not None
    bench.clock.forward(24 * 3600)
    await bench.watch.look()
    assert bench.watch.orphans["inbound without a turn"] == 0


async def test_an_answer_that_lost_its_sending_is_found_too(bench: Bench) -> None:
    await bench.keeper.keep([said(1)])

    def speak(tx) -> str:
        who = people.find(tx, "sms", "+15005550001")
        return messages.record_outbound(tx, who, author="assistant", text="x", priority=Priority.EMERGENCY)[0]

    found = bench.store.write_now(speak)
    bench.clock.forward(400)
    await bench.watch.look()
    assert bench.watch.orphans["outbound without a sending"] == 1
    again = bench.store.write_now(lambda tx: claims.claim(tx, "send", 60))
    assert (again.message_id, again.priority) == (found, Priority.EMERGENCY)


async def test_a_turn_whose_message_is_answered_is_taken_away(bench: Bench) -> None:
    await bench.keeper.keep([said(1)])
    bench.store.write_now(lambda tx: messages.mark_handled(tx, claims.claim(tx, "turn", 0).message_id))
    bench.store.write_now(lambda tx: tx.connection.exec_driver_sql("UPDATE job SET state = 'ready'"))
    await bench.watch.look()
    assert bench.watch.orphans["turn for a message that is settled"] == 1
    assert bench.store.read_now(jobs.counts) == {}


async def test_what_cannot_be_mended_is_counted(bench: Bench) -> None:
    await bench.keeper.keep([said(1), said(2)])

    def break_things(tx) -> None:
        who = people.find(tx, "sms", "+15005550001")
        taken = claims.claim(tx, "turn", 60)
        jobs.bury(tx, taken, "broken")
        found, _ = messages.record_outbound(tx, who, author="assistant", text="x")
        messages.mark_sent(tx, found, "SM9")
        messages.mark_tried(tx, found)
        cases.open_for(tx, who, risk=0, reason="talk_to_human", brief=Brief())

    bench.store.write_now(break_things)
    await bench.watch.look()
    assert bench.watch.orphans["dead letter"] == 1
    assert bench.watch.orphans["sent without a receipt for a day"] == 0
    bench.clock.forward(25 * 3600)
    await bench.watch.look()
    assert bench.watch.orphans["sent without a receipt for a day"] == 1
    with sqlite3.connect(bench.store.engine.url.database) as other:  # rows removed by hand, behind our back
        other.execute("DELETE FROM person")
        other.execute("DELETE FROM message WHERE direction = 'in'")
    bench.clock.forward(25 * 3600)
    await bench.watch.look()
    assert bench.watch.orphans["case without a person"] == 1
    assert bench.watch.orphans["job without a message"] == 2


# what never reached us


async def test_what_only_the_provider_has_is_fetched_once(bench: Bench, fake: FakeTwilio) -> None:
    fake.remember(fake.incoming("sms", "lost on the way"))
    known = fake.incoming("sms", "came by the webhook")
    fake.remember(known)
    await bench.keeper.keep([replace(said(1), provider_id=known["MessageSid"])])
    await bench.watch.look()
    bench.clock.forward(601)
    await bench.watch.look()
    assert (bench.watch.missed, fake.listings) == (1, 2)
    assert bench.named().count("messages had been missed") == 1


async def test_a_provider_that_does_not_tell_is_asked_again(bench: Bench, fake: FakeTwilio) -> None:
    fake.remember(fake.incoming("sms", "lost on the way"))
    fake.knobs.fail_lists = 1
    await bench.watch.look()
    bench.clock.forward(601)
    await bench.watch.look()
    assert bench.watch.missed == 1


async def test_what_somebody_had_deleted_does_not_come_back_that_way(bench: Bench, fake: FakeTwilio) -> None:
    from datetime import UTC, datetime

    from core.store import erasure

    params = fake.incoming("sms", "delete me")
    fake.remember(params)
    now = datetime.fromtimestamp(bench.clock.now, UTC)
    fake.inbox[0]["date_sent"] = format_datetime(now - timedelta(seconds=5))
    item = Inbound(
        channel="sms", address="+15005550001", sender="+15005550006", provider_id=params["MessageSid"], text="x"
    )
    await bench.keeper.keep([item])

    def erase(tx) -> None:
        who = people.find(tx, "sms", "+15005550001")
        done = claims.claim(tx, "turn", 60)
        messages.mark_handled(tx, done.message_id)
        erasure.erase(tx, who, done.message_id)
        jobs.finish(tx, done)
        erasure.remove(tx, who.id)

    bench.store.write_now(erase)
    await bench.watch.look()
    assert bench.store.read_now(lambda tx: people.find(tx, "sms", "+15005550001")) is None


async def test_who_was_erased_is_written_down_outside_the_database(bench: Bench, tmp_path: Path, clock: Clock) -> None:
    def work(tx: Tx) -> None:
        who = people.find_or_create(tx, said(1), "en")
        kept = messages.record_inbound(tx, who, said(1))
        assert kept
        erasure.erase(tx, who, kept[0])

    await bench.watch.look()
    assert tombstones.read(tmp_path / "erased") == {}
    bench.store.write_now(work)
    await bench.watch.look()
    stones = bench.store.read_now(erasure.tombstones)
    assert len(stones) == 2
    assert tombstones.read(tmp_path / "erased") == stones

    (tmp_path / "erased").unlink()
    (tmp_path / "erased").mkdir()  # it cannot be written
    await bench.watch.look()
    assert bench.named().count("tombstones failed") == 1
    (tmp_path / "erased").rmdir()
    clock.forward(60)
    await bench.watch.look()
    assert tombstones.read(tmp_path / "erased") == stones, "what could not be written is written later"
