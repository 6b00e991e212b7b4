"""The outbox: what is tried again, when, and what is never tried again."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from pathlib import Path

import pytest
import structlog
from sqlalchemy import update

from channels.letters import AGE_LIMITS, LEASE_SECONDS, Limits, open_letter
from channels.outbox import GRACE_SECONDS, LONGEST_DELAY, UNKNOWN_TRIES, Outbox
from core.errors import (
    AccountProblem,
    Ambiguous,
    OptedOut,
    Rejected,
    SendError,
    Throttled,
    Unknown,
    Unreachable,
    WindowClosed,
)
from core.messages import Inbound, Medium, Outbound, Receipt
from core.store import Store, Tx, claims, jobs, messages, people, receipts
from core.store.jobs import Job, LeaseLost, Priority
from core.store.messages import Message
from core.store.silence import silence
from core.store.tables import message as message_table
from tests.channels.harness import gateway
from tests.conftest import Clock


async def hand_over(outbox: Outbox, store: Store, job: Job) -> None:
    """Open and send the letter of a job that was claimed, as the workers do."""
    await outbox.send(job, await store.write(lambda tx: outbox.open(tx, job)))


@dataclass
class FakeChannel:
    """Takes messages, or fails as told, in order."""

    name: str = "sms"
    medium: Medium = "sms"
    text_limit: int = 1600
    open_door: bool = True
    failures: list[BaseException | None] = field(default_factory=list)
    taken: list[Outbound] = field(default_factory=list)

    def verify(self, hook: object) -> None:
        """Believe everything."""

    def parse(self, hook: object) -> list[Inbound | Receipt]:
        return []

    async def send(self, message: Outbound) -> str:
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None and not isinstance(failure, Ambiguous):
            raise failure
        self.taken.append(message)
        if failure is not None:
            raise failure
        return f"provider-{len(self.taken)}-{message.reference}"


@dataclass
class Bench:
    store: Store
    clock: Clock
    channel: FakeChannel
    outbox: Outbox
    log: io.StringIO
    person_id: str
    luck: list[float]

    def put(self, text: str = "answer", priority: Priority = Priority.REPLY) -> str:
        def work(tx: Tx) -> str:
            who = people.get(tx, self.person_id)
            found, seq = messages.record_outbound(tx, who, author="assistant", text=text)
            jobs.put(tx, "send", who.id, seq, found, priority)
            return found

        return self.store.write_now(work)

    def claim(self) -> Job | None:
        return self.store.write_now(lambda tx: claims.claim(tx, "send", LEASE_SECONDS))

    async def step(self) -> bool:
        """Work on the next job that is due; return whether there was one."""
        job = self.claim()
        if job is not None:
            await hand_over(self.outbox, self.store, job)
        return job is not None

    async def wait_and_step(self, limit: float) -> float:
        """Move the clock on until the next job is due, and work on it; return how long it took."""
        waited = 0.0
        while not await self.step():
            self.clock.forward(0.5)
            waited += 0.5
            assert waited <= limit, "no job became due"
        return waited

    def crash_after_handing_over(self) -> Outbound:
        """Do what a worker does up to the request, and no more; return the request."""
        job = self.claim()
        assert job is not None
        letter = self.store.write_now(lambda tx: open_letter(tx, job, lambda _: Limits(budget=None, gap=0)))
        assert letter is not None
        return letter.message

    def message(self, identifier: str) -> Message:
        return self.store.read_now(lambda tx: messages.get(tx, identifier))

    def jobs(self) -> dict[tuple[str, str], int]:
        return self.store.read_now(jobs.counts)

    def events(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.log.getvalue().splitlines()]


@pytest.fixture
def bench(sqlite_store: Store, clock: Clock) -> Iterator[Bench]:
    inbound = Inbound(channel="sms", address="+15005550001", sender="+15005550006", provider_id="a", text="hi")
    who = sqlite_store.write_now(lambda tx: people.find_or_create(tx, inbound, "en"))
    log, luck, channel = io.StringIO(), [0.5], FakeChannel()
    logger = structlog.wrap_logger(
        structlog.PrintLogger(log),
        processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(10),
    )
    outbox = Outbox(sqlite_store, {"sms": channel}, count=1, random=lambda: luck[0], log=logger)
    return Bench(sqlite_store, clock, channel, outbox, log, who.id, luck)


async def test_a_message_is_sent_from_our_number_and_its_job_is_gone(bench: Bench) -> None:
    found = bench.put("नमस्ते")
    assert await bench.step()

    (taken,) = bench.channel.taken
    assert (taken.text, taken.address, taken.sender, taken.reference) == (
        "नमस्ते", "+15005550001", "+15005550006", found,
    )  # fmt: skip
    assert (bench.message(found).state, bench.jobs()) == ("sent", {})


@pytest.mark.parametrize("failure", [Unreachable("503"), Throttled("429"), AccountProblem("20003")])
async def test_what_may_pass_is_tried_again_and_arrives(bench: Bench, failure: SendError) -> None:
    found = bench.put()
    bench.channel.failures = [failure, failure]
    await bench.step()
    assert (bench.message(found).state, bench.jobs()) == ("queued", {("send", "ready"): 1})

    await bench.wait_and_step(2)
    await bench.wait_and_step(4)
    assert (bench.message(found).state, len(bench.channel.taken)) == ("sent", 1)


async def test_the_pause_doubles_up_to_ten_minutes_and_luck_decides_below_that(bench: Bench) -> None:
    bench.put(priority=Priority.EMERGENCY)
    bench.channel.failures = [Unreachable("503")] * 14
    await bench.step()
    bench.luck[0] = 1.0
    waits = [await bench.wait_and_step(LONGEST_DELAY + 1) for _ in range(12)]
    assert waits == [1.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 600.0, 600.0, 600.0]
    bench.luck[0] = 0.0
    await bench.wait_and_step(600)
    assert await bench.wait_and_step(1) == 0.0


async def test_nothing_is_sent_before_the_provider_allows_it(bench: Bench) -> None:
    bench.put()
    bench.channel.failures = [Throttled("429", 7.0)]
    bench.luck[0] = 0.0
    await bench.step()
    bench.clock.forward(6.9)
    assert not await bench.step()
    bench.clock.forward(0.2)
    assert await bench.step()
    assert len(bench.channel.taken) == 1


async def test_a_thousand_retries_do_not_come_at_once(bench: Bench) -> None:
    import random

    generator = random.Random(7)  # a seed, so that the test is the same every time
    outbox = Outbox(bench.store, {}, count=1, random=generator.random, log=structlog.get_logger())
    job = Job(
        id=1, kind="send", key="k", message_id="m", attempts=5, token="t", created_at=0.0, priority=Priority.REPLY,
        error=None,
    )  # fmt: skip
    delays = [outbox._delay(job, Unreachable("503")) for _ in range(1000)]
    assert 0 <= min(delays) < 2 < 30 < max(delays) <= 32
    assert max(sum(second <= delay < second + 1 for delay in delays) for second in range(32)) < 80


async def test_an_old_answer_is_not_blurted_out_but_becomes_a_dead_letter(bench: Bench) -> None:
    found = bench.put()
    bench.clock.forward(AGE_LIMITS[Priority.REPLY] + 1)
    await bench.step()
    assert bench.channel.taken == []
    assert (bench.message(found).state, bench.message(found).error) == ("failed", "too late")
    assert bench.jobs() == {("send", "dead"): 1}


async def test_an_answer_that_would_come_too_late_is_given_up_now(bench: Bench) -> None:
    found = bench.put()
    bench.channel.failures = [Throttled("429", AGE_LIMITS[Priority.REPLY])]
    bench.clock.forward(1)
    await bench.step()
    assert (bench.message(found).error, bench.jobs()) == ("too late: 429", {("send", "dead"): 1})


async def test_an_emergency_may_be_older_than_an_answer(bench: Bench) -> None:
    bench.put(priority=Priority.EMERGENCY)
    bench.clock.forward(AGE_LIMITS[Priority.REPLY] + 1)
    await bench.step()
    assert len(bench.channel.taken) == 1


async def test_a_refusal_is_final_and_does_not_hold_up_the_next_message(bench: Bench) -> None:
    first, second = bench.put("one"), bench.put("two")
    bench.channel.failures = [Rejected("21211")]
    await bench.step()
    await bench.step()
    assert (bench.message(first).state, bench.message(first).error) == ("failed", "21211")
    assert bench.message(second).state == "sent"
    assert bench.jobs() == {("send", "dead"): 1}


async def test_an_unknown_reason_is_tried_three_times_and_then_given_up(bench: Bench) -> None:
    found = bench.put()
    bench.channel.failures = [Unknown("99999")] * 5
    await bench.step()
    for _ in range(UNKNOWN_TRIES - 1):
        await bench.wait_and_step(10)
    assert len(bench.channel.failures) == 5 - UNKNOWN_TRIES
    assert (bench.message(found).error, bench.jobs()) == ("99999", {("send", "dead"): 1})


async def test_who_opted_out_gets_nothing_more(bench: Bench) -> None:
    first, second = bench.put("one"), bench.put("two")
    bench.channel.failures = [OptedOut("21610")]
    await bench.step()
    assert not await bench.step()
    assert bench.store.read_now(lambda tx: people.get(tx, bench.person_id)).stopped
    assert [bench.message(one).state for one in (first, second)] == ["failed", "failed"]
    assert (bench.jobs(), bench.channel.taken) == ({}, [])


async def test_to_a_silenced_person_only_the_confirmation_and_emergencies_go(bench: Bench) -> None:
    late = bench.put("written before, found by a worker after")
    confirmation: list[str] = []

    def stop(tx: Tx) -> None:
        people.set_stopped(tx, bench.person_id, True)
        who = people.get(tx, bench.person_id)
        found, seq = messages.record_outbound(tx, who, author="assistant", text="no more messages")
        jobs.put(tx, "send", who.id, seq, found, Priority.REPLY)
        confirmation.append(found)

    bench.clock.forward(1)
    bench.store.write_now(stop)
    bench.clock.forward(1)
    after = bench.put("something new")
    urgent = bench.put("999", Priority.EMERGENCY)
    while await bench.step():
        pass

    assert {one.reference for one in bench.channel.taken} == {confirmation[0], urgent}
    assert [bench.message(one).error for one in (late, after)] == ["stopped", "stopped"]
    assert bench.jobs() == {}


async def test_silence_drops_what_waits(bench: Bench) -> None:
    waiting = [bench.put(str(number)) for number in range(5)]
    bench.store.write_now(lambda tx: silence(tx, bench.person_id))
    assert not await bench.step()
    assert {bench.message(one).state for one in waiting} == {"failed"}


# sends of unknown outcome


async def test_in_doubt_a_receipt_settles_it_and_nothing_is_sent_twice(bench: Bench) -> None:
    found = bench.put()
    bench.channel.failures = [Ambiguous("connection lost")]
    await bench.step()
    bench.clock.forward(GRACE_SECONDS - 1)
    assert not await bench.step()
    receipt = Receipt(channel="sms", provider_id="SM1", status="queued", reference=found)
    bench.store.write_now(lambda tx: receipts.apply(tx, receipt))
    bench.clock.forward(2)
    assert await bench.step()
    assert (len(bench.channel.taken), bench.jobs()) == (1, {})


async def test_in_doubt_without_a_receipt_it_is_sent_once_more(bench: Bench) -> None:
    found = bench.put()
    bench.channel.failures = [Ambiguous("connection lost")]
    await bench.step()
    assert GRACE_SECONDS - 1 <= await bench.wait_and_step(GRACE_SECONDS + 1) <= GRACE_SECONDS
    assert (len(bench.channel.taken), bench.message(found).state) == (2, "sent")


async def test_in_doubt_an_emergency_does_not_wait(bench: Bench) -> None:
    bench.put("999", Priority.EMERGENCY)
    bench.channel.failures = [Ambiguous("connection lost")]
    await bench.step()
    assert await bench.wait_and_step(GRACE_SECONDS) <= 2
    assert len(bench.channel.taken) == 2


async def test_a_worker_that_died_after_the_provider_accepted_costs_one_message_at_most(bench: Bench) -> None:
    bench.put()
    dead = bench.claim()
    assert dead is not None
    await bench.channel.send(Outbound(reference="x", channel="sms", address="a", sender="b", text="c"))
    bench.clock.forward(LEASE_SECONDS + 1)
    await bench.step()
    assert len(bench.channel.taken) == 2

    with pytest.raises(LeaseLost):
        await hand_over(bench.outbox, bench.store, dead)


async def test_a_worker_that_slept_past_its_lease_writes_nothing(bench: Bench) -> None:
    found = bench.put()
    slow = bench.claim()
    assert slow is not None
    bench.clock.forward(LEASE_SECONDS + 1)
    quick = bench.claim()
    assert quick is not None
    with pytest.raises(LeaseLost):
        await hand_over(bench.outbox, bench.store, slow)
    assert (bench.message(found).state, bench.channel.taken) == ("queued", [])
    await hand_over(bench.outbox, bench.store, quick)
    assert bench.message(found).state == "sent"


class Telling(FakeChannel):
    """A channel whose provider tells what it has."""

    silent: bool = False

    async def sent(self, message: Outbound, since: datetime) -> list[str]:
        if self.silent:
            raise Unreachable("503")
        return [f"provider-{n}" for n, one in enumerate(self.taken, 1) if one.text == message.text]

    async def received(self, since: datetime) -> list[Inbound]:
        return []


def tell(bench: Bench) -> Telling:
    channel = Telling()
    bench.outbox._channels = {"sms": channel}
    bench.channel = channel
    return channel


async def test_in_doubt_the_provider_is_asked_and_what_it_has_is_not_sent_again(bench: Bench) -> None:
    channel = tell(bench)
    found = bench.put()
    channel.failures = [Ambiguous("connection lost")]
    await bench.step()
    await bench.wait_and_step(GRACE_SECONDS + 1)
    assert (len(channel.taken), bench.message(found).state, bench.jobs()) == (1, "sent", {})


async def test_what_the_provider_has_from_an_earlier_message_with_the_same_words_does_not_count(bench: Bench) -> None:
    channel = tell(bench)
    bench.put("Which country?")
    await bench.step()
    bench.store.write_now(lambda tx: tx.connection.execute(update(message_table).values(provider_id="provider-1")))
    again = bench.put("Which country?")
    bench.crash_after_handing_over()
    await bench.wait_and_step(LEASE_SECONDS + GRACE_SECONDS)
    assert (len(channel.taken), bench.message(again).state) == (2, "sent")


async def test_a_worker_that_died_while_sending_leaves_a_doubt_that_the_provider_settles(bench: Bench) -> None:
    channel = tell(bench)
    found = bench.put()
    letter = bench.crash_after_handing_over()
    channel.taken.append(letter)
    await bench.wait_and_step(LEASE_SECONDS + GRACE_SECONDS)
    assert (len(channel.taken), bench.message(found).state, bench.jobs()) == (1, "sent", {})


async def test_a_provider_that_cannot_tell_is_sent_it_again(bench: Bench) -> None:
    channel = tell(bench)
    found = bench.put()
    bench.crash_after_handing_over()
    channel.silent = True
    await bench.wait_and_step(LEASE_SECONDS + GRACE_SECONDS)
    assert (len(channel.taken), bench.message(found).state) == (1, "sent")


# deliveries that fail after the provider took the message


def receipt(bench: Bench, status: str, number: int, found: str, **more: object) -> object:
    one = Receipt(channel="sms", provider_id=f"provider-{number}-{found}", status=status, reference=found, **more)
    return bench.store.write_now(lambda tx: receipts.apply(tx, one))


async def test_a_phone_that_was_off_gets_it_again_later_and_twice_at_most(bench: Bench) -> None:
    found = bench.put(priority=Priority.EMERGENCY)
    await bench.step()
    for attempt in (1, 2):
        receipt(bench, "failed", attempt, found, error="30003", retryable=True)
        receipt(bench, "failed", attempt, found, error="30003", retryable=True)
        assert (bench.message(found).state, bench.jobs()) == ("queued", {("send", "ready"): 1})
        await bench.wait_and_step(receipts.RESEND_SECONDS)
        assert (len(bench.channel.taken), bench.message(found).state) == (attempt + 1, "sent")
    receipt(bench, "failed", 3, found, error="30003", retryable=True)
    assert (bench.message(found).state, bench.jobs()) == ("failed", {("send", "dead"): 1})


async def test_a_late_success_of_the_first_attempt_stops_the_second(bench: Bench) -> None:
    found = bench.put()
    await bench.step()
    receipt(bench, "failed", 1, found, error="30003", retryable=True)
    receipt(bench, "delivered", 1, found)
    await bench.wait_and_step(receipts.RESEND_SECONDS)
    assert (len(bench.channel.taken), bench.message(found).state, bench.jobs()) == (1, "delivered", {})


async def test_a_late_failure_for_good_is_a_dead_letter(bench: Bench) -> None:
    found = bench.put()
    await bench.step()
    receipt(bench, "failed", 1, found, error="30005")
    receipt(bench, "failed", 1, found, error="30005")
    assert (bench.message(found).error, bench.jobs()) == ("30005", {("send", "dead"): 1})


# alarms, and what is in the log


async def test_a_problem_of_the_account_raises_an_alarm(bench: Bench) -> None:
    bench.put()
    bench.channel.failures = [AccountProblem("20003")]
    await bench.step()
    (event,) = bench.events()
    assert (event["level"], event["event"], event["code"]) == ("critical", "account refused", "20003")


@pytest.mark.parametrize(
    "failure",
    [Rejected("21211"), Unreachable("503"), Ambiguous("x"), OptedOut("21610"), Unknown("1"), Throttled("429")],
)
async def test_no_word_and_no_number_reaches_the_log(bench: Bench, failure: SendError) -> None:
    bench.put("marker-of-a-secret")
    bench.channel.failures = [failure]
    await bench.step()
    assert len(bench.events()) == 1
    assert "marker" not in bench.log.getvalue()
    assert "+1500" not in bench.log.getvalue()


async def test_a_channel_that_is_closed_now_is_a_refusal(bench: Bench) -> None:
    found = bench.put()
    closed = Outbox(bench.store, {}, count=1, random=lambda: 0.0, log=structlog.get_logger())
    job = bench.claim()
    assert job is not None
    await hand_over(closed, bench.store, job)
    assert bench.message(found).error == "channel closed"


async def test_an_error_nobody_thought_of_is_tried_three_times_and_kills_no_worker(bench: Bench) -> None:
    found = bench.put("marker-of-a-secret")
    for attempt in range(UNKNOWN_TRIES):
        job = bench.claim()
        assert job is not None
        assert job.attempts == attempt + 1
        await bench.outbox.workers._on_error(job, RuntimeError("marker-of-a-secret"))
        bench.clock.forward(60)
    assert (bench.message(found).state, bench.jobs()) == ("failed", {("send", "dead"): 1})
    assert "marker" not in bench.log.getvalue()


# with the real library and a server


def test_over_real_http_each_answer_arrives_once_in_spite_of_errors(tmp_path: Path) -> None:
    with gateway(tmp_path) as running:
        running.twilio.fail(1, 429, 20429, Retry_After="1")
        running.twilio.fail(1, 503)
        running.twilio.knobs.statuses = ("queued", "sent", "delivered")
        running.twilio.receive("sms", "one")
        running.twilio.receive("whatsapp", "two")
        sent = running.twilio.wait_for(2, 20)
        assert sorted(one.body for one in sent) == ["You said: one", "You said: two"]
        assert running.twilio.attempts == 4
        wait_until(lambda: {one.state for one in running.everything_out()} == {"delivered"})


def test_over_real_http_a_receipt_settles_a_send_whose_answer_was_lost(tmp_path: Path) -> None:
    with gateway(tmp_path) as running:
        running.twilio.knobs.drop_next = 1
        running.twilio.knobs.statuses = ("sent",)
        running.twilio.receive("sms", "one")
        running.twilio.wait_for(1)
        wait_until(lambda: [one.state for one in running.everything_out()] == ["sent"])
        assert len(running.twilio.sent) == 1


def wait_until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    import time

    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


# a provider that takes free words for a day only


async def test_after_the_window_has_closed_messages_wait_in_order_until_the_person_writes_again(bench: Bench) -> None:
    bench.channel.failures = [WindowClosed("template sent")]
    first, second = bench.put("one"), bench.put("two")
    assert await bench.step()
    bench.clock.forward(3 * 24 * 3600)
    assert not await bench.step()  # the second waits behind the first
    assert bench.jobs() == {("send", "held"): 1, ("send", "ready"): 1}
    assert bench.message(first).state == "queued"

    bench.store.write_now(lambda tx: jobs.release(tx, bench.person_id))
    assert await bench.step()
    assert await bench.step()
    assert [one.text for one in bench.channel.taken] == ["one", "two"]
    assert bench.message(first).state == bench.message(second).state == "sent"


async def test_who_stops_gets_nothing_of_what_was_kept_for_them(bench: Bench) -> None:
    bench.channel.failures = [WindowClosed("window closed")]
    kept = bench.put("one")
    await bench.step()
    bench.store.write_now(lambda tx: silence(tx, bench.person_id))
    bench.store.write_now(lambda tx: jobs.release(tx, bench.person_id))
    assert not await bench.step()
    assert (bench.message(kept).state, bench.jobs()) == ("failed", {})


async def test_a_channel_learns_how_long_the_person_has_been_silent(bench: Bench) -> None:
    bench.put("never wrote")
    await bench.step()
    bench.store.write_now(lambda tx: people.next_seq(tx, bench.person_id, heard=True))
    bench.clock.forward(90)
    bench.put("wrote just now")
    await bench.step()
    assert [one.silence for one in bench.channel.taken] == [inf, 90]
