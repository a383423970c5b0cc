import math
from functools import reduce
from operator import add

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.state.window import SLICES, SlidingWindow
from tests.gui_agents.naive import nearest_rank

QUANTILES = ("0.5", "0.95", "0.99")
WANTED = tuple(map(float, QUANTILES))

durations = st.floats(1e-9, 1e9) | st.just(0.0) | st.floats(0.01, 100)
pauses = st.sampled_from([0.0, 0.0, 0.001, 9.999, 10.0]) | st.floats(0, 700)


@given(history=st.lists(st.tuples(pauses, durations), max_size=60), after=pauses, start=st.floats(0, 1e6))
def test_quantiles_are_within_one_percent_of_the_exact_ones(history, after, start):
    window = SlidingWindow()
    now, observed = start, []
    for pause, duration in history:
        now += pause
        window.observe(duration, now)
        observed.append((now // 10, duration))
    now += after
    inside = [duration for number, duration in observed if number > now // 10 - SLICES]
    point = window.point(now)
    assert point.count == len(observed)
    # Added one by one: from Python 3.12 on `sum` adds doubles more exactly than a running total does.
    assert point.sum == reduce(add, (duration for _, duration in observed), 0.0)
    assert point.zeros + sum(point.buckets.values()) == len(inside)
    for quantile, actual in zip(QUANTILES, point.quantiles(WANTED), strict=True):
        assert actual == pytest.approx(nearest_rank(inside, quantile), rel=0.01, abs=0, nan_ok=True)


@given(st.lists(durations, min_size=1, max_size=300), st.integers(0, 100))
def test_any_quantile_of_one_slice_is_within_one_percent(observed, percent):
    window = SlidingWindow()
    for duration in observed:
        window.observe(duration, 5.0)
    exact = nearest_rank(observed, f"{percent}/100")
    rank = max(1, math.ceil(percent / 100 * len(observed)))
    if rank == max(1, -(-percent * len(observed) // 100)):
        assert window.point(5.0).quantiles((percent / 100,))[0] == pytest.approx(exact, rel=0.01, abs=0)


def test_an_empty_window_has_no_quantiles():
    assert all(map(math.isnan, SlidingWindow().point(0.0).quantiles(WANTED)))


def test_zeros_are_zeros():
    window = SlidingWindow()
    for duration in (0.0, 1e-10, 0.0, 8.0):
        window.observe(duration, 0.0)
    assert window.point(0.0).zeros == 3
    assert window.point(0.0).quantiles((0.5, 0.75)) == (0.0, 0.0)
    assert window.point(0.0).quantiles((1.0,))[0] == pytest.approx(8.0, rel=0.01)


def test_a_slice_leaves_as_a_whole_after_59_others():
    window = SlidingWindow()
    window.observe(1.0, 1009.9)
    assert sum(window.point(1599.9).buckets.values()) == 1
    assert sum(window.point(1600.0).buckets.values()) == 0
    assert math.isnan(window.point(1600.0).quantiles((0.5,))[0])
    assert (window.point(1600.0).count, window.point(1600.0).sum) == (1, 1.0)


def test_what_leaves_takes_nothing_else_with_it():
    window = SlidingWindow()
    for duration in (0.0, 2.0, 2.0):
        window.observe(duration, 0.0)
    window.observe(2.0, 300.0)
    window.observe(0.0, 300.0)
    assert window.point(599.0).zeros == 2
    assert sum(window.point(599.0).buckets.values()) == 3
    later = window.point(600.0)
    assert (later.zeros, sum(later.buckets.values()), later.count) == (1, 1, 5)


def test_the_point_is_the_same_object_while_nothing_comes_or_goes():
    window = SlidingWindow()
    window.observe(1.0, 0.0)
    point = window.point(0.0)
    assert window.point(599.0) is point
    assert window.point(600.0) is not point


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf, -1.0])
def test_what_is_no_duration_is_rejected_and_changes_nothing(wrong):
    window = SlidingWindow()
    point = window.point(0.0)
    with pytest.raises(ValueError, match="finite and not negative"):
        window.observe(wrong, 0.0)
    assert window.point(0.0) is point
