"""Asks providers for messages that never reached us, and keeps them as if they had (R8).

Twilio tries a webhook for 15 seconds at most. What came while we were down is found in its list of messages; what we
have already is recognised by its id. With Twilio's message redaction on there is nothing to find.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from structlog.typing import FilteringBoundLogger

from channels.channel import Channel
from channels.keeping import Keeper, Unkept
from channels.lists import Lists
from core.errors import Forged, SendError
from core.messages import Inbound
from core.store import Store, marks, messages

FIRST_LOOK = 6 * 3600.0
OVERLAP = 600.0
"""A provider may list a message a little later than it came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciler:
    """Looks through the lists of all channels that have one."""

    store: Store
    channels: Mapping[str, Channel]
    keeper: Keeper
    log: FilteringBoundLogger

    async def look(self) -> int:
        """Ask every provider once; return how many messages had been missed."""
        return sum([await self._one(name, channel) for name, channel in self.channels.items() if _lists(channel)])

    async def _one(self, name: str, channel: Channel) -> int:
        assert isinstance(channel, Lists)
        began = self.store.clock()
        last = await self.store.read(lambda tx: marks.get(tx, f"reconciled:{name}"))
        since = (began - FIRST_LOOK) if last is None else last - OVERLAP
        try:
            found = await channel.received(datetime.fromtimestamp(since, UTC))
        except SendError as error:
            self.log.warning("provider did not tell", channel=name, code=error.code)
            return 0
        missed = await self._missed(name, found)
        for item in missed:
            try:
                await self.keeper.keep([item])
            except (Unkept, Forged):
                return 0  # once more the next time
        await self.store.write(lambda tx: marks.set_to(tx, f"reconciled:{name}", began))
        if missed:
            self.log.error("messages had been missed", channel=name, count=len(missed))
        return len(missed)

    async def _missed(self, name: str, found: list[Inbound]) -> list[Inbound]:
        ids = [item.provider_id for item in found]
        ours = await self.store.read(lambda tx: messages.known(tx, name, ids))
        return [item for item in found if item.provider_id not in ours]


def _lists(channel: Channel) -> bool:
    return isinstance(channel, Lists)
