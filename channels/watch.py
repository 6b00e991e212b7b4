"""Looks after the queues: alarms, the nightly sweep, and messages that never reached us."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from channels.reconcile import Reconciler
from core import tombstones
from core.store import CLOCK, Store, StoreError, Tx, erasure, jobs, marks, sweep

EVERY_SECONDS = 15.0
UNANSWERED_SECONDS = 300.0
SWEEP_SECONDS = 86_400.0
QUEUE_SHARE = 0.25
"""Of what the provider queues for us: when ours is as old, something is wrong."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found."""

    unanswered: int
    oldest_sending: float
    """Seconds."""
    sweep: dict[str, int] | None
    """Where a sweep was due."""


@dataclass(slots=True, kw_only=True)
class Watch:
    """Looks every quarter of a minute. Two processes may both look; a sweep is done by one."""

    store: Store
    reconciler: Reconciler
    queue_seconds: float
    reconcile_seconds: float
    tombstones: Path
    log: FilteringBoundLogger
    orphans: dict[str, int] = field(default_factory=dict)
    """What the last sweep found."""
    missed: int = 0
    _next_question: float = 0.0

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            try:
                await self.look()
            except StoreError as error:
                self.log.error("watch failed", code=type(error).__name__)
            await asyncio.sleep(EVERY_SECONDS)

    async def look(self) -> None:
        """Look once, and do what is due."""
        found = await self.store.write(self._look)
        if found.unanswered:
            self.log.critical("messages unanswered", count=found.unanswered)
        if found.oldest_sending > QUEUE_SHARE * self.queue_seconds:
            self.log.critical("sending is late", elapsed_ms=round(found.oldest_sending * 1000))
        if found.sweep is not None:
            self.orphans = found.sweep
            for kind, count in found.sweep.items():
                if count:
                    self.log.warning("sweep found", kind=kind, count=count)
        await self._keep_tombstones()
        now = self.store.clock()
        if self.reconcile_seconds and now >= self._next_question:
            self._next_question = now + self.reconcile_seconds
            self.missed += await self.reconciler.look()

    async def _keep_tombstones(self) -> None:
        """Write down outside the database who was erased, for the day when an older copy is restored."""
        stones = await self.store.read(erasure.tombstones)
        try:
            await asyncio.to_thread(tombstones.keep, self.tombstones, stones, self.store.clock())
        except OSError as error:
            self.log.error("tombstones failed", code=type(error).__name__)

    def _look(self, tx: Tx) -> Look:
        marks.set_to(tx, CLOCK, tx.now)
        last = marks.get(tx, "swept")
        due = last is None or tx.now - last >= SWEEP_SECONDS
        found = None
        if due:
            marks.set_to(tx, "swept", tx.now)
            found = sweep.sweep(tx)
        oldest = jobs.oldest(tx, "send")
        return Look(sweep.unanswered(tx, UNANSWERED_SECONDS), 0.0 if oldest is None else tx.now - oldest, found)
