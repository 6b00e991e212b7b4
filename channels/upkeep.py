"""What is due without anybody writing: telling people who wait too long, removing what is left of erased ones."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from structlog.typing import FilteringBoundLogger

from channels.assistant import Assistant
from channels.assistants import Assistants
from channels.outcome import Outcome, Wording, speak
from channels.replies import Replies
from core.errors import TurnFailed
from core.store import Store, StoreError, Tx, cases, erasure, people

EVERY_SECONDS = 15.0
DELAY_SECONDS = 600.0
"""After ten minutes without a counsellor a person is told honestly that nobody is free (R62)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """Looks every quarter of a minute. What it does may be done twice by two processes without harm."""

    store: Store
    assistant: Assistant | Assistants
    wording: Wording
    replies: Replies
    wake_outbox: Callable[[], None]
    log: FilteringBoundLogger

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            try:
                await self.look()
            except StoreError as error:
                self.log.error("upkeep failed", code=type(error).__name__)
            await asyncio.sleep(EVERY_SECONDS)

    async def look(self) -> None:
        """Do everything that is due."""
        told = await self.store.write(self._tell_who_waits)
        if told:
            self.log.warning("cases wait too long", count=told)
            self.wake_outbox()
        for person in await self.store.read(erasure.leftovers):
            await self._forget(person)

    def _tell_who_waits(self, tx: Tx) -> int:
        late = cases.overdue(tx, DELAY_SECONDS)
        for case in late:
            if people.get(tx, case.person_id).discreet:
                continue  # they asked to hear from us only after they have written
            outcome = Outcome(says=(self.replies.say("person_delayed"),))
            speak(tx, people.get(tx, case.person_id), outcome, self.wording)
        return len(late)

    async def _forget(self, person: str) -> None:
        """Remove an erased person everywhere; the row goes last, so that a failure is tried again."""
        try:
            await self.assistant.forget(person)
        except TurnFailed:
            self.log.warning("assistant could not forget yet", person=person)
            return
        await self.store.write(lambda tx: erasure.remove(tx, person))
