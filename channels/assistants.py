"""Several assistants side by side: each conversation always meets the same one, so that no two work on it (R17).

While that one is not there at all (its model is being changed, or it was killed) another takes its place: they share
one memory of conversations, and a process that does not listen works on nothing (R18).
"""

from collections.abc import Sequence
from typing import Any

from channels.assistant import Answer, Assistant
from core.errors import TurnFailed


class Assistants:
    """Shares conversations out by their id. One assistant uses one core; each brings its own memory of 300 MB."""

    def __init__(self, many: Sequence[Assistant]) -> None:
        self._many = tuple(many)

    def of(self, conversation: str) -> Assistant:
        """Return the assistant of a conversation; ids are random, so every one gets its share."""
        return self._many[int(conversation[:8], 16) % len(self._many)]

    async def turn(self, *, conversation: str, **more: Any) -> Answer:
        """Take one turn, as `Assistant.turn`."""
        own = self.of(conversation)
        failure: TurnFailed | None = None
        for one in (own, *(other for other in self._many if other is not own)):
            try:
                return await one.turn(conversation=conversation, **more)
            except TurnFailed as error:
                failure = failure or error
                if not one.away:
                    break
        assert failure is not None
        raise failure

    async def answers(self) -> bool:
        """Tell whether all of them are ready."""
        return all([await one.answers() for one in self._many])

    async def forget(self, conversation: str) -> None:
        """Delete what is remembered of a conversation, by the one that may be at work on it."""
        await self.of(conversation).forget(conversation)

    async def close(self) -> None:
        """Close connections."""
        for one in self._many:
            await one.close()
