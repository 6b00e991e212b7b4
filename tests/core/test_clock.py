"""The steady clock: what is done to the time of day does not reach it at once."""

import pytest

from core.clock import MOST_AHEAD, Steady


class Times:
    def __init__(self) -> None:
        self.wall, self.monotonic = 1_790_000_000.0, 50.0

    def forward(self, seconds: float) -> None:
        self.wall += seconds
        self.monotonic += seconds


@pytest.fixture
def times() -> Times:
    return Times()


def test_it_goes_with_the_time_of_day(times: Times) -> None:
    clock = Steady(lambda: times.wall, lambda: times.monotonic)
    for seconds in (0.5, 60, 86_400):
        times.forward(seconds)
        assert clock() == pytest.approx(times.wall)


@pytest.mark.parametrize("jump", [3600.0, -3600.0, 86_400.0 * 365])
def test_after_a_jump_it_follows_slowly_and_never_goes_back(times: Times, jump: float) -> None:
    clock = Steady(lambda: times.wall, lambda: times.monotonic)
    before = clock()
    times.wall += jump
    assert clock() == pytest.approx(before)
    last = before
    for _ in range(100):
        times.forward(10)
        assert last <= clock() <= last + 11.1
        last = clock()
    assert abs(clock() - before - 1000) == pytest.approx(min(abs(jump), 100), abs=1)


def test_a_small_error_is_soon_gone(times: Times) -> None:
    clock = Steady(lambda: times.wall, lambda: times.monotonic)
    times.wall += 2
    times.forward(30)
    assert clock() == pytest.approx(times.wall)


def test_it_goes_on_from_a_time_that_was_written_down_before_the_time_of_day_was_set_back(times: Times) -> None:
    written = times.wall
    times.wall -= 3600
    clock = Steady(lambda: times.wall, lambda: times.monotonic)
    clock.not_before(written)
    assert clock() == pytest.approx(written)
    times.forward(600)
    assert clock() == pytest.approx(written + 540)  # ten minutes, less the tenth by which it comes back
    times.forward(9 * 3600 + 3000)
    times.forward(600)
    assert clock() == pytest.approx(times.wall)


@pytest.mark.parametrize("ahead", [-3600.0, 0.0, MOST_AHEAD + 60, 86_400.0 * 365])
def test_it_does_not_go_back_nor_to_the_time_of_a_clock_that_was_never_set(times: Times, ahead: float) -> None:
    clock = Steady(lambda: times.wall, lambda: times.monotonic)
    clock.not_before(times.wall + ahead)
    assert clock() == pytest.approx(times.wall)


def test_it_begins_anew_once(times: Times) -> None:
    clock = Steady(lambda: times.wall, lambda: times.monotonic)
    times.wall -= 30  # the server's, which is now known
    clock.begin()
    assert clock() == pytest.approx(times.wall)
    times.wall -= 30
    before = clock()
    clock.begin()
    assert clock() >= before
