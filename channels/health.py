"""Is it alive, is it ready, and the figures: /health/live, /health/ready, /metrics (R37).

Degraded is not dead: without the assistant people still get danger answers, commands and a person.
"""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from sanic import HTTPResponse, Request, Sanic
from sanic.response import json as as_json

from channels.http import silent
from channels.metrics import Metrics
from channels.outbox import Outbox
from channels.spool import Spool
from channels.watch import Watch
from channels.workers import Workers
from core.crypto import same
from core.errors import ConfigError
from core.store import Store, StoreError, Tx, jobs, marks

PROBE_SECONDS = 2.0
LEAST_FREE = 0.10
OLD_SECONDS = 300.0
ACCOUNT_SECONDS = 300.0
FORWARDED = ("x-forwarded-for", "forwarded", "via", "x-real-ip")
LOOPBACK = ("127.0.0.1", "::1")


@dataclass(slots=True, kw_only=True)
class Health:
    """Looks at every part, at most every two seconds however many ask."""

    store: Store
    spool: Spool
    spool_folder: Path
    turns: Workers
    outbox: Outbox
    watch: Watch
    assistant: Callable[[], Awaitable[bool]]
    metrics: Metrics
    _state: dict[str, bool] = field(default_factory=dict)
    _at: float = -PROBE_SECONDS
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def state(self) -> dict[str, bool]:
        """Return which parts work. The names in DEGRADED do not make the whole unready."""
        async with self._lock:
            if time.monotonic() - self._at >= PROBE_SECONDS:
                self._state, self._at = await self._look(), time.monotonic()
        return self._state

    async def _look(self) -> dict[str, bool]:
        database, in_time = await self._database()
        problem = self.outbox.account_problem_at
        return {
            "database": database, "queues": in_time, "turns": self.turns.lively(),
            "sending": self.outbox.workers.lively(), "spool": await asyncio.to_thread(self._spool),
            "disk": await asyncio.to_thread(self._disk), "assistant": await self.assistant(),
            "providers": problem is None or self.store.clock() - problem > ACCOUNT_SECONDS,
        }  # fmt: skip

    async def _database(self) -> tuple[bool, bool]:
        """Write to the database; tell whether that worked, and whether what waits there is young."""

        def probe(tx: Tx) -> bool:
            marks.set_to(tx, "probe", tx.now)
            ages = [tx.now - at for at in (jobs.oldest(tx, "turn"), jobs.oldest(tx, "send")) if at is not None]
            return max(ages, default=0.0) < OLD_SECONDS

        try:
            return True, await asyncio.wait_for(self.store.write(probe, urgent=True), PROBE_SECONDS)
        except (StoreError, TimeoutError):
            return False, False

    def _spool(self) -> bool:
        try:
            self.spool.check()
        except ConfigError:
            return False
        return True

    def _disk(self) -> bool:
        try:
            usage = shutil.disk_usage(self.spool_folder)
        except OSError:
            return False
        return usage.free >= LEAST_FREE * usage.total

    async def page(self) -> bytes:
        """Return the figures."""
        for part, works in (await self.state()).items():
            self.metrics.set("ready", float(works), part=part)
        self.metrics.clear("jobs")
        try:
            counts, ages = await self.store.read(_queues)
        except StoreError:
            counts, ages = {}, {}
        for (kind, state), count in counts.items():
            self.metrics.set("jobs", count, kind=kind, state=state)
        for kind, age in ages.items():
            self.metrics.set("oldest_job_seconds", age, kind=kind)
        for kind, count in self.watch.orphans.items():
            self.metrics.set("orphans", count, kind=kind)
        return self.metrics.page({"spool_bytes": self.spool.size(), "missed_messages": self.watch.missed})


DEGRADED = frozenset({"assistant", "providers", "queues"})
"""Without these much still works, and another gateway would have the same trouble: no reason to take this one away."""


def _queues(tx: Tx) -> tuple[dict[tuple[str, str], int], dict[str, float]]:
    ages = {kind: jobs.oldest(tx, kind) for kind in ("turn", "send")}
    return jobs.counts(tx), {kind: 0.0 if at is None else tx.now - at for kind, at in ages.items()}


def add_health(app: Sanic[Any, Any], health: Health, token: str) -> None:
    """Add the three routes."""

    @app.get("/health/live")
    async def live(_: Request) -> HTTPResponse:
        return silent(HTTPStatus.NO_CONTENT)

    @app.get("/health/ready")
    async def ready(_: Request) -> HTTPResponse:
        state = await health.state()
        well = all(works for part, works in state.items() if part not in DEGRADED)
        return as_json(state, status=HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE)

    @app.get("/metrics")
    async def metrics(request: Request) -> HTTPResponse:
        if not _may_read(request, token):
            return silent(HTTPStatus.NOT_FOUND)
        return HTTPResponse(await health.page(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _may_read(request: Request, token: str) -> bool:
    """Tell whether somebody may read the figures: by the token, or from this machine and not through a proxy."""
    if token:
        return same(request.headers.get("authorization", ""), f"Bearer {token}")
    return request.ip in LOOPBACK and not any(name in request.headers for name in FORWARDED)
