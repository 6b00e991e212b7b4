"""Keeping: in the database, or in the spool while that is away; in order, once, and never said without being so."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DataError, OperationalError

from channels import keeping
from channels.admission import Admission
from channels.guard import Guard, Judgement
from channels.keeping import Keeper, Unkept
from channels.spool import Item, Spool, SpoolFailed
from core.errors import Forged
from core.messages import Inbound, Receipt
from core.store import Store, Tx, database, messages, people

THEM = "+15005550001"


def said(number: int, channel: str = "sms", address: str = THEM) -> Inbound:
    return Inbound(
        channel=channel, address=address, sender="+15005550006", provider_id=f"SM{number}", text=f"text {number}"
    )


def texts(store: Store, address: str = THEM) -> list[str]:
    def work(tx: object) -> list[str]:
        who = people.find(tx, "sms", address)  # type: ignore[arg-type]
        return [one.text for one in messages.conversation(tx, who)] if who else []  # type: ignore[arg-type]

    return store.read_now(work)


def keeper_of(store: Store, spool: Spool | None) -> Keeper:
    admission = Admission(guess_language=lambda _: "en", guard=Guard())
    return Keeper(store, admission, {"sms"}, spool=spool, wake=lambda: None, log=structlog.get_logger())


@pytest.fixture
def spool(tmp_path: Path, sqlite_store: Store) -> Iterator[Spool]:
    made = Spool(tmp_path / "spool", sqlite_store.vault)
    made.check()
    yield made
    made.rotate()


@pytest.fixture
def lock(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """Another process that can lock the database; nobody waits long for it."""
    monkeypatch.setattr(keeping, "STORE_SECONDS", 0.3)
    other = sqlite3.connect(str(sqlite_store.engine.url.database), isolation_level=None, check_same_thread=False)
    yield other
    other.close()


@pytest.fixture
async def replaying(sqlite_store: Store, spool: Spool) -> AsyncIterator[Keeper]:
    keeper = keeper_of(sqlite_store, spool)
    task = asyncio.create_task(keeper.run())
    yield keeper
    task.cancel()


async def until(true: object, seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # type: ignore[operator]
            await asyncio.sleep(0.05)


async def test_fifty_at_once_share_a_transaction(sqlite_store: Store) -> None:
    begun: list[object] = []
    write = sqlite_store.write_now
    sqlite_store.write_now = lambda work: (begun.append(1), write(work))[1]  # type: ignore[method-assign]
    keeper = keeper_of(sqlite_store, None)
    await asyncio.gather(*(keeper.keep([said(number, address=f"+1500555{number:04}")]) for number in range(50)))
    assert len(begun) <= 3
    assert texts(sqlite_store, "+15005550049") == ["text 49"]


async def test_while_the_database_is_locked_everything_is_kept_and_later_stored_in_order(
    sqlite_store: Store, spool: Spool, lock: sqlite3.Connection, replaying: Keeper
) -> None:
    await replaying.keep([said(1)])
    lock.execute("BEGIN EXCLUSIVE")
    for number in (2, 3, 2):
        await replaying.keep([said(number)])
    assert spool.waiting
    lock.execute("ROLLBACK")
    await replaying.keep([said(4)])
    await until(lambda: not replaying.spooling)
    assert texts(sqlite_store) == ["text 1", "text 2", "text 3", "text 4"]
    assert spool.files() == []


async def test_what_a_dead_process_left_is_stored_before_what_comes_now(sqlite_store: Store, spool: Spool) -> None:
    dead = Spool(spool._folder, sqlite_store.vault)
    dead.keep([said(1)])
    dead._close()
    keeper = keeper_of(sqlite_store, spool)
    await keeper.keep([said(2)])
    task = asyncio.create_task(keeper.run())
    await until(lambda: not keeper.spooling)
    task.cancel()
    assert texts(sqlite_store) == ["text 1", "text 2"]


async def test_without_database_and_spool_nobody_is_told_that_it_was_kept(
    sqlite_store: Store, spool: Spool, lock: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock.execute("BEGIN EXCLUSIVE")
    keeper = keeper_of(sqlite_store, spool)

    def full(_: object) -> None:
        raise SpoolFailed("No space left on device")

    monkeypatch.setattr(spool, "keep", full)
    with pytest.raises(Unkept):
        await keeper.keep([said(1)])
    with pytest.raises(Unkept):
        await keeper_of(sqlite_store, None).keep([said(1)])
    lock.execute("ROLLBACK")


async def test_a_receipt_waits_in_the_spool_too(
    sqlite_store: Store, lock: sqlite3.Connection, replaying: Keeper
) -> None:
    await replaying.keep([said(1)])

    def speak(tx: object) -> str:
        who = people.find(tx, "sms", THEM)  # type: ignore[arg-type]
        assert who
        return messages.record_outbound(tx, who, author="assistant", text="answer")[0]  # type: ignore[arg-type]

    answer = sqlite_store.write_now(speak)
    lock.execute("BEGIN EXCLUSIVE")
    await replaying.keep([Receipt(channel="sms", provider_id="SM9", status="delivered", reference=answer)])
    lock.execute("ROLLBACK")
    await until(lambda: sqlite_store.read_now(lambda tx: messages.get(tx, answer)).state == "delivered")


async def test_one_thing_that_cannot_be_stored_does_not_keep_the_others_out(store: Store) -> None:
    keeper = keeper_of(store, None)
    stranger = said(3, channel="web", address="nobody")
    good, bad, worse = await asyncio.gather(
        keeper.keep([said(1)]), keeper.keep([stranger]), keeper.keep([said(2), said(4)]), return_exceptions=True
    )
    assert (good, type(bad), worse) == (None, Forged, None)
    assert texts(store) == ["text 1", "text 2", "text 4"]


async def test_what_can_never_be_stored_is_set_aside_and_holds_nothing_up(
    sqlite_store: Store, spool: Spool, replaying: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(tx: object, items: object) -> None:
        tx.connection.execute(text("INSERT INTO mark (name) VALUES ('x')"))  # type: ignore[attr-defined]

    monkeypatch.setattr(replaying, "_replayed", refuse)
    spool.keep([said(1)])
    await until(lambda: list(spool._folder.glob("*.broken")))
    monkeypatch.undo()
    spool.keep([said(2)])
    await until(lambda: texts(sqlite_store) == ["text 2"])


@pytest.mark.parametrize("error", [ValueError("x"), DataError("x", {}, Exception())])
async def test_one_thing_that_can_never_be_stored_keeps_nothing_of_its_file_back(
    sqlite_store: Store, spool: Spool, replaying: Keeper, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """What was acknowledged is answered, whatever lies beside it."""
    one = replaying._one

    def picky(tx: Tx, item: Item, judgement: Judgement) -> bool:
        if item.provider_id == "SM60":
            raise error
        return one(tx, item, judgement)

    monkeypatch.setattr(replaying, "_one", picky)
    spool.keep([said(number) for number in range(120)])
    await until(lambda: list(spool._folder.glob("*.broken")))
    kept = [f"text {number}" for number in range(120) if number != 60]
    assert texts(sqlite_store) == kept
    await asyncio.sleep(2 * keeping.REPLAY_SECONDS)  # it is not tried for ever
    assert (len(list(spool._folder.glob("*.broken"))), spool.files()) == (1, [])


def test_only_a_database_that_is_away_is_away() -> None:
    assert database.is_away(OperationalError("x", {}, Exception()))
    assert not database.is_away(DataError("x", {}, Exception()))
