"""Live updates: one poll of the database for each process, and a stream of hints to every page.

A hint says only that something changed; the page then asks for what it may see, over the same door as always.
"""

import asyncio
import json
import time

from sanic import Request, empty
from sanic.response import BaseHTTPResponse
from structlog.typing import FilteringBoundLogger

from core.store import Store, StoreError, cases, staff

POLL_SECONDS = 0.5
PRESENT_SECONDS = 30.0
"""How often a stream notes that its page is connected, so that a case whose counsellor has gone is not left alone."""
BEAT_SECONDS = 2.0
"""How often a stream looks whether its session is alive."""


class Hints:
    """Counts changes and wakes those who wait for the next."""

    def __init__(self) -> None:
        self.version = 0
        self.stopping = False
        self._changed = asyncio.Event()

    def tell(self) -> None:
        """Say that something changed."""
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    def stop(self) -> None:
        """End all streams, so that the process can."""
        self.stopping = True
        self.tell()

    async def wait(self, seen: int, seconds: float) -> None:
        """Return when there is something newer than `seen`, or after some seconds."""
        if self.version != seen:
            return
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except TimeoutError:
            return


async def watch(store: Store, hints: Hints, log: FilteringBoundLogger) -> None:
    """Poll the database until this task is cancelled; outlive its failures."""
    last: object = None
    while True:
        try:
            pulse: object = await store.read(cases.pulse)
        except StoreError as error:
            pulse = type(error).__name__
            if pulse != last:
                log.error("poll failed", code=pulse)
        if pulse != last:
            last = pulse
            hints.tell()
        await asyncio.sleep(POLL_SECONDS)


async def events(request: Request) -> BaseHTTPResponse | None:
    """Stream hints to a page until its session ends, which it is told."""
    desk = request.app.ctx.desk
    token = request.ctx.token
    response = await request.respond(content_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
    seen, noted = -1, 0.0
    while not desk.hints.stopping:
        session = await desk.store.read(lambda tx: staff.session_of(tx, token, touch=False))
        if session is None:
            await response.send("event: ended\ndata: {}\n\n")
            break
        if time.monotonic() - noted >= PRESENT_SECONDS:
            noted = time.monotonic()
            await desk.store.write(lambda tx: staff.listens(tx, token))
        if desk.hints.version != seen:
            seen = desk.hints.version
            await response.send(f"event: hint\ndata: {json.dumps({'version': seen})}\n\n")
        else:
            await response.send(": here\n\n")
        await desk.hints.wait(seen, BEAT_SECONDS)
    await response.eof()
    return None


async def here(_: Request) -> BaseHTTPResponse:
    """Note that somebody still sits before the page; the gate has touched the session already."""
    return empty()
