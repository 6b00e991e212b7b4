"""Serves a Sanic app on loopback from a thread, so that tests talk to it over real HTTP."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sanic import Sanic


def free_socket() -> socket.socket:
    """Bind a socket to a free port, so that the address is known before the app is made."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", 0))
    return bound


def url_of(bound: socket.socket) -> str:
    """Return the address of a bound socket."""
    return f"http://127.0.0.1:{bound.getsockname()[1]}"


@contextmanager
def serving(app: Sanic[Any, Any], bound: socket.socket) -> Iterator[str]:
    """Serve until the block ends, with the app's listeners run as in production."""
    app.config.TOUCHUP = False  # it rewrites Sanic's own source, which works once in a process
    started, stop = threading.Event(), asyncio.Event()
    failures: list[BaseException] = []
    loop = asyncio.new_event_loop()

    async def live() -> None:
        server = await app.create_server(sock=bound, return_asyncio_server=True, access_log=False)
        await server.startup()
        await server.before_start()
        await server.after_start()
        started.set()
        await stop.wait()
        await server.before_stop()
        await server.close()
        for connection in list(server.connections):
            connection.abort()
        await server.after_stop()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def run() -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(live())
        except BaseException as error:  # handed to the test below
            failures.append(error)
            started.set()
        finally:
            loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    started.wait(15)
    if not failures:
        try:
            yield url_of(bound)
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(30)
    if failures:
        raise failures[0]
