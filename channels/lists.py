"""Channels whose provider tells on demand which messages it has: for what was lost on the way (R8, R23)."""

from datetime import datetime
from typing import Protocol, runtime_checkable

from core.messages import Inbound, Outbound


@runtime_checkable
class Lists(Protocol):
    """A channel that can ask. Both methods raise SendError when the provider does not answer."""

    async def sent(self, message: Outbound, since: datetime) -> list[str]:
        """Return the provider's ids of the messages with this text to this address since then, oldest first."""

    async def received(self, since: datetime) -> list[Inbound]:
        """Return what people wrote to us since then, oldest first."""
