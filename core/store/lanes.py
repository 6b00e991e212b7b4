"""Threads that do database work in order, urgent work first: what people wait for overtakes what only we wait for."""

import itertools
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from queue import Empty, PriorityQueue
from typing import Any, Protocol, TypeVar

Result = TypeVar("Result")
URGENT, USUAL, LAST = 0, 1, 2
MOST_TOGETHER = 16

_Task = tuple[int, int, "Callable[[], Any] | None", "Future[Any]"]


class Shared(Protocol):
    """One transaction for several pieces of work."""

    def do(self, work: Callable[[], Any]) -> Any:
        """Do a piece of work; when it raises, it alone is undone."""

    def intact(self, error: Exception) -> bool:
        """Tell whether the others still stand after a piece raised this."""


Together = Callable[[], AbstractContextManager[Shared]]


class Lanes:
    """A few threads on one queue. With `together`, usual work that waits is done several pieces at a time."""

    def __init__(self, count: int, name: str, together: Together | None = None) -> None:
        self._together = together
        self._queue: PriorityQueue[_Task] = PriorityQueue()
        self._numbers = itertools.count()
        self._urgent = 0
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._work, name=f"{name}-{n}", daemon=True) for n in range(count)]
        for thread in self._threads:
            thread.start()

    def submit(self, work: Callable[[], Result], *, urgent: bool) -> "Future[Result]":
        """Do `work` on one of the threads, before all that is not urgent if it is."""
        future: Future[Result] = Future()
        if urgent:
            self._count_urgent(1)
            future.add_done_callback(lambda _: self._count_urgent(-1))
        self._queue.put((URGENT if urgent else USUAL, next(self._numbers), work, future))
        return future

    @property
    def pressed(self) -> bool:
        """Whether urgent work waits or is being done."""
        return self._urgent > 0

    def _count_urgent(self, change: int) -> None:
        with self._lock:
            self._urgent += change

    def close(self) -> None:
        """Finish what was submitted, and end the threads."""
        for _ in self._threads:
            self._queue.put((LAST, next(self._numbers), None, Future()))
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while True:
            task = self._queue.get()
            if task[2] is None:
                return
            batch = [one for one in (task, *self._more(task)) if one[3].set_running_or_notify_cancel()]
            if len(batch) == 1:
                _do(*batch[0][2:])
            elif batch:
                self._do_together(batch)

    def _more(self, first: _Task) -> list[_Task]:
        """Take what waits behind usual work. Urgent work goes alone: it must not wait for others."""
        found: list[_Task] = []
        while self._together is not None and first[0] == USUAL and len(found) < MOST_TOGETHER - 1:
            try:
                task = self._queue.get_nowait()
            except Empty:
                break
            if task[0] != USUAL:
                self._queue.put(task)
                break
            found.append(task)
        return found

    def _do_together(self, batch: Sequence[_Task]) -> None:
        assert self._together is not None
        outcomes: list[Any] = []
        try:
            with self._together() as shared:
                for _, _, work, _ in batch:
                    assert work is not None
                    outcomes.append(_outcome(shared, work))
        except Exception as error:  # it was all or nothing, and it is nothing
            outcomes = [error] * len(batch)
        for (_, _, _, future), outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Exception):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)


def _outcome(shared: Shared, work: Callable[[], Any]) -> Any:
    try:
        return shared.do(work)
    except Exception as error:  # whoever waits for it gets it
        if not shared.intact(error):
            raise
        return error


def _do(work: "Callable[[], Any] | None", future: "Future[Any]") -> None:
    try:
        future.set_result(work() if work else None)
    except Exception as error:  # whoever waits for the future gets it
        future.set_exception(error)
