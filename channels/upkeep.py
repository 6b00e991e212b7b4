"""What is due without anybody writing.

People who wait too long are told so, talks that a counsellor has left go back to the others, and what is left of erased
people is removed.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from structlog.typing import FilteringBoundLogger

from channels.assistant import Assistant
from channels.assistants import Assistants
from channels.outcome import Outcome, Wording, speak
from channels.replies import Replies
from core.errors import TurnFailed
from core.store import Store, StoreError, Tx, alerts, cases, erasure, messages, people

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
            self.log.warning("people were told that nobody is free", count=told)
            self.wake_outbox()
        if left := await self.store.write(self._give_back_abandoned):
            self.log.critical("counsellors gone", count=left)
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

    def _give_back_abandoned(self, tx: Tx) -> int:
        left = alerts.give_back_abandoned(tx)
        for case in left:
            who = people.get(tx, case.person_id)
            last = messages.conversation(tx, who, limit=1)
            # who waits for an answer hears that it comes later; nobody else is written to
            if last and last[-1].direction == "in" and not who.discreet and not who.stopped:
                speak(tx, who, Outcome(says=(self.replies.say("person_already"),)), self.wording)
        return len(left)

    async def _forget(self, person: str) -> None:
        """Remove an erased person everywhere; the row goes last, so that a failure is tried again."""
        try:
            await self.assistant.forget(person)
        except TurnFailed:
            self.log.warning("assistant could not forget yet", person=person)
            return
        await self.store.write(lambda tx: erasure.remove(tx, person))
