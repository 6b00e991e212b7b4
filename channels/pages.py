"""The web chat's page and its small API: open a talk, say, listen, leave, come back with a code.

No cookie, no address kept, nothing in a URL. Opening only makes a token: who never writes leaves no row anywhere.
"""

import html
import json
import time
from collections.abc import Callable, Container, Coroutine, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from string import Template

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import json as as_json

from channels.http import caller, hook_of, silent
from channels.intake import Intake
from channels.limits import Buckets
from channels.page_words import page_words
from channels.streams import Hub as Hub
from channels.streams import listen
from channels.webchat import NAME, Webchat
from core.config import Settings
from core.errors import Forged
from core.store import Store, StoreError, Tx, codes, jobs, messages, people
from core.words import Words

STATIC = Path(__file__).parent / "static"
FILES: Mapping[str, tuple[str, str]] = {
    "/web/chat.css": ("chat.css", "text/css; charset=utf-8"),
    "/web/chat.js": ("chat.js", "text/javascript; charset=utf-8"),
    "/favicon.ico": ("page.svg", "image/svg+xml"),
}
LONGEST_CODE = 200


def _buckets(burst: int, rate: float) -> Callable[[], Buckets]:
    return lambda: Buckets(burst=burst, rate=rate, clock=time.monotonic)


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What the page's routes work with. Limits are generous: many people of one hostel, or of Tor, share an address."""

    store: Store
    webchat: Webchat
    intake: Intake
    hub: Hub
    words: Words
    settings: Settings
    exits: Container[str] = ()
    says: Buckets = field(default_factory=_buckets(12, 0.5))
    calls: Buckets = field(default_factory=_buckets(120, 2.0))
    opens: Buckets = field(default_factory=_buckets(60, 0.2))
    codes: Buckets = field(default_factory=_buckets(6, 0.05))
    """Against guessing: for each caller, and below for all together."""
    all_codes: Buckets = field(default_factory=_buckets(60, 1.0))

    def calm(self, request: Request, *limits: Buckets) -> bool:
        """Tell whether a caller keeps within the limits."""
        who = caller(request, self.settings.trusted_proxies, self.exits)
        return all([limit.take(who) for limit in (self.calls, *limits)])


def blueprint(door: Door) -> Blueprint:
    """Make the routes."""
    routes = Blueprint("web")
    for path, (name, kind) in FILES.items():
        routes.add_route(_serve(name, kind), path, methods=["GET"], name=f"file_{name.replace('.', '_')}")
    page = Template((STATIC / "chat.html").read_text("utf-8"))

    @routes.get("/")
    async def front(request: Request) -> HTTPResponse:
        # what must be readable without JavaScript is in the browser's own language
        asked = request.headers.get("accept-language", "").split(",")[0].split(";")[0].split("-")[0].strip().lower()
        told = page_words(door.words, asked)
        words = {name: html.escape(text) for name, text in told["words"].items()}  # type: ignore[attr-defined]
        whole = page.substitute(words, lang=told["language"], dir=told["direction"])
        return HTTPResponse(whole, content_type="text/html; charset=utf-8")

    @routes.get("/web/words")
    async def words(request: Request) -> HTTPResponse:
        return as_json(page_words(door.words, request.args.get("language", "")))

    @routes.post("/web/open")
    async def open_talk(request: Request) -> HTTPResponse:
        if not door.calm(request, door.opens):
            return silent(HTTPStatus.TOO_MANY_REQUESTS)
        return as_json({"token": door.webchat.new_token()})

    @routes.post("/web/say")
    async def say(request: Request) -> HTTPResponse:
        hook = hook_of(request, "/web/say")
        try:
            token = door.webchat.token(hook)  # what stands around it in the header makes no new talk
        except Forged:
            token = ""
        if not door.calm(request) or (token and not door.says.take(token)):
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

    @routes.post("/web/code")
    async def code(request: Request) -> HTTPResponse:
        if not door.calm(request, door.codes):
            return silent(HTTPStatus.TOO_MANY_REQUESTS)
        try:
            token = door.webchat.token(hook_of(request, "/web/code"))
            return as_json({"code": await door.store.write(lambda tx: _code(tx, token))})
        except Forged:
            return silent(HTTPStatus.FORBIDDEN)
        except StoreError:
            return silent(HTTPStatus.SERVICE_UNAVAILABLE)

    @routes.post("/web/resume")
    async def resume(request: Request) -> HTTPResponse:
        if not door.calm(request, door.codes) or not door.all_codes.take("all"):
            return silent(HTTPStatus.TOO_MANY_REQUESTS)
        token, typed = door.webchat.new_token(), _typed(request)
        try:
            after = await door.store.write(lambda tx: codes.resume(tx, typed, token))
        except StoreError:
            return silent(HTTPStatus.SERVICE_UNAVAILABLE)
        return silent(HTTPStatus.FORBIDDEN) if after is None else as_json({"token": token, "after": after})

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
        return await listen(door.store, door.hub, request, token)

    return routes


def _serve(name: str, kind: str) -> Callable[..., Coroutine[None, None, HTTPResponse]]:
    content = (STATIC / name).read_bytes()

    async def handler(_: Request) -> HTTPResponse:
        return HTTPResponse(content, content_type=kind)

    return handler


def _typed(request: Request) -> str:
    try:
        typed = json.loads(request.body or b"{}").get("code")
    except (ValueError, RecursionError, AttributeError):
        return ""
    return typed[:LONGEST_CODE] if isinstance(typed, str) else ""


def _code(tx: Tx, token: str) -> str:
    who = people.find(tx, NAME, token)
    if who is None:
        raise Forged
    return codes.issue(tx, who)


def _leave(tx: Tx, token: str) -> None:
    who = codes.leave(tx, NAME, token)
    if who is not None:
        jobs.purge(tx, "send", who.id)
        messages.fail_waiting(tx, who.id, "talk ended")
