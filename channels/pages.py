"""The web chat's page and its small API: open a talk, say, listen, leave. No cookie, no address kept, nothing in a URL.

The stream reads from the store: the hint of `Webchat.send` only makes it look sooner.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import json as as_json

from channels.http import caller, hook_of, silent
from channels.intake import Intake
from channels.limits import Buckets
from channels.page_words import page_words
from channels.webchat import NAME, Webchat
from core.config import Settings
from core.errors import Forged
from core.languages import LANGUAGES
from core.messages import Inbound
from core.store import Store, StoreError, Tx, jobs, messages, people
from core.store.messages import Message
from core.store.people import Person
from core.words import Words

STATIC = Path(__file__).parent / "static"
FILES: Mapping[str, tuple[str, str]] = {
    "/": ("chat.html", "text/html; charset=utf-8"),
    "/web/chat.css": ("chat.css", "text/css; charset=utf-8"),
    "/web/chat.js": ("chat.js", "text/javascript; charset=utf-8"),
    "/favicon.ico": ("page.svg", "image/svg+xml"),
}
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What the page's routes work with."""

    store: Store
    webchat: Webchat
    intake: Intake
    hub: Hub
    words: Words
    settings: Settings
    says: Buckets = field(default_factory=lambda: Buckets(burst=12, rate=0.5, clock=time.monotonic))
    calls: Buckets = field(default_factory=lambda: Buckets(burst=120, rate=2.0, clock=time.monotonic))
    """Generous: many people of one hostel, or of Tor, share an address."""


def blueprint(door: Door) -> Blueprint:
    """Make the routes."""
    routes = Blueprint("web")
    for path, (name, kind) in FILES.items():
        routes.add_route(_serve(name, kind), path, methods=["GET"], name=f"file_{name.replace('.', '_')}")

    @routes.get("/web/words")
    async def words(request: Request) -> HTTPResponse:
        return as_json(page_words(door.words, request.args.get("language", "")))

    @routes.post("/web/open")
    async def open_talk(request: Request) -> HTTPResponse:
        if not door.calls.take(caller(request, door.settings.trusted_proxies)):
            return silent(HTTPStatus.TOO_MANY_REQUESTS)
        token = door.webchat.new_token()
        language = _language(request, door.settings.default_language)
        first = Inbound(channel=NAME, address=token, sender=NAME, provider_id="")
        try:
            await door.store.write(lambda tx: people.find_or_create(tx, first, language))
        except StoreError:
            return silent(HTTPStatus.SERVICE_UNAVAILABLE)
        return as_json({"token": token})

    @routes.post("/web/say")
    async def say(request: Request) -> HTTPResponse:
        hook = hook_of(request, "/web/say")
        allowed = door.calls.take(caller(request, door.settings.trusted_proxies))
        if not allowed or not door.says.take(hook.headers.get("authorization", "")):
            return silent(HTTPStatus.TOO_MANY_REQUESTS)
        return silent(await door.intake.receive(door.webchat, hook))

    @routes.post("/web/leave")
    async def leave(request: Request) -> HTTPResponse:
        # sendBeacon cannot set headers, so the token comes as the body
        bearer = request.body.decode("ascii", "replace")
        hook = hook_of(request, "/web/leave")
        hook.headers.setdefault("authorization", f"Bearer {bearer}")
        try:
            token = door.webchat.token(hook)
            await door.store.write(lambda tx: _leave(tx, token))
        except Forged:
            return silent(HTTPStatus.FORBIDDEN)
        except StoreError:
            return silent(HTTPStatus.SERVICE_UNAVAILABLE)
        door.hub.hint(token)
        return silent(HTTPStatus.NO_CONTENT)

    @routes.get("/web/stream")
    async def stream(request: Request) -> HTTPResponse | None:
        try:
            token = door.webchat.token(hook_of(request, "/web/stream"))
            known = await door.store.read(lambda tx: people.find(tx, NAME, token))
        except Forged:
            known = None
        except StoreError:
            return silent(HTTPStatus.SERVICE_UNAVAILABLE)
        if known is None:
            return silent(HTTPStatus.FORBIDDEN)
        return await _stream(door, request, token)

    return routes


def _serve(name: str, kind: str) -> Callable[..., Coroutine[None, None, HTTPResponse]]:
    content = (STATIC / name).read_bytes()

    async def handler(_: Request) -> HTTPResponse:
        return HTTPResponse(content, content_type=kind)

    return handler


def _language(request: Request, default: str) -> str:
    try:
        wanted = json.loads(request.body or b"{}").get("language")
    except (ValueError, RecursionError, AttributeError):
        return default
    return wanted if isinstance(wanted, str) and wanted in LANGUAGES else default


def _leave(tx: Tx, token: str) -> None:
    who = people.find(tx, NAME, token)
    if who is None:
        raise Forged
    people.leave(tx, who.id)
    jobs.purge(tx, "send", who.id)
    messages.fail_waiting(tx, who.id, "talk ended")


async def _stream(door: Door, request: Request, token: str) -> HTTPResponse | None:
    event = door.hub.enter(token)
    if event is None:
        return silent(HTTPStatus.TOO_MANY_REQUESTS)
    after = request.args.get("after", "0")
    try:
        response = await request.respond(
            content_type="text/event-stream; charset=utf-8", headers={"X-Accel-Buffering": "no"}
        )
        async for piece in _events(door, token, int(after) if after.isdecimal() and len(after) < 10 else 0, event):
            await response.send(piece)
        await response.eof()
    finally:
        door.hub.leave(token, event)
    return None


async def _events(door: Door, token: str, after: int, event: asyncio.Event) -> AsyncIterator[str]:
    """Yield what is new until the talk ends or we close. A beat now and then shows both ends that the other lives."""
    yield ": hello\n\n"
    spoke = time.monotonic()
    while not door.hub.closing:
        event.clear()
        try:
            found = await door.store.read(lambda tx, after=after: _news(tx, token, after))  # type: ignore[misc]
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
