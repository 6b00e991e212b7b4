"""Nobody waits unnoticed: after two minutes everybody at the desk is told, after ten those on call (R62).

The desk shows what is escalated by itself. Those on call are told through a webhook of a chat or pager, if the operator
has one; at least once, in one sentence that names nobody.
"""

import asyncio
from dataclasses import dataclass

import httpx
from structlog.typing import FilteringBoundLogger

from channels.channel import fetch
from channels.metrics import Metrics
from core.errors import SendError
from core.handover import Case
from core.risk import Level
from core.store import Store, StoreError, alerts

EVERY_SECONDS = 15.0
ESCALATE_SECONDS = 120.0
CALL_SECONDS = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCall:
    """Looks every quarter of a minute. `url` is empty where nobody is on call."""

    store: Store
    client: httpx.AsyncClient
    url: str
    log: FilteringBoundLogger
    metrics: Metrics

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            try:
                await self.look()
            except StoreError as error:
                self.log.error("on call failed", code=type(error).__name__)
            await asyncio.sleep(EVERY_SECONDS)

    async def look(self) -> None:
        """Tell who is to be told now."""
        late = await self.store.write(lambda tx: alerts.escalate(tx, ESCALATE_SECONDS))
        if late:
            self.log.critical("cases escalated", count=late)
        waiting, unknown = await self.store.read(lambda tx: alerts.waiting(tx, CALL_SECONDS))
        self.metrics.set("cases_late", len(waiting))
        if unknown and (not self.url or await self._call(waiting)):
            self.log.critical("cases wait too long", count=len(waiting))
            await self.store.write(lambda tx: alerts.called(tx, unknown))

    async def _call(self, waiting: list[Case]) -> bool:
        """Tell those on call; return whether they were told, so that it is tried again otherwise."""
        danger = sum(case.risk >= Level.DANGER for case in waiting)
        words = f"{len(waiting)} waiting for a counsellor for more than ten minutes, {danger} in danger."
        try:
            answer = await fetch(self.client, self.client.build_request("POST", self.url, json={"text": words}))
        except SendError as error:
            self.log.critical("nobody on call was told", code=str(error))
            return False
        if not answer.is_success:
            self.log.critical("nobody on call was told", status=answer.status_code)
        return answer.is_success
