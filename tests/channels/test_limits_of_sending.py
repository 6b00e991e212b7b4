"""Limits of sending: speed of a sender, number for a person, money of a day; and what goes through in spite of them."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import structlog

from channels.budget import Budget
from channels.letters import PAIR_COUNT
from channels.outbox import Outbox, Rules
from core.messages import Inbound
from core.segments import weight
from core.store import Store, Tx, jobs, messages, pace, people, spending
from core.store.jobs import Letter, Priority
from tests.channels.test_outbox import FakeChannel
from tests.conftest import Clock

OURS = "+15005550006"


class Bench:
    def __init__(self, store: Store, clock: Clock, rules: Rules) -> None:
        self.store, self.clock, self.channel = store, clock, FakeChannel()
        self.outbox = Outbox(
            store, {"sms": self.channel}, count=1, random=lambda: 0.5, log=structlog.get_logger(), rules=rules
        )

    def put(self, number: int, text: str = "x", priority: Priority = Priority.REPLY) -> str:
        def work(tx: Tx) -> str:
            inbound = Inbound(channel="sms", address=f"+97798{number:08}", sender=OURS, provider_id="a", text="hi")
            who = people.find_or_create(tx, inbound, "en")
            found, seq = messages.record_outbound(tx, who, author="assistant", text=text, priority=priority)
            letter = Letter(key=who.id, seq=seq, message_id=found, priority=priority)
            jobs.post(tx, who, letter, weight=weight(text, "sms"))
            return found

        return self.store.write_now(work)

    async def step(self) -> bool:
        """Claim as the workers do, and send; return whether there was something."""
        workers = self.outbox.workers
        workers._busy = 0
        found = await workers._claim()
        for taken in found:
            await self.outbox.send(taken.job, taken.prepared)
        return bool(found)

    async def run(self, seconds: float, step: float = 0.1) -> list[tuple[float, str]]:
        """Let time pass; return when what was sent."""
        began, sent = self.clock.now, []
        while self.clock.now - began < seconds:
            while True:
                before = len(self.channel.taken)
                if not await self.step():
                    break
                sent += [(self.clock.now - began, one.text) for one in self.channel.taken[before:]]
            self.clock.forward(step)
        return sent

    def error(self, identifier: str) -> str | None:
        query = "SELECT error FROM job WHERE message_id = ?"
        return self.store.read_now(lambda tx: tx.connection.exec_driver_sql(query, (identifier,)).scalar())


@pytest.fixture
def make(sqlite_store: Store, clock: Clock) -> Callable[..., Bench]:
    return lambda **rules: Bench(sqlite_store, clock, Rules(**rules))


# speed


async def test_a_sender_keeps_to_its_segments_a_second(make) -> None:
    bench = make(rates={"sms": 2.0})
    for number in range(30):
        bench.put(number)
    sent = [at for at, _ in await bench.run(10)]
    # a bucket of one second, then two a second
    assert 20 <= len(sent) <= 22
    for second in range(1, 9):
        assert sum(second <= at < second + 1 for at in sent) <= 3


async def test_long_texts_count_by_their_segments(make) -> None:
    bench = make(rates={"sms": 1.0})
    for number in range(10):
        bench.put(number, "x" * 400)
    assert 3 <= len(await bench.run(9.5)) <= 4


async def test_answers_overtake_what_nobody_waits_for_and_emergencies_overtake_all(make) -> None:
    bench = make(rates={"sms": 1.0})
    for number in range(300):
        bench.put(number, "notice", Priority.NOTICE)
    await bench.run(3)
    bench.put(1000, "answer")
    bench.put(1001, "call 999", Priority.EMERGENCY)
    sent = await bench.run(3)
    assert [text for _, text in sent][:2] == ["call 999", "answer"]
    assert sent[0][0] == 0.0
    assert sent[1][0] <= 2.0


async def test_the_speed_is_one_for_all_processes(make, sqlite_store: Store, clock: Clock) -> None:
    one, two = make(rates={"sms": 1.0}), make(rates={"sms": 1.0})
    for number in range(20):
        one.put(number)
    sent = 0
    for _ in range(50):
        sent += await one.step()
        sent += await two.step()
        clock.forward(0.1)
    assert sent <= 7


def test_a_clock_that_is_set_back_closes_no_lane(sqlite_store: Store, clock: Clock) -> None:
    rates = {"sms": 1.0}
    sqlite_store.write_now(lambda tx: pace.spend(tx, "sms:x", 2, rates))
    assert sqlite_store.read_now(lambda tx: pace.closed(tx, rates)) == ["sms:x"]
    clock.forward(-3600)
    sqlite_store.write_now(lambda tx: pace.spend(tx, "sms:x", 1, rates))
    clock.forward(3)
    assert sqlite_store.read_now(lambda tx: pace.closed(tx, rates)) == []


# one person


async def test_one_person_gets_thirty_messages_in_thirty_seconds_and_no_more(make) -> None:
    bench = make()
    for _ in range(40):
        bench.put(1, "call 999", Priority.EMERGENCY)
    assert len(await bench.run(29)) == PAIR_COUNT
    assert len(await bench.run(5)) == 10


async def test_where_the_provider_wants_a_gap_there_is_one(make) -> None:
    bench = make(gaps={"sms": 1.0})
    for _ in range(4):
        bench.put(1)
    assert [round(at) for at, _ in await bench.run(5)] == [0, 1, 2, 3]


# money

BUDGET = Budget(person=3, country=6, everybody=100, money=0, emergency=8, price=0.05, prices={"NP": 0.1})


async def test_a_person_a_country_and_a_day_have_their_budgets(make) -> None:
    bench = make(budget=BUDGET)
    mine = [bench.put(1) for _ in range(5)]
    for number in range(2, 8):
        bench.put(number)
    await bench.run(2)
    assert len(bench.channel.taken) == 6
    assert bench.error(mine[3]) == "budget of this person"
    assert bench.error(bench.put(9)) is None
    await bench.run(1)
    assert len(bench.channel.taken) == 6


async def test_money_is_counted_and_kept_with_the_message(make) -> None:
    bench = make(budget=replace(BUDGET, country=0, money=0.45))
    found = bench.put(1, "x" * 200)
    bench.put(2, "x" * 200)
    bench.put(3)
    await bench.run(1)
    row = bench.store.read_now(
        lambda tx: tx.connection.exec_driver_sql("SELECT segments, cost FROM message WHERE id = ?", (found,)).one()
    )
    assert (row.segments, row.cost) == (2, 0.2)
    spent = bench.store.read_now(lambda tx: spending.today(tx, ["all"]))["all"]
    assert spent.segments == 5
    assert spent.cost == pytest.approx(0.5)
    bench.put(4)
    await bench.run(1)
    assert len(bench.channel.taken) == 3


async def test_emergencies_go_beyond_every_budget_but_their_own(make) -> None:
    bench = make(budget=replace(BUDGET, person=1, countries=frozenset({"QA"})))
    refused = bench.put(1, "an answer")
    for number in range(10):
        bench.put(number, "call 999", Priority.EMERGENCY)
    await bench.run(2)
    assert [one.text for one in bench.channel.taken] == ["call 999"] * 8
    assert bench.error(refused) == "country not allowed"


async def test_ten_thousand_new_numbers_cannot_spend_what_people_elsewhere_need(make) -> None:
    bench = make(budget=replace(BUDGET, country=20))
    for number in range(60):
        bench.put(number)

    def elsewhere(tx: Tx) -> None:
        inbound = Inbound(channel="sms", address="+97433000001", sender=OURS, provider_id="q", text="hi")
        who = people.find_or_create(tx, inbound, "en")
        found, seq = messages.record_outbound(tx, who, author="assistant", text="to Qatar")
        jobs.post(tx, who, Letter(key=who.id, seq=seq, message_id=found, priority=Priority.REPLY))

    bench.store.write_now(elsewhere)
    await bench.run(3)
    assert len(bench.channel.taken) == 21
    assert "to Qatar" in [one.text for one in bench.channel.taken]


async def test_tomorrow_is_another_day(make) -> None:
    bench = make(budget=BUDGET)
    for _ in range(4):
        bench.put(1)
    await bench.run(1)
    assert len(bench.channel.taken) == 3
    bench.clock.forward(86_400 - bench.clock.now % 86_400)
    bench.put(1, "a new day")
    await bench.run(1)
    assert bench.channel.taken[-1].text == "a new day"


def test_a_budget_of_zero_is_none() -> None:
    spent = {name: spending.Spent(10**6, 10.0**6) for name in ("all", "country:NP", "person:x", "emergency")}
    assert Budget().problem(spent, "NP", emergency=False) is None
    assert Budget().problem(spent, "NP", emergency=True) is None
