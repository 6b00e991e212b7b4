"""The steady clock: what is done to the time of day does not reach it at once."""

import pytest

from core.clock import Steady


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
