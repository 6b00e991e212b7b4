"""What lives as long as the server: workers, upkeep and what has to be closed; and how it ends.

A stop takes 20 seconds at most: no new jobs, the jobs in hand are finished, what is not done by then comes back when
its lease is over. A second signal, or a stop that hangs, ends the process at once: nothing is lost by that either.
"""

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import anyio
import httpx
from sanic import Sanic
from structlog.typing import FilteringBoundLogger

from channels import pages
from channels.spool import Spool
from channels.workers import Workers
from core.store import Store

STOP_SECONDS = 12.0
"""For the jobs in hand: longer than a turn or a send takes."""
DRAIN_SECONDS = 5.0
"""For connections, after that."""
HARD_SECONDS = 30.0
RESTART_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What lives as long as the server."""

    workers: tuple[Workers, ...]
    tasks: tuple[Callable[[], Coroutine[Any, Any, None]], ...]
    hub: pages.Hub
    client: httpx.AsyncClient
    store: Store
    spool: Spool
    log: FilteringBoundLogger


def add_life(app: Sanic[Any, Any], life: Life) -> None:
    """Begin with the server and end with it."""
    working: list[asyncio.Task[None]] = []
    running: list[asyncio.Task[None]] = []

    def start(task: Callable[[], Coroutine[Any, Any, None]]) -> None:
        made = asyncio.create_task(task())
        running.append(made)
        made.add_done_callback(lambda done: again(task, done))

    def again(task: Callable[[], Coroutine[Any, Any, None]], done: asyncio.Task[None]) -> None:
        running.remove(done)
        if not done.cancelled() and (error := done.exception()) is not None:
            life.log.critical("task broke", kind=type(error).__name__)
            asyncio.get_running_loop().call_later(RESTART_SECONDS, start, task)

    @app.before_server_start
    async def begin(_: Sanic[Any, Any]) -> None:
        # httpx loads its event loop's half on first use, a third of a second in which nobody would be answered
        await anyio.sleep(0)
        working.extend(asyncio.create_task(workers.run()) for workers in life.workers)
        for task in life.tasks:
            start(task)

    @app.before_server_stop
    async def end(_: Sanic[Any, Any]) -> None:
        life.hub.close()
        for task in list(running):
            task.cancel()
        for workers in life.workers:
            workers.stop()
        _done, late = await asyncio.wait(working, timeout=STOP_SECONDS)
        for task in late:
            task.cancel()
        if late:
            life.log.error("stopped with work in hand", count=len(late))

    @app.after_server_stop
    async def close(_: Sanic[Any, Any]) -> None:
        await life.client.aclose()
        life.store.close()
        life.spool.rotate()


def stop_at_signals(app: Sanic[Any, Any]) -> None:
    """Stop at the first SIGTERM or SIGINT, end at the second. For a process that is nothing but this server."""
    asked: list[int] = []

    def stop() -> None:
        if asked:
            os._exit(1)
        asked.append(1)
        last = threading.Timer(HARD_SECONDS, os._exit, (1,))
        last.daemon = True
        last.start()
        app.stop(terminate=False)

    @app.after_server_start
    async def listen(_: Sanic[Any, Any]) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop)
