"""The pace, on a clock of its own; the tally."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geneverse_pl.endpoint.chat import Answer, Failure
from geneverse_pl.endpoint.pace import Pace
from geneverse_pl.endpoint.tally import Tally


class Clock:
    """A clock that sleeping alone moves on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


@given(st.lists(st.floats(0.1, 100), min_size=2, max_size=30), st.floats(1, 1000))
def test_no_stretch_of_time_has_more_than_its_share(amounts: list[float], per_minute: float) -> None:
    clock = Clock()
    pace = Pace(per_minute, clock, clock.sleep)
    starts = []
    for amount in amounts:
        pace.take(amount)
        starts.append(clock.now)
    for begin in range(len(starts)):
        for end in range(begin, len(starts)):
            used = sum(amounts[begin:end])
            assert used <= (starts[end] - starts[begin]) * per_minute / 60 * (1 + 1e-6) + 1e-6


def test_time_without_use_is_not_saved_up() -> None:
    clock = Clock()
    pace = Pace(60, clock, clock.sleep)
    assert [pace.take(), pace.take()] == [0, 1]
    clock.now += 100
    assert [pace.take(), pace.take()] == [0, 1]


def test_an_estimate_is_put_right() -> None:
    clock = Clock()
    pace = Pace(60, clock, clock.sleep)
    pace.take(10)
    pace.correct(-8)
    assert pace.take() == pytest.approx(2)


def test_no_limit_never_waits() -> None:
    clock = Clock()
    pace = Pace(None, clock, clock.sleep)
    assert [pace.take(10**9) for _ in range(3)] == [0, 0, 0]


def test_a_tally_tells_numbers_cost_and_time() -> None:
    tally = Tally()
    for seconds in (1.0, 3.0, 2.0):
        tally.count(Answer("a", prompt_tokens=500_000, completion_tokens=100_000), seconds)
    tally.count(Failure("broken"), 9.0)
    tally.count_cached()
    assert tally.cost(2.0, 10.0) == pytest.approx(1.5 * 2 + 0.3 * 10)
    assert tally.cost(2.0, 0.0) == pytest.approx(3.0)
    assert tally.cost(2.0, None) is None
    assert tally.cost(None, None) is None
    report = tally.describe(2.0, 10.0)
    assert "answers: 3 new, 1 kept from before" in report
    assert "1,500,000 in prompts, 300,000 in answers" in report
    assert "6.0000" in report
    assert "2.00 median, 3.00 slowest" in report
    assert "1  broken" in report
    assert "cost" not in tally.describe()
