"""A model of forty lines against the real intake, turns' jobs, outbox and receipts: whatever is repeated, reordered,
delayed, killed or set to another time, every message is answered, in order, and doubled at most once for each death.

Hypothesis chooses the events; the clock is ours; the channel is a list. Nothing sleeps.
"""

import asyncio
import io
import shutil
import tempfile
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from channels.admission import Admission
from channels.guard import Guard
from channels.keeping import Keeper
from channels.letters import LEASE_SECONDS, Limits, open_letter
from channels.outbox import Outbox
from core.errors import Ambiguous, Throttled, Unreachable
from core.messages import Inbound, Outbound, Receipt
from core.store import Store, claims, jobs, messages, open_store, people, receipts
from core.store.jobs import Job, Letter, Priority
from tests.channels.test_outbox import FakeChannel, hand_over
from tests.conftest import MASTER_KEY, Clock, migrated

PEOPLE = st.integers(0, 2)
TEMPLATE = Path(tempfile.mkdtemp(prefix="amana-model-")) / "template.sqlite3"
STATUSES = ("queued", "sent", "delivered", "read")


class Telling(FakeChannel):
    """A provider that tells what it has."""

    async def sent(self, message: Outbound, since: datetime) -> list[str]:
        return [f"provider-{n}-{one.reference}" for n, one in enumerate(self.taken, 1) if one.text == message.text]

    async def received(self, since: datetime) -> list[Inbound]:
        return []


class Delivery(RuleBasedStateMachine):
    """People, providers and workers, in any order."""

    def __init__(self) -> None:
        super().__init__()
        if not TEMPLATE.exists():
            migrated(f"sqlite:///{TEMPLATE}")
        self.folder = Path(tempfile.mkdtemp(prefix="amana-model-"))
        shutil.copy(TEMPLATE, self.folder / "model.sqlite3")
        self.clock = Clock()
        self.store: Store = open_store(f"sqlite:///{self.folder}/model.sqlite3", MASTER_KEY, self.clock)
        self.channel = Telling()
        log = structlog.wrap_logger(
            structlog.PrintLogger(io.StringIO()), wrapper_class=structlog.make_filtering_bound_logger(50)
        )
        self.outbox = Outbox(self.store, {"sms": self.channel}, count=1, random=lambda: 0.0, log=log)
        admission = Admission(guess_language=lambda _: "en", guard=Guard())
        self.keeper = Keeper(self.store, admission, {"sms"}, spool=None, wake=lambda: None, log=log)
        self.written: list[Inbound] = []
        self.sleeping: list[Job] = []
        self.deaths = 0

    def teardown(self) -> None:
        self.quiet()
        self.store.close()
        shutil.rmtree(self.folder)

    # what happens

    @initialize()
    def begin(self) -> None:
        self.write(0)

    @rule(person=PEOPLE)
    def write(self, person: int) -> None:
        number = len(self.written)
        item = Inbound(
            channel="sms", address=f"+1500555000{person}", sender="+15005550006", provider_id=f"SM{number}",
            text=f"n{number:04}",
        )  # fmt: skip
        self.written.append(item)
        asyncio.run(self.keeper.keep([item]))

    @rule(data=st.data())
    def repeat(self, data: Any) -> None:
        """A webhook comes again, late and out of order, some of them in one request."""
        again = data.draw(st.lists(st.sampled_from(self.written), min_size=1, max_size=4))
        asyncio.run(self.keeper.keep(again))

    @rule()
    def take_turn(self) -> None:
        if (job := self.claim("turn")) is not None:
            self.answer(job)

    @rule()
    def die_in_a_turn(self) -> None:
        if (job := self.claim("turn")) is not None:
            self.sleeping.append(job)

    @rule(failure=st.sampled_from([None, None, Unreachable("503"), Throttled("429", 3.0), Ambiguous("lost")]))
    def send(self, failure: Exception | None) -> None:
        if (job := self.claim("send")) is not None:
            self.channel.failures = [failure]
            asyncio.run(hand_over(self.outbox, self.store, job))

    @rule(accepted=st.booleans())
    def die_while_sending(self, accepted: bool) -> None:
        job = self.claim("send")
        if job is None:
            return
        letter = self.store.write_now(lambda tx: open_letter(tx, job, lambda _: Limits(budget=None, gap=0.0)))
        if letter is not None and job.tried_at is None:
            self.deaths += 1
            self.sleeping.append(job)
            if accepted:
                self.channel.taken.append(letter.message)

    @precondition(lambda self: self.sleeping)
    @rule(data=st.data())
    def wake_up_too_late(self, data: Any) -> None:
        """Who slept past the lease cannot write."""
        job = data.draw(st.sampled_from(self.sleeping))
        self.clock.forward(LEASE_SECONDS + 1)
        other = self.claim(job.kind)
        if other is None or other.id != job.id:
            return
        for step in (jobs.finish, lambda tx, lost: jobs.retry(tx, lost, 0, "late")):
            try:
                self.store.write_now(lambda tx, step=step: step(tx, job))
            except claims_lost():
                continue
            raise AssertionError("a lost lease could write")
        self.answer(other) if other.kind == "turn" else asyncio.run(hand_over(self.outbox, self.store, other))

    @precondition(lambda self: self.channel.taken)
    @rule(data=st.data())
    def tell(self, data: Any) -> None:
        """Receipts come in any order, twice, and before the answer to the sending."""
        number = data.draw(st.integers(0, len(self.channel.taken) - 1))
        for status in data.draw(st.lists(st.sampled_from(STATUSES), max_size=4)):
            reference = self.channel.taken[number].reference
            found = f"provider-{number + 1}-{reference}"
            receipt = Receipt(channel="sms", provider_id=found, status=status, reference=reference)
            self.store.write_now(lambda tx, receipt=receipt: receipts.apply(tx, receipt))

    @rule(seconds=st.sampled_from([1.0, 30.0, LEASE_SECONDS + 1, -3600.0, -30.0]))
    def pass_time(self, seconds: float) -> None:
        self.clock.forward(seconds)

    # workers

    def claim(self, kind: Any) -> Job | None:
        return self.store.write_now(lambda tx: claims.claim(tx, kind, LEASE_SECONDS))

    def answer(self, job: Job) -> None:
        def work(tx: Any) -> None:
            said = messages.get(tx, job.message_id)
            who = people.get(tx, said.person_id)
            messages.mark_handled(tx, said.id)
            found, seq = messages.record_outbound(tx, who, author="assistant", text=f"echo {said.text}")
            jobs.post(tx, who, Letter(key=who.id, seq=seq, message_id=found, priority=Priority.REPLY))
            jobs.finish(tx, job)

        self.store.write_now(work)

    def quiet(self) -> None:
        """Let everything come to its end, and compare."""
        for _ in range(400):
            busy = False
            while (job := self.claim("turn")) is not None:
                self.answer(job)
                busy = True
            while (job := self.claim("send")) is not None:
                self.channel.failures = []
                asyncio.run(hand_over(self.outbox, self.store, job))
                busy = True
            if not busy and not self.store.read_now(jobs.counts):
                break
            self.clock.forward(15)
        assert self.store.read_now(jobs.counts) == {}
        answered = [(one.address, one.text) for one in self.channel.taken]
        assert set(answered) == {(item.address, f"echo {item.text}") for item in self.written}
        assert sum(Counter(answered).values()) - len(set(answered)) <= self.deaths

    @invariant()
    def in_order(self) -> None:
        for address in {one.address for one in self.channel.taken}:
            texts = [one.text for one in self.channel.taken if one.address == address]
            assert list(dict.fromkeys(texts)) == sorted(set(texts))


def claims_lost() -> type[Exception]:
    return jobs.LeaseLost


TestDelivery = Delivery.TestCase
TestDelivery.settings = settings(
    max_examples=25, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
