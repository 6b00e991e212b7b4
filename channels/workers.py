"""Workers that take durable jobs: woken by a hint, looking by themselves four times a second."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.store import Store, StoreError, Tx, claims, pace
from core.store.jobs import Job, JobKind, LeaseLost

POLL_SECONDS = 0.25
"""The hint is lost when another process adds a job, so the poll is the truth."""
STORE_PAUSE_SECONDS = 1.0
PRESSED_PAUSE_SECONDS = 0.05
"""Under load, taking messages in goes before answering them."""
LIVELY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Taken:
    """A job that was claimed, and what `prepare` made of it in the same transaction, or why it could not."""

    job: Job
    prepared: Any = None
    error: Exception | None = None


class Workers:
    """Runs `handle` for each job of one kind, `count` at a time.

    `prepare` runs in the transaction that claims the job, so that no second one is needed, and what it returns is given
    to `handle`. Unless it raises before it writes, it raises nothing but errors of the store. `handle` ends the job
    itself, in the same transaction as its effects. When it raises LeaseLost the job belongs to another worker and
    nothing happened here. Any other error is for `on_error`. While the store cannot be used, workers rest: a job that
    they had comes back when its lease is over.
    """

    def __init__(
        self,
        store: Store,
        kind: JobKind,
        handle: Callable[..., Awaitable[None]],
        on_error: Callable[[Job, Exception], Awaitable[None]],
        *,
        count: int,
        lease_seconds: float,
        prepare: Callable[[Tx, Job], Any] | None = None,
        rates: Mapping[str, float] | None = None,
    ) -> None:
        self._store = store
        self._kind: JobKind = kind
        self._handle = handle
        self._prepare = prepare
        self._on_error = on_error
        self._count = count
        self._lease_seconds = lease_seconds
        self._rates = rates or {}
        self._hint = asyncio.Event()
        self._stopping = False
        self._busy = 0
        self.last_look = 0.0

    def wake(self) -> None:
        """Say that there may be a job now."""
        self._hint.set()

    def stop(self) -> None:
        """Let every worker finish the job that it has and take no other."""
        self._stopping = True
        self._hint.set()

    def lively(self) -> bool:
        """Tell whether they looked for jobs just now, or all have one in hand."""
        return self._busy == self._count or time.monotonic() - self.last_look < LIVELY_SECONDS

    async def run(self) -> None:
        """Work until `stop`, then until the jobs in hand are done."""
        async with asyncio.TaskGroup() as group:
            while not self._stopping:
                self._hint.clear()
                for taken in await self._claim():
                    self._busy += 1
                    group.create_task(self._take(taken))
                await self._rest()

    async def _claim(self) -> list[Taken]:
        free = self._count - self._busy
        if not free:
            return []
        if self._store.pressed:
            free = 1
            await asyncio.sleep(PRESSED_PAUSE_SECONDS)
        try:
            found = await self._store.write(lambda tx: self._claim_in(tx, free))
        except StoreError:
            await asyncio.sleep(STORE_PAUSE_SECONDS)
            return []
        self.last_look = time.monotonic()
        return found

    async def _take(self, taken: Taken) -> None:
        try:
            if taken.error is not None:
                raise taken.error
            await (self._handle(taken.job, taken.prepared) if self._prepare else self._handle(taken.job))
        except LeaseLost:
            return
        except Exception as error:  # one job must not end the others; it is retried or buried by on_error
            await self._give_up(taken.job, error)
        finally:
            self._busy -= 1
            self._hint.set()  # there is room, and perhaps the next job of the same person

    async def _give_up(self, job: Job, error: Exception) -> None:
        try:
            await self._on_error(job, error)
        except (StoreError, LeaseLost):
            return  # the lease ends by itself

    async def _rest(self) -> None:
        if self._stopping:
            return
        try:
            await asyncio.wait_for(self._hint.wait(), POLL_SECONDS)
        except TimeoutError:
            return

    def _claim_in(self, tx: Tx, most: int) -> list[Taken]:
        found: list[Taken] = []
        rates = self._rates
        closed = pace.closed(tx, rates) if rates else []
        while len(found) < most and (job := claims.claim(tx, self._kind, self._lease_seconds, closed)) is not None:
            found.append(self._prepared(tx, job))
            if job.lane is not None and rates:
                pace.spend(tx, job.lane, job.weight, rates)
                closed = pace.closed(tx, rates)
        return found

    def _prepared(self, tx: Tx, job: Job) -> Taken:
        if self._prepare is None:
            return Taken(job)
        try:
            return Taken(job, self._prepare(tx, job))
        except StoreError:
            raise  # nothing is claimed
        except Exception as error:  # the others are claimed all the same
            return Taken(job, error=error)
