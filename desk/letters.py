"""Dead letters: jobs that were given up, for supervisors and administrators."""

from dataclasses import dataclass

from sanic import HTTPResponse, Request

from core.people import handle
from core.store import Tx, jobs
from desk import plain
from desk.parts import desk_of

KINDS = {"turn": "A message that was not answered", "send": "A message that was not sent"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A row of the page."""

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
            kind=KINDS[letter.kind], age=plain.lasted(tx.now - letter.created_at), error=letter.error or "unknown",
            handle=handle(letter.key), attempts=letter.attempts,
        )
        for letter in jobs.dead(tx)
    ]  # fmt: skip
