"""The web chat's streams: what was said to a person is read from the store; a hint only makes it look sooner."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from http import HTTPStatus

from sanic import HTTPResponse, Request

from channels.http import silent
from channels.webchat import NAME
from core.store import Store, StoreError, Tx, messages, people
from core.store.messages import Message
from core.store.people import Person

LOOK_SECONDS = 2.0
"""How often a stream looks by itself: another process may have sent."""
BEAT_SECONDS = 15.0
MOST_STREAMS = 2000
STREAMS_EACH = 3


class Hub:
    """Who listens just now, by token."""

    def __init__(self) -> None:
        self._events: dict[str, set[asyncio.Event]] = {}
        self.closing = False

    def hint(self, token: str) -> None:
        """Let the streams of a talk look."""
        for event in self._events.get(token, ()):
            event.set()

    def close(self) -> None:
        """End all streams."""
        self.closing = True
        for token in list(self._events):
            self.hint(token)

    def enter(self, token: str) -> asyncio.Event | None:
        """Register a stream, or refuse it when there are too many."""
        if len(self._events) >= MOST_STREAMS or len(self._events.get(token, ())) >= STREAMS_EACH:
            return None
        event = asyncio.Event()
        self._events.setdefault(token, set()).add(event)
        return event

    def leave(self, token: str, event: asyncio.Event) -> None:
        """Forget a stream."""
        streams = self._events.get(token, set())
        streams.discard(event)
        if not streams:
            self._events.pop(token, None)


async def listen(store: Store, hub: Hub, request: Request, token: str) -> HTTPResponse | None:
    """Answer with a stream until the talk ends, the browser leaves, or we close."""
    event = hub.enter(token)
    if event is None:
        return silent(HTTPStatus.TOO_MANY_REQUESTS)
    after = request.args.get("after", "0")
    try:
        response = await request.respond(
            content_type="text/event-stream; charset=utf-8", headers={"X-Accel-Buffering": "no"}
        )
        async for piece in _events(
            store, hub, token, int(after) if after.isdecimal() and len(after) < 10 else 0, event
        ):
            await response.send(piece)
        await response.eof()
    finally:
        hub.leave(token, event)
    return None


async def _events(store: Store, hub: Hub, token: str, after: int, event: asyncio.Event) -> AsyncIterator[str]:
    """Yield what is new until the talk ends or we close. A beat now and then shows both ends that the other lives."""
    yield ": hello\n\n"
    spoke = time.monotonic()
    while not hub.closing:
        event.clear()
        try:
            found = await store.read(lambda tx, after=after: _news(tx, token, after))  # type: ignore[misc]
        except StoreError:
            return  # the page comes again
        if found is None:
            return
        for message in found:
            after = message.seq
            yield f"data: {json.dumps(_plain(message), ensure_ascii=False)}\n\n"
        if found or time.monotonic() - spoke > BEAT_SECONDS:
            spoke = time.monotonic()
            yield ": beat\n\n"
        try:
            await asyncio.wait_for(event.wait(), LOOK_SECONDS)
        except TimeoutError:
            continue


def _news(tx: Tx, token: str, after: int) -> list[Message] | None:
    """Return what was said to a person after a message, or None when the talk has ended."""
    who: Person | None = people.find(tx, NAME, token)
    return None if who is None else messages.conversation(tx, who, after=after, direction="out")


def _plain(message: Message) -> dict[str, object]:
    return {
        "seq": message.seq, "author": message.author, "text": message.text,
        "buttons": [{"id": button.id, "title": button.title} for button in message.buttons],
    }  # fmt: skip
