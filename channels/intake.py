"""Takes what comes in: verify, parse, make durable, and only then the acknowledgement (R1-R7).

A refusal says nothing: no body, no reason. What could not be made durable is left to the provider to bring again.
"""

import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from http import HTTPStatus

from structlog.typing import FilteringBoundLogger

from channels.admission import Admission
from channels.channel import Bulky, Channel
from channels.guard import Guard
from channels.keeping import Keeper, Unkept
from channels.metrics import Metrics
from channels.spool import Item, Spool
from core.errors import Forged, Malformed
from core.messages import Hook, Inbound
from core.store import Store

BODY_LIMIT = 1_000_000


def largest(channel: Channel) -> int:
    """Return the bytes that a request of a channel may have (R9)."""
    return channel.body_limit if isinstance(channel, Bulky) else BODY_LIMIT


class Intake:
    """Stores what people wrote, and what providers say of our messages."""

    def __init__(
        self, store: Store, *, guess_language: Callable[[Inbound], str], wake: Callable[[], None],
        log: FilteringBoundLogger, open_doors: Collection[str] = ("sms", "whatsapp"), guard: Guard | None = None,
        spool: Spool | None = None, metrics: Metrics | None = None,
    ) -> None:  # fmt: skip
        self._log = log
        self._metrics = metrics or Metrics()
        admission = Admission(guess_language=guess_language, guard=guard or Guard())
        self.keeper = Keeper(store, admission, open_doors, spool=spool, wake=wake, log=log)

    async def receive(self, channel: Channel, hook: Hook) -> HTTPStatus:
        """Take one request and return how it is to be answered, always without a body."""
        began = time.monotonic()
        status = await self._receive(channel, hook)
        self._metrics.webhooks.labels(channel.name, str(int(status))).observe(time.monotonic() - began)
        return status

    async def _receive(self, channel: Channel, hook: Hook) -> HTTPStatus:
        try:
            return await received(channel, hook, self.keeper.keep, self._log)
        except Unkept:
            self._log.error("store failed", channel=channel.name, status=503)
            return HTTPStatus.SERVICE_UNAVAILABLE


async def received(
    channel: Channel, hook: Hook, keep: Callable[[Sequence[Item]], Awaitable[None]], log: FilteringBoundLogger
) -> HTTPStatus:
    """Verify, parse and keep what came in, and return how it is to be answered. What `keep` raises is the caller's."""
    if len(hook.body) > largest(channel):
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    try:
        channel.verify(hook)
        await keep(channel.parse(hook))
    except Forged:
        log.warning("refused", channel=channel.name, status=403)
        return HTTPStatus.FORBIDDEN
    except Malformed:
        log.warning("not understood", channel=channel.name, status=200)
        return HTTPStatus.OK
    return HTTPStatus.NO_CONTENT
