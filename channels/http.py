"""The gateway's side of HTTP: requests as hooks, answers without words, headers that every answer carries."""

import asyncio
import ipaddress
import weakref
from collections.abc import Container
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any

from sanic import HTTPResponse, Request, Sanic
from sanic.exceptions import SanicException
from sanic.handlers import ErrorHandler
from sanic.response import BaseHTTPResponse
from structlog.typing import FilteringBoundLogger

from core.messages import Hook

NOTHING = "text/plain; charset=utf-8"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def hook_of(request: Request, path: str) -> Hook:
    """Return a request as bytes. The path is the one that we gave the route, not what the request calls it."""
    return Hook(
        method=request.method,
        path=path,
        query=request.query_string,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.body,
    )


def silent(status: HTTPStatus) -> HTTPResponse:
    """Answer with nothing but a status."""
    return HTTPResponse(status=status, content_type=NOTHING)


class Quiet(ErrorHandler):
    """Answers errors with their status only, and logs their kind only."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        super().__init__()
        self._log = log

    def default(self, request: Request, exception: Exception) -> HTTPResponse:
        """Answer an error."""
        known = isinstance(exception, SanicException) and exception.status_code < 500
        status = exception.status_code if isinstance(exception, SanicException) else 500
        if not known:
            self._log.error("request broke", kind=type(exception).__name__, status=status)
        return HTTPResponse(status=status, headers=dict(HEADERS), content_type=NOTHING)


def bound_bodies(app: Sanic[Any, Any], seconds: float) -> None:
    """Hang up on whoever has not sent the whole body of a request after so long (R9).

    Sanic counts from the last byte, so that a byte now and then would hold a connection for ever, and after its own
    time-out it goes on waiting for the rest.
    """

    @app.signal("http.lifecycle.request")
    async def began(request: Request) -> None:
        asyncio.get_running_loop().call_later(seconds, _hang_up, weakref.ref(request))


def _hang_up(waiting: "weakref.ref[Request]") -> None:
    request = waiting()
    stream: Any = request.stream if request is not None else None
    if request is not None and stream is not None and stream.request is request and stream.request_body:
        transport: Any = request.transport
        transport.abort()


async def secure(_: Request, response: BaseHTTPResponse) -> None:
    """Put the headers on every answer."""
    response.headers.update(HEADERS)


class Exits:
    """The addresses of Tor's exits, from a file that the operator renews: one person there has a thousand addresses."""

    def __init__(self, path: str) -> None:
        self._path = Path(path) if path else None
        self._read_at: float | None = None
        self._addresses: frozenset[str] = frozenset()

    def __contains__(self, address: object) -> bool:
        if self._path is None:
            return False
        with suppress(OSError):  # the last list stays while it is being replaced
            changed = self._path.stat().st_mtime
            if changed != self._read_at:
                self._addresses, self._read_at = frozenset(self._path.read_text("ascii", "ignore").split()), changed
        return address in self._addresses


def caller(request: Request, trusted: tuple[str, ...], exits: Container[str] = ()) -> str:
    """Return who calls, for limits only. X-Forwarded-For is believed from our own proxies, and there the last entry."""
    address = _address(request, trusted)
    return "tor" if address in exits else group(address)


def _address(request: Request, trusted: tuple[str, ...]) -> str:
    address = request.ip or "unknown"
    if address not in trusted:
        return address
    hops = [hop.strip() for hop in request.headers.get("x-forwarded-for", "").split(",") if hop.strip()]
    return next((hop for hop in reversed(hops) if hop not in trusted), address)


def group(address: str) -> str:
    """Return what counts as one caller: an IPv4 address, or the /64 that one household has of IPv6."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ipaddress.ip_network((found.packed[:8] + bytes(8), 64)))
