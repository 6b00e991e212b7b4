"""Takes what comes in: verify, parse, one durable commit for each item, and only then the acknowledgement (R1-R6).

A refusal says nothing: no body, no reason. When the store fails the provider is told to come again.
"""

from collections.abc import Callable
from http import HTTPStatus

from structlog.typing import FilteringBoundLogger

from channels.channel import Channel
from core.errors import Forged, Malformed
from core.messages import Hook, Inbound, Receipt
from core.store import Store, StoreError, Tx, cases, jobs, messages, people, receipts
from core.store.jobs import Priority
from core.store.people import Person
from core.store.silence import silence

BODY_LIMIT = 1_000_000


class Intake:
    """Stores what people wrote, and what providers say of our messages."""

    def __init__(
        self,
        store: Store,
        *,
        guess_language: Callable[[Inbound], str],
        wake: Callable[[], None],
        log: FilteringBoundLogger,
    ) -> None:
        self._store = store
        self._guess_language = guess_language
        self._wake = wake
        self._log = log

    async def receive(self, channel: Channel, hook: Hook) -> HTTPStatus:
        """Take one request and return how it is to be answered, always without a body."""
        if len(hook.body) > BODY_LIMIT:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        try:
            channel.verify(hook)
            for item in channel.parse(hook):
                await self._keep(channel, item)
        except Forged:
            self._log.warning("refused", channel=channel.name, status=403)
            return HTTPStatus.FORBIDDEN
        except Malformed:
            self._log.warning("not understood", channel=channel.name, status=200)
            return HTTPStatus.OK
        except StoreError:
            self._log.error("store failed", channel=channel.name, status=503)
            return HTTPStatus.SERVICE_UNAVAILABLE
        return HTTPStatus.NO_CONTENT

    async def _keep(self, channel: Channel, item: Inbound | Receipt) -> None:
        if isinstance(item, Receipt):
            await self._store.write(lambda tx: _apply(tx, item), urgent=True)
        elif await self._store.write(lambda tx: self._store_inbound(tx, channel, item), urgent=True):
            self._wake()

    def _store_inbound(self, tx: Tx, channel: Channel, item: Inbound) -> bool:
        if messages.was_received(tx, item.channel, item.provider_id):
            return False
        who = self._admit(tx, channel, item)
        kept = messages.record_inbound(tx, who, item)
        if kept is None:
            return False
        message_id, seq = kept
        jobs.release(tx, who.id)
        if item.opt_out is None:
            jobs.put(tx, "turn", who.id, seq, message_id, Priority.REPLY)
            return True
        _follow_opt_out(tx, who, item, message_id)
        return False

    def _admit(self, tx: Tx, channel: Channel, item: Inbound) -> Person:
        who = people.find(tx, item.channel, item.address)
        if who is None and channel.open_door:
            who = people.find_or_create(tx, item, self._guess_language(item))
        if who is None:
            raise Forged
        return who


def _follow_opt_out(tx: Tx, who: Person, item: Inbound, message_id: str) -> None:
    """Do as the provider did, and answer nothing: it has answered."""
    if item.opt_out == "stop":
        silence(tx, who.id)
    elif item.opt_out == "start":
        people.set_stopped(tx, who.id, False)
    case = cases.open_case(tx, who.id)
    messages.mark_handled(tx, message_id, case_id=case.id if case else None)


def _apply(tx: Tx, receipt: Receipt) -> None:
    effect = receipts.apply(tx, receipt)
    if effect and receipt.opted_out:
        silence(tx, effect.person_id)
