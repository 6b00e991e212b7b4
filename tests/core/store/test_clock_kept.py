"""The time of day is set back, and everything is started again: nothing waits for that hour once more (R36)."""

import time
from collections.abc import Callable

import pytest

from core.clock import Steady
from core.crypto import Vault
from core.store import CLOCK, Store, claims, jobs, marks, open_store
from core.store.jobs import Job
from tests.conftest import MASTER_KEY
from tests.core.store.test_jobs import receive

LEASE = 60.0


class Day:
    """The time of day, which somebody sets, and the time that passes."""

    def __init__(self) -> None:
        self.wall, self.passed = 1_790_000_000.0, 0.0

    def forward(self, seconds: float) -> None:
        self.wall += seconds
        self.passed += seconds


@pytest.fixture
def day() -> Day:
    return Day()


@pytest.fixture
def start(store: Store, day: Day) -> Callable[[], Store]:
    """Starts a process on the database: a clock of its own."""
    return lambda: Store(store.engine, Vault(MASTER_KEY), Steady(lambda: day.wall, lambda: day.passed))


def look(store: Store) -> None:
    """Write down the time, as `Watch` does."""
    store.write_now(lambda tx: marks.set_to(tx, CLOCK, tx.now))


def claim(store: Store) -> Job | None:
    return store.write_now(lambda tx: claims.claim(tx, "turn", LEASE))


@pytest.mark.parametrize("jump", [-3600.0, -1800.0, -6 * 3600.0, -23 * 3600.0, 3600.0])
def test_what_waits_is_taken_at_once_and_in_order(start: Callable[[], Store], day: Day, jump: float) -> None:
    before = start()
    first = before.write_now(lambda tx: receive(tx, "a"))
    look(before)
    day.wall += jump
    after = start()
    second = after.write_now(lambda tx: receive(tx, "b"))
    third = after.write_now(lambda tx: receive(tx, "c", address="+15005550002"))
    taken = [claim(after), claim(after)]
    assert [job and (job.message_id, job.attempts) for job in taken] == [(first, 1), (third, 1)]
    after.write_now(lambda tx: jobs.finish(tx, taken[0]))
    assert claim(after).message_id == second


def test_a_lease_lasts_as_long_as_it_was_given_for_whoever_started_meanwhile(
    start: Callable[[], Store], day: Day
) -> None:
    """Another process may still be at it: nothing is sent twice because of a clock."""
    before = start()
    before.write_now(lambda tx: receive(tx, "a"))
    held = claim(before)
    look(before)
    day.wall -= 3600
    after = start()
    assert claim(after) is None
    day.forward(LEASE - 10)
    assert claim(after) is None
    before.write_now(lambda tx: jobs.retry(tx, held, 30, "later"))
    assert claim(after) is None
    day.forward(40)
    again = claim(after)
    assert (again.id, again.attempts) == (held.id, 2)


def test_it_may_be_set_back_and_started_again_many_times(start: Callable[[], Store], day: Day) -> None:
    for number in range(10):
        running = start()
        running.write_now(lambda tx, n=number: receive(tx, f"m{n}"))
        job = claim(running)
        assert job is not None
        running.write_now(lambda tx, job=job: jobs.finish(tx, job))
        look(running)
        day.forward(60)
        day.wall -= 3600


def test_a_clock_that_was_never_set_is_not_followed_and_what_it_wrote_is_taken(
    start: Callable[[], Store], day: Day
) -> None:
    day.wall += 5 * 365 * 86_400
    wrong = start()
    found = wrong.write_now(lambda tx: receive(tx, "a"))
    look(wrong)
    day.wall -= 5 * 365 * 86_400
    right = start()
    assert claim(right).message_id == found
    assert right.clock() == pytest.approx(day.wall)


@pytest.mark.parametrize("ahead", [1800.0, 3600.0])
def test_a_store_as_it_is_opened_goes_on_from_the_time_of_its_database(store: Store, ahead: float) -> None:
    url = store.engine.url.render_as_string(hide_password=False)
    now = time.time()
    store.write_now(lambda tx: marks.set_to(tx, CLOCK, now + ahead))
    opened = open_store(url, MASTER_KEY)
    assert opened.read_now(lambda tx: tx.now) == pytest.approx(now + ahead, abs=5)
    opened.close()


def test_a_store_as_it_is_opened_goes_by_the_time_of_day(store: Store) -> None:
    opened = open_store(store.engine.url.render_as_string(hide_password=False), MASTER_KEY)
    assert opened.read_now(lambda tx: tx.now) == pytest.approx(time.time(), abs=5)
    opened.close()
