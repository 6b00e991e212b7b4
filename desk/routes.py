"""All routes in one table, each with the roles that it is for. `None` means anyone, without a session."""

from collections.abc import Callable
from dataclasses import dataclass
from mimetypes import guess_type
from pathlib import Path
from typing import Any

from sanic import HTTPResponse, Request, Sanic, raw, text
from sanic.exceptions import NotFound

from desk import accounts, cases, letters, live

STATIC = Path(__file__).with_name("static")
STAFF = ("counsellor", "supervisor", "admin")
LEADS = ("supervisor", "admin")
ADMINS = ("admin",)
LETTER = "/dead/<letter:[0-9]{1,18}>"
CASE = "/cases/<case_id:[0-9a-f]{32}>"


@dataclass(frozen=True, slots=True)
class Route:
    """A row of the table."""

    method: str
    path: str
    handler: Callable[..., Any]
    roles: tuple[str, ...] | None

    @property
    def name(self) -> str:
        """A name that is unique in the table."""
        return self.handler.__name__


async def health(_: Request) -> HTTPResponse:
    """Say that the process is alive, and nothing else."""
    return text("ok\n")


def static_files() -> Callable[..., Any]:
    """Read the few files that pages use, once, and return the handler that serves them."""
    files = {path.name: (path.read_bytes(), guess_type(path.name)[0]) for path in STATIC.iterdir()}

    async def static_file(_: Request, name: str) -> HTTPResponse:
        if name not in files:
            raise NotFound
        content, kind = files[name]
        return raw(content, content_type=f"{kind}; charset=utf-8" if (kind or "").startswith("text") else kind)

    return static_file


def routes() -> tuple[Route, ...]:
    """Return the table."""
    return (
        Route("GET", "/health", health, None),
        Route("GET", "/static/<name:str>", static_files(), None),
        Route("GET", "/sign-in", accounts.sign_in_page, None),
        Route("POST", "/sign-in", accounts.sign_in, None),
        Route("GET", "/welcome/<token:str>", accounts.welcome_page, None),
        Route("POST", "/welcome/<token:str>", accounts.welcome, None),
        Route("POST", "/sign-out", accounts.sign_out, STAFF),
        Route("GET", "/", cases.screen, STAFF),
        Route("GET", "/events", live.events, STAFF),
        Route("POST", "/here", live.here, STAFF),
        Route("GET", CASE, cases.show, STAFF),
        Route("POST", f"{CASE}/take", cases.take, STAFF),
        Route("POST", f"{CASE}/reply", cases.reply, STAFF),
        Route("POST", f"{CASE}/give-back", cases.give_back, STAFF),
        Route("POST", f"{CASE}/close", cases.close, STAFF),
        Route("GET", "/team", accounts.team_page, ADMINS),
        Route("POST", "/team", accounts.invite, ADMINS),
        Route("GET", "/dead", letters.dead_letters, LEADS),
        Route("POST", f"{LETTER}/again", letters.try_again, LEADS),
        Route("POST", f"{LETTER}/drop", letters.drop, LEADS),
    )


def mount(app: Sanic) -> None:
    """Add all routes to the app. There is no other way to add one."""
    for route in routes():
        app.add_route(route.handler, route.path, methods=[route.method], name=route.name, ctx_roles=route.roles)
