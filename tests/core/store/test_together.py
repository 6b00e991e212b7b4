"""Work that waits for SQLite's one writer shares a transaction; each piece stands or falls by itself."""

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from core.store import Store, Tx, marks


def noting(name: str) -> Callable[[Tx], str]:
    def work(tx: Tx) -> str:
        marks.set_to(tx, name, 1.0)
        return name

    return work


def failing(name: str) -> Callable[[Tx], None]:
    def work(tx: Tx) -> None:
        marks.set_to(tx, name, 1.0)
        raise LookupError(name)

    return work


async def while_busy(store: Store, *many: Callable[[], Awaitable[object]]) -> list[object]:
    """Let work queue up behind a piece that takes its time, and return what became of it."""
    go, began = threading.Event(), threading.Event()

    def slow(_: Tx) -> None:
        began.set()
        go.wait(10)

    first = asyncio.ensure_future(store.write(slow))
    await asyncio.to_thread(began.wait, 10)
    rest = [asyncio.ensure_future(one()) for one in many]
    await asyncio.sleep(0.05)
    go.set()
    await first
    return await asyncio.gather(*rest, return_exceptions=True)


def commits(store: Store) -> list[int]:
    seen: list[int] = []
    event.listen(store.engine, "commit", lambda _: seen.append(1))
    return seen


def noted(store: Store, name: str) -> bool:
    return store.read_now(lambda tx: marks.get(tx, name)) is not None


async def test_what_waits_is_committed_at_once_and_what_fails_is_undone_alone(sqlite_store: Store) -> None:
    seen = commits(sqlite_store)
    found = await while_busy(
        sqlite_store, lambda: sqlite_store.write(noting("a")), lambda: sqlite_store.write(failing("b")),
        lambda: sqlite_store.write(noting("c")),
    )  # fmt: skip
    assert (found[0], type(found[1]), found[2]) == ("a", LookupError, "c")
    assert len(seen) == 2  # the slow one, and these three
    assert [noted(sqlite_store, name) for name in "abc"] == [True, False, True]


async def test_urgent_work_goes_first_and_alone(sqlite_store: Store) -> None:
    seen = commits(sqlite_store)
    order: list[str] = []

    def recorded(name: str) -> Callable[[Tx], None]:
        return lambda _: order.append(name)

    await while_busy(
        sqlite_store, lambda: sqlite_store.write(recorded("usual")), lambda: sqlite_store.write(recorded("usual too")),
        lambda: sqlite_store.write(recorded("urgent"), urgent=True),
    )  # fmt: skip
    assert order == ["urgent", "usual", "usual too"]
    assert len(seen) == 3


async def test_when_the_transaction_is_lost_nobody_is_told_that_their_work_stands(sqlite_store: Store) -> None:
    def lost(tx: Tx) -> None:
        raw = tx.connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.execute("ROLLBACK")  # what SQLite does by itself when the disk is full
        raise OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))

    found = await while_busy(
        sqlite_store, lambda: sqlite_store.write(noting("a")), lambda: sqlite_store.write(lost),
        lambda: sqlite_store.write(noting("c")),
    )  # fmt: skip
    assert [type(one) for one in found] == [OperationalError] * 3
    assert [noted(sqlite_store, name) for name in "ac"] == [False, False]
    assert await sqlite_store.write(noting("d")) == "d"


@pytest.mark.parametrize("count", [1, 40])
async def test_every_piece_is_done_once(sqlite_store: Store, count: int) -> None:
    names = [f"n{number}" for number in range(count)]
    found = await while_busy(sqlite_store, *(lambda name=name: sqlite_store.write(noting(name)) for name in names))
    assert found == names
    assert all(noted(sqlite_store, name) for name in names)
