"""Threads that do database work in order, urgent work first: what people wait for overtakes what only we wait for."""

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import PriorityQueue
from typing import Any, TypeVar

Result = TypeVar("Result")
URGENT, USUAL, LAST = 0, 1, 2

_Task = tuple[int, int, "Callable[[], Any] | None", "Future[Any]"]


class Lanes:
    """A few threads on one queue."""

    def __init__(self, count: int, name: str) -> None:
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
            _, _, work, future = self._queue.get()
            if work is None:
                return
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(work())
            except Exception as error:  # whoever waits for the future gets it
                future.set_exception(error)
