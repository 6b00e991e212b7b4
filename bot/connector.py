"""The one door of the assistant: the gateway asks over loopback, with a shared secret, one turn at a time.

Rasa's REST channel answers 200 with an empty list whatever goes wrong. Here a turn is `ok`, `repeated` (it was
applied before; the same reply again) or `failed` (nothing was stored; ask again or say something else).
"""

import asyncio
import hmac
import os
from typing import Any, Awaitable, Callable, Dict, Optional, Text

from incoming import BadRequest, Incoming, read_incoming, read_payload
from logs import logger
from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse, empty, json
from turns import Turn

HEADER = "X-Amana-Secret"
GATEWAY_SECONDS = 8.0
_OUR_SHARE = 0.9  # of the gateway's patience: an answer "failed" must arrive before it hangs up

log = logger("connector")


class SecretMissing(RuntimeError):
    """AMANA_INTERNAL_SECRET was not set; without it anybody on the machine could steer conversations."""


class GatewayInput(InputChannel):
    """Rasa's connector for the gateway."""

    def __init__(self, secret: str, time_limit: float = GATEWAY_SECONDS * _OUR_SHARE) -> None:
        if not secret:
            raise SecretMissing("AMANA_INTERNAL_SECRET must be set")
        self._secret = secret
        self._time_limit = time_limit

    @classmethod
    def name(cls) -> Text:
        """Name the connector; also its place under /webhooks/."""
        return "gateway"

    @classmethod
    def from_credentials(cls, credentials: Optional[Dict[Text, Any]]) -> InputChannel:
        """Build the connector; secret and time limit come from the environment, never from a file."""
        patience = float(os.environ.get("AMANA_TURN_SECONDS") or GATEWAY_SECONDS)
        return cls(os.environ.get("AMANA_INTERNAL_SECRET", ""), patience * _OUR_SHARE)

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[None]]) -> Blueprint:
        """Declare the three routes."""
        routes = Blueprint("gateway")
        routes.add_route(self._guarded(self._health), "/health", methods=["GET"], name="health")
        routes.add_route(self._guarded(self._turn), "/turn", methods=["POST"], name="turn")
        routes.add_route(self._guarded(self._forget), "/conversation/<conversation>", methods=["DELETE"], name="forget")
        return routes

    def _guarded(self, view: Callable[..., Awaitable[HTTPResponse]]) -> Callable[..., Awaitable[HTTPResponse]]:
        async def guarded(request: Request, **kwargs: Any) -> HTTPResponse:
            if not hmac.compare_digest(request.headers.get(HEADER, "").encode(), self._secret.encode()):
                return empty(status=403)
            return await view(request, **kwargs)

        return guarded

    async def _health(self, request: Request) -> HTTPResponse:
        agent = getattr(request.app.ctx, "agent", None)
        ready = bool(agent and agent.is_ready())
        return json({"ready": ready, "model": agent.model_name if ready else None})

    async def _turn(self, request: Request) -> HTTPResponse:
        agent = getattr(request.app.ctx, "agent", None)
        try:
            incoming = read_incoming(request.json)
            turn = Turn(incoming.turn_id)
            if not (agent and agent.is_ready()):
                turn.failed("no model")
            else:
                await self._taken(agent, as_message(incoming, turn, agent.domain.intents), turn)
        except (BadRequest, SanicException):
            return empty(status=400)
        if not turn.went_well():
            log.error("turn failed: %s", "; ".join(turn.failures) or "nothing was said")
        return json(turn.answer())

    async def _taken(self, agent: Any, message: UserMessage, turn: Turn) -> None:
        handled = asyncio.ensure_future(agent.handle_message(message))
        done, _ = await asyncio.wait({handled}, timeout=self._time_limit)
        if not done:
            handled.cancel()
            turn.failed("time limit")
            await asyncio.wait({handled}, timeout=1.0)
            return
        trouble = handled.exception()
        if trouble:
            # the exception's own words may quote the person; its kind is enough to find the place
            turn.failed(type(trouble).__name__)

    async def _forget(self, request: Request, conversation: str) -> HTTPResponse:
        agent = getattr(request.app.ctx, "agent", None)
        if not (agent and agent.is_ready()):
            return empty(status=503)
        async with agent.lock_store.lock(conversation):
            await agent.tracker_store.delete(conversation)
        return empty(status=204)


def as_message(incoming: Incoming, turn: Turn, intents: Any) -> UserMessage:
    """Give a turn the shape that Rasa reads."""
    parsed = None if incoming.payload is None else read_payload(incoming.payload, intents)
    return UserMessage(
        text=incoming.text if parsed is None else incoming.payload,
        output_channel=turn,
        sender_id=incoming.conversation,
        # a parse given with the message means that Rasa does not look for commands in it at all
        parse_data=parsed,
        input_channel=GatewayInput.name(),
        metadata=incoming.metadata(),
    )
