"""Makes what came in durable before it is acknowledged: in the database, or in the spool while that is away (R1, R7).

Requests that come at the same time share one transaction: a commit costs the same for one as for fifty.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from channels.admission import Admission
from channels.guard import Judgement
from channels.spool import Item, Spool, SpoolFailed
from core import faults
from core.errors import Forged
from core.store import Store, StoreError, Tx, is_away

STORE_SECONDS = 5.0
"""How long a request waits for the database before it goes to the spool; providers wait no more than 15."""
REPLAY_SECONDS = 0.5
MOST_AT_ONCE = 50


class Unkept(Exception):
    """Neither the database nor the spool took it."""


@dataclass(slots=True)
class Post:
    """The items of one request, and who waits for them."""

    items: Sequence[Item]
    judgements: Sequence[Judgement]
    done: "asyncio.Future[None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Keeper:
    """Keeps items. `open_doors` are the channels where a stranger may simply write."""

    def __init__(
        self, store: Store, admission: Admission, open_doors: Collection[str], *, spool: Spool | None,
        wake: Callable[[], None], log: FilteringBoundLogger,
    ) -> None:  # fmt: skip
        self._store = store
        self._admission = admission
        self._open_doors = open_doors
        self._spool = spool
        self._wake = wake
        self._log = log
        self._posts: list[Post] = []
        self._writing: asyncio.Task[None] | None = None
        self._holding = False
        """What is new waits for a moment, until the last of the spool is stored."""
        self.spooling = spool is not None and spool.waiting
        """What is new queues up behind what waits in the spool, so that the order stays."""

    async def keep(self, items: Sequence[Item]) -> None:
        """Return when all items are durable. Raise Forged for a stranger, Unkept when nothing is."""
        if not items:
            return
        post = Post(items, [self._admission.guard.judge(item) for item in items])
        self._posts.append(post)
        self._begin()
        await post.done

    def _begin(self) -> None:
        if self._writing is None and not self._holding and self._posts:
            self._writing = asyncio.create_task(self._write_posts())

    async def _write_posts(self) -> None:
        batch: list[Post] = []
        try:
            while self._posts and not self._holding:
                batch, self._posts = self._posts[:MOST_AT_ONCE], self._posts[MOST_AT_ONCE:]
                await self._write(batch)
        finally:
            self._writing = None
            for post in batch:  # after something that nobody foresaw: no request may hang for ever
                _settle(post, Unkept())
            self._begin()

    async def _write(self, batch: list[Post]) -> None:
        if self.spooling:
            await self._to_spool(batch)
            return
        try:
            new = await asyncio.wait_for(self._store.write(lambda tx: self._all(tx, batch), urgent=True), STORE_SECONDS)
        except (StoreError, Forged, TimeoutError, ValueError) as error:  # ValueError: what cannot be written at all
            await self._recover(batch, error)
            return
        faults.reach("intake.stored")
        for post in batch:
            _settle(post, None)
        if new:
            self._wake()

    async def _recover(self, batch: list[Post], error: Exception) -> None:
        if self._spool is not None and (isinstance(error, TimeoutError) or is_away(error)):
            self._log.error("store is away", code=type(error).__name__, count=len(batch))
            await self._to_spool(batch)
        elif len(batch) > 1:  # one of them is to blame: each by itself
            for post in batch:
                await self._write([post])
        elif len(batch[0].items) > 1 and not isinstance(error, Forged):
            await self._one_by_one(batch[0])
        else:
            _settle(batch[0], error if isinstance(error, Forged) else Unkept())

    async def _one_by_one(self, post: Post) -> None:
        """Keep what can be kept of a request with one item that cannot."""
        failed = False
        for item, judgement in zip(post.items, post.judgements, strict=True):
            part = Post([item], [judgement])
            await self._write([part])
            failed = part.done.exception() is not None or failed
        _settle(post, Unkept() if failed else None)

    async def _to_spool(self, batch: list[Post]) -> None:
        assert self._spool is not None
        self.spooling = True
        items = [item for post in batch for item in post.items]
        failure: Exception | None = None
        try:
            await asyncio.to_thread(self._spool.keep, items)
        except SpoolFailed as error:
            self._log.critical("spool failed", code=str(error), count=len(items))
            failure = Unkept()
        for post in batch:
            _settle(post, failure)

    def _all(self, tx: Tx, batch: list[Post]) -> bool:
        faults.reach("intake.verified")
        pairs = [pair for post in batch for pair in zip(post.items, post.judgements, strict=True)]
        return any([self._one(tx, item, judgement) for item, judgement in pairs])

    def _one(self, tx: Tx, item: Item, judgement: Judgement) -> bool:
        return self._admission.store(tx, item, judgement, open_door=item.channel in self._open_doors)

    # from the spool to the database

    async def run(self) -> None:
        """Bring what waits in the spool into the database whenever it is there, until cancelled."""
        while True:
            try:
                if self._spool is not None and (self.spooling or self._spool.waiting):
                    await self._drain(self._spool)
            except OSError as error:
                self._log.critical("spool failed", code=type(error).__name__)
            await asyncio.sleep(REPLAY_SECONDS)

    async def _drain(self, spool: Spool) -> None:
        """Store what waits; then once more while nothing new may come in between, and go back to the database."""
        if not await self._replay_all(spool):
            return
        self._holding = True
        try:
            async with asyncio.timeout(STORE_SECONDS):
                if self._writing is not None:
                    await asyncio.wait({self._writing})
                if await self._replay_all(spool):
                    self.spooling = False
        except TimeoutError:
            return
        finally:
            self._holding = False
            self._begin()

    async def _replay_all(self, spool: Spool) -> bool:
        spool.rotate()
        for path in spool.files():
            try:
                await self._replay(spool, path)
            except StoreError:
                return False
        return True

    async def _replay(self, spool: Spool, path: Path) -> None:
        items = await asyncio.to_thread(lambda: list(spool.read(path)))
        parts = [items[start : start + MOST_AT_ONCE] for start in range(0, len(items), MOST_AT_ONCE)]
        refused = sum([await self._store_part(part) for part in parts])
        faults.reach("spool.replayed")
        if refused:
            spool.set_aside(path)
        else:
            spool.drop(path)
        self._log.warning("spool replayed", count=len(items) - refused)
        self._wake()

    async def _store_part(self, items: Sequence[Item]) -> int:
        """Store items, each by itself where one of them can never be stored. Return how many cannot be."""
        try:
            await self._store.write(lambda tx: self._replayed(tx, items))
        except (StoreError, ValueError) as error:
            if is_away(error):
                raise
            if len(items) > 1:
                return sum([await self._store_part([one]) for one in items])
            self._log.critical("spool holds what cannot be stored", code=type(error).__name__)
            return 1
        return 0

    def _replayed(self, tx: Tx, items: Sequence[Item]) -> None:
        for item in items:
            try:
                self._one(tx, item, self._admission.guard.judge(item))
            except Forged:  # a talk that has ended meanwhile
                continue


def _settle(post: Post, failure: Exception | None) -> None:
    if post.done.done():
        return  # whoever waited has gone
    if failure is None:
        post.done.set_result(None)
    else:
        post.done.set_exception(failure)
