"""Builds and runs the desk."""

import asyncio
import sys
import time

from sanic import HTTPResponse, Request, Sanic
from sanic.exceptions import SanicException
from sanic.handlers import ErrorHandler

from core import log
from core.config import ROOT, Settings, from_env
from core.crypto import new_id
from core.errors import ConfigError, Conflict, NotAllowed
from core.store import Store, StoreError, open_store
from core.words import Words
from desk import doubles, gate, headers, live, routes
from desk.pages import Pages
from desk.parts import Desk, check_url, desk_of
from desk.passwords import Passwords
from desk.throttle import Throttle

LARGEST_BYTES = 64 * 1024
"""Of a request. The largest form is a reply."""


class Errors(ErrorHandler):
    """Answers every error with a page of ours; logs where it happened, never what it said."""

    def default(self, request: Request, exception: Exception) -> HTTPResponse:
        """Return the page of an error."""
        desk = desk_of(request)
        status = _status(exception)
        if status >= 500:
            desk.log.error("request failed", code=type(exception).__name__, status=status)
        return desk.pages.refusal(request, status)


def _status(exception: Exception) -> int:
    if isinstance(exception, NotAllowed):
        return 404
    if isinstance(exception, Conflict):
        return 409
    if isinstance(exception, StoreError):
        return 503
    return exception.status_code if isinstance(exception, SanicException) else 500


def create_app(settings: Settings, *, store: Store | None = None, words: Words | None = None) -> Sanic:
    """Put the parts together. Tests bring their own store, which they close themselves, and words."""
    check_url(settings)
    app = Sanic(f"desk-{new_id()[:12]}", configure_logging=False, error_handler=Errors())
    app.config.update(ACCESS_LOG=False, MOTD=False, REQUEST_MAX_SIZE=LARGEST_BYTES, FALLBACK_ERROR_FORMAT="html")
    desk = Desk(
        settings=settings,
        store=store or open_store(settings.database_url, settings.master),
        words=words or Words.load(ROOT / "locales"),
        pages=Pages(settings.organisation),
        passwords=Passwords(),
        throttle=Throttle(time.monotonic),
        hints=live.Hints(),
        known=doubles.of_service(settings, ROOT / "data" / "knowledge"),
        log=log.set_up("desk", strict=settings.log_strict),
    )
    app.ctx.desk = desk
    app.register_middleware(gate.enter, "request")
    app.register_middleware(headers.add_headers, "response")
    routes.mount(app)
    _live(app, desk, close_store=store is None)
    return app


def _live(app: Sanic, desk: Desk, *, close_store: bool) -> None:
    @app.before_server_start
    async def start(started: Sanic) -> None:
        started.ctx.watch = asyncio.create_task(live.watch(desk.store, desk.hints, desk.log))

    @app.before_server_stop
    async def stop(_: Sanic) -> None:
        desk.hints.stop()
        app.ctx.watch.cancel()
        await asyncio.wait([app.ctx.watch])

    @app.after_server_stop
    async def close(_: Sanic) -> None:
        if close_store:
            desk.store.close()


def main() -> int:
    """Run the desk until it is told to stop."""
    try:
        settings = from_env()
        app = create_app(settings)
    except ConfigError as error:
        print(f"The desk cannot start: {error}", file=sys.stderr)
        return 2

    @app.after_server_start
    async def announce(_: Sanic) -> None:
        print(f"The desk listens on {settings.desk_url}", flush=True)

    try:
        app.run(settings.desk_host, settings.desk_port, single_process=True, access_log=False, motd=False)
    except OSError as error:
        place = f"{settings.desk_host}:{settings.desk_port}"
        print(f"The desk cannot start: it cannot listen on {place} ({error.strerror})", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
