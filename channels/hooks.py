"""The doors of the providers: /hooks/<name> and /hooks/<name>/status, the same for every channel."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Protocol

from sanic import HTTPResponse, Request, Sanic

from channels.channel import Acknowledges, Channel, Greets
from channels.http import NOTHING, hook_of, silent
from channels.webchat import NAME as WEB
from core.errors import Forged
from core.messages import Hook


class Receives(Protocol):
    """Who takes what comes in."""

    async def receive(self, channel: Channel, hook: Hook) -> HTTPStatus:
        """Take one request and return how it is to be answered."""


def add_hooks(app: Sanic[Any, Any], channels: Mapping[str, Channel], intake: Receives) -> None:
    """Add the routes of all channels but the web chat, which has its own."""
    for channel in channels.values():
        if channel.name == WEB:
            continue
        for path in (f"/hooks/{channel.name}", f"/hooks/{channel.name}/status"):
            _add(app, channel, path, intake)


def _add(app: Sanic[Any, Any], channel: Channel, path: str, intake: Receives) -> None:
    name = path.strip("/").replace("/", "_")

    async def receive(request: Request) -> HTTPResponse:
        hook = hook_of(request, path)
        status = await intake.receive(channel, hook)
        said = channel.acknowledgement(hook) if isinstance(channel, Acknowledges) and status < 300 else None
        return silent(status) if said is None else HTTPResponse(said[1], status=HTTPStatus.OK, content_type=said[0])

    app.add_route(receive, path, methods=["POST"], name=name)
    if isinstance(channel, Greets):
        greeting = channel

        async def greet(request: Request) -> HTTPResponse:
            try:
                return HTTPResponse(greeting.greet(hook_of(request, path)), content_type=NOTHING)
            except Forged:
                return silent(HTTPStatus.FORBIDDEN)

        app.add_route(greet, path, methods=["GET"], name=f"{name}_greeting")
