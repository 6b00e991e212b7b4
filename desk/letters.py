"""Dead letters: jobs that were given up, for supervisors and administrators."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from sanic import HTTPResponse, Request, redirect

from core.errors import NotAllowed
from core.people import handle
from core.store import Tx, dead
from desk import plain
from desk.parts import desk_of

KINDS = {"turn": "A message that was not answered", "send": "A message that was not sent"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A row of the page."""

    id: int
    kind: str
    age: str
    error: str
    handle: str
    attempts: int


async def dead_letters(request: Request) -> HTTPResponse:
    """List what was given up: kind, age, error code and whose, never what was written."""
    desk = desk_of(request)
    return desk.pages.show(request, "dead.html", letters=await desk.store.read(_letters))


def _letters(tx: Tx) -> list[Letter]:
    return [
        Letter(
            id=letter.id, kind=KINDS[letter.kind], age=plain.lasted(tx.now - letter.created_at),
            error=letter.error or "unknown", handle=handle(letter.key), attempts=letter.attempts,
        )
        for letter in dead.newest(tx)
    ]  # fmt: skip


async def try_again(request: Request, letter: str) -> HTTPResponse:
    """Let a dead letter run once more."""
    return await _settle(request, letter, dead.try_again)


async def drop(request: Request, letter: str) -> HTTPResponse:
    """Take a dead letter off the list."""
    return await _settle(request, letter, dead.drop)


async def _settle(request: Request, letter: str, step: Callable[[Tx, int, str], None]) -> HTTPResponse:
    member = request.ctx.session.member
    with suppress(NotAllowed):  # somebody else was faster
        await desk_of(request).store.write(lambda tx: step(tx, int(letter), member.id))
    return redirect("/dead", status=303)
