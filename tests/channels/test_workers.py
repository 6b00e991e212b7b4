"""Workers: one job at a time for each person, many people at once, and nothing that ends them by accident."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from channels.workers import Workers
from core.messages import Inbound
from core.store import Store, jobs, messages, open_store, people
from core.store.jobs import Job, LeaseLost, Priority
from core.store.migrate import migrate


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/workers.sqlite3", b"m" * 32)
    migrate(opened.engine)
    yield opened
    opened.close()


async def receive(store: Store, person: int, number: int) -> None:
    def work(tx: object) -> None:
        inbound = Inbound(
            channel="sms", address=f"+1500555{person:04d}", sender="+15005550006", provider_id=f"{person}.{number}",
            text=str(number),
        )  # fmt: skip
        who = people.find_or_create(tx, inbound, "en")  # type: ignore[arg-type]
        kept = messages.record_inbound(tx, who, inbound)  # type: ignore[arg-type]
        assert kept is not None
        jobs.put(tx, "turn", who.id, kept[1], kept[0], Priority.REPLY)  # type: ignore[arg-type]

    await store.write(work)


Handle = Callable[[Job], Awaitable[None]]


@asynccontextmanager
async def working(store: Store, handle: Handle, *, count: int = 4) -> AsyncIterator[tuple[Workers, list[Exception]]]:
    failures: list[Exception] = []

    async def failed(job: Job, error: Exception) -> None:
        failures.append(error)
        await store.write(lambda tx: jobs.bury(tx, job, "broken"))

    workers = Workers(store, "turn", handle, failed, count=count, lease_seconds=30)
    task = asyncio.create_task(workers.run())
    yield workers, failures
    workers.stop()
    await asyncio.wait_for(task, 10)


async def until_done(store: Store) -> None:
    async with asyncio.timeout(20):
        while any(state != "dead" for _, state in await store.read(jobs.counts)):
            await asyncio.sleep(0.02)


async def test_a_conversation_stays_in_order_and_many_run_side_by_side(store: Store) -> None:
    for number in range(6):
        for person in range(5):
            await receive(store, person, number)
    running: dict[str, int] = {}
    order: dict[str, list[str]] = {}
    most = 0

    async def handle(job: Job) -> None:
        nonlocal most
        running[job.key] = running.get(job.key, 0) + 1
        most = max(most, sum(running.values()))
        assert running[job.key] == 1, "two turns of one conversation at once"
        text = (await store.read(lambda tx: messages.get(tx, job.message_id))).text
        order.setdefault(job.key, []).append(text)
        await asyncio.sleep(0.01)
        running[job.key] -= 1
        await store.write(lambda tx: jobs.finish(tx, job))

    async with working(store, handle) as (_, failures):
        await until_done(store)
    assert failures == []
    assert list(order.values()) == [[str(number) for number in range(6)]] * 5
    assert 1 < most <= 4


async def test_a_slow_conversation_does_not_hold_up_the_others(store: Store) -> None:
    for number in range(3):
        for person in range(4):
            await receive(store, person, number)
    slow = (await store.read(lambda tx: people.find(tx, "sms", "+15005550000"))) or pytest.fail("no such person")
    gate = asyncio.Event()
    done: list[str] = []

    async def handle(job: Job) -> None:
        if job.key == slow.id:
            await gate.wait()
        await store.write(lambda tx: jobs.finish(tx, job))
        done.append(job.key)
        if len(done) == 9:
            gate.set()

    async with working(store, handle, count=2):
        await until_done(store)
    assert slow.id not in done[:9]
    assert done[9:] == [slow.id] * 3


async def test_a_job_that_breaks_is_given_to_on_error_and_the_next_one_is_taken(store: Store) -> None:
    await receive(store, 1, 1)
    await receive(store, 1, 2)

    async def handle(job: Job) -> None:
        if (await store.read(lambda tx: messages.get(tx, job.message_id))).text == "1":
            raise RuntimeError("broken")
        await store.write(lambda tx: jobs.finish(tx, job))

    async with working(store, handle) as (_, failures):
        await until_done(store)
    assert [type(failure) for failure in failures] == [RuntimeError]
    assert await store.read(jobs.counts) == {("turn", "dead"): 1}


async def test_a_lost_lease_is_nobodys_error(store: Store) -> None:
    await receive(store, 1, 1)
    seen = 0

    async def handle(job: Job) -> None:
        nonlocal seen
        seen += 1
        await store.write(lambda tx: jobs.finish(tx, job))
        raise LeaseLost

    async with working(store, handle) as (_, failures):
        await until_done(store)
    assert (seen, failures) == (1, [])


async def test_a_hint_is_heard_at_once_and_a_missing_one_within_the_poll(store: Store) -> None:
    done = asyncio.Event()

    async def handle(job: Job) -> None:
        await store.write(lambda tx: jobs.finish(tx, job))
        done.set()

    async with working(store, handle) as (workers, _):
        await receive(store, 1, 1)
        await asyncio.wait_for(done.wait(), 5)
        assert workers.lively()


async def test_stop_waits_for_the_job_in_hand_and_takes_no_other(store: Store) -> None:
    await receive(store, 1, 1)
    await receive(store, 2, 1)
    begun, gate = asyncio.Event(), asyncio.Event()

    async def handle(job: Job) -> None:
        begun.set()
        await gate.wait()
        await store.write(lambda tx: jobs.finish(tx, job))

    async with working(store, handle, count=1) as (workers, _):
        await begun.wait()
        workers.stop()
        gate.set()
    assert await store.read(jobs.counts) == {("turn", "ready"): 1}


async def test_urgent_work_overtakes_what_waits(store: Store) -> None:
    order: list[str] = []
    gate = asyncio.Event()
    loop = asyncio.get_running_loop()

    def first(_: object) -> None:
        asyncio.run_coroutine_threadsafe(gate.wait(), loop).result(10)

    waits = [asyncio.ensure_future(store.write(first))]
    await asyncio.sleep(0.05)
    waits += [asyncio.ensure_future(store.write(lambda _, n=n: order.append(f"usual {n}"))) for n in range(3)]  # type: ignore[misc]
    waits.append(asyncio.ensure_future(store.write(lambda _: order.append("urgent"), urgent=True)))
    await asyncio.sleep(0.05)
    gate.set()
    await asyncio.gather(*waits)
    assert order == ["urgent", "usual 0", "usual 1", "usual 2"]
