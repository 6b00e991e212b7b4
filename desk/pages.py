"""HTML from templates; everything that is put into them is escaped."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sanic import HTTPResponse, Request, html

from desk import plain
from desk.doubles import NOTHING

TEMPLATES = Path(__file__).with_name("templates")

REFUSALS: Mapping[int, tuple[str, str]] = {
    400: ("This could not be understood", "Please go back and try again."),
    403: ("This page was too old", "Please go back, load the page again and repeat what you did. Nothing was changed."),
    404: ("There is nothing here", "It may have been closed, or it is with somebody else."),
    405: ("There is nothing here", "It may have been closed, or it is with somebody else."),
    409: ("Somebody was faster", "Please look at the list again."),
    413: ("This was too long", "Please make it shorter and try again."),
    429: ("Too many attempts", "Please wait a little and try again."),
    500: ("Something went wrong here", "Please load the page again. If it stays so, tell whoever runs the desk."),
    503: ("The desk cannot reach its data", "Please wait a moment and load the page again."),
}


class Pages:
    """Renders templates. `organisation` stands on every page."""

    def __init__(self, organisation: str) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True,
        )  # fmt: skip
        self._environment.globals.update(
            organisation=organisation, language_name=plain.language_name, own_name=plain.own_name, nothing=NOTHING
        )
        self._environment.filters.update(visible=plain.visible, lasted=plain.lasted, plain=plain.in_words)

    def show(self, request: Request, template: str, status: int = 200, **values: Any) -> HTTPResponse:
        """Return a page; it knows who is signed in."""
        session = getattr(request.ctx, "session", None)
        text = self._environment.get_template(template).render(
            member=session.member if session else None,
            csrf=session.csrf if session else getattr(request.ctx, "form_token", ""),
            **values,
        )
        return html(text, status=status)

    def refusal(self, request: Request, status: int, explanation: str | None = None) -> HTTPResponse:
        """Return the page of an error. It is the same whether a thing is absent or not for this user."""
        title, usual = REFUSALS.get(status, REFUSALS[400] if status < 500 else REFUSALS[500])
        template = "_refusal.html" if is_fragment(request) else "refusal.html"
        return self.show(request, template, status, title=title, explanation=explanation or usual)


def is_fragment(request: Request) -> bool:
    """Tell whether the page asks for a part of itself."""
    return "x-fragment" in request.headers
