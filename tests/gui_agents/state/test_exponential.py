from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gui_agents.state.exponential import MAX_BUCKETS, SCHEMA, ZERO_THRESHOLD, ExponentialBuckets
from gui_agents.state.histogram import Histogram
from tests.gui_agents.exact import native_index, native_point

durations = st.floats(0, 1e6)
anything = st.floats(0, allow_infinity=False)
near_bounds = st.builds(
    lambda index, ulps: near(2.0 ** (index / 2**SCHEMA), ulps), st.integers(-2000, 16000), st.integers(-3, 3)
)


def near(value, ulps):
    """Return the double that is some doubles away."""
    numerator, denominator = value.as_integer_ratio()
    return float(Fraction(numerator, denominator) * (1 + Fraction(ulps, 2**53)))


def observed(values):
    buckets = ExponentialBuckets()
    for value in values:
        buckets.observe(value)
    return buckets.point()


@given(near_bounds | anything.filter(lambda value: value > ZERO_THRESHOLD))
@example(1.0)
@example(2.0**1023)
@example(1.7976931348623157e308)
@example(2.0**-127)
def test_a_value_is_counted_where_exact_arithmetic_puts_it(value):
    assert observed([value]).buckets == {native_index(value, SCHEMA): 1}


@given(st.lists(durations | near_bounds | anything, max_size=60))
def test_it_counts_as_the_naive_one_does(values):
    assert observed(values) == native_point(values)


@pytest.mark.parametrize("value", [0, 0.0, 5e-324, ZERO_THRESHOLD])
def test_what_is_too_short_counts_as_zero(value):
    point = observed([value, 1.0])
    assert (point.zero_count, point.buckets, point.count) == (1, {0: 1}, 2)


@given(st.integers(-100, 100), st.integers(MAX_BUCKETS + 1, 4 * MAX_BUCKETS), st.randoms())
def test_too_many_buckets_are_merged_as_if_they_had_been_wider_from_the_beginning(first, number, random):
    values = [2.0 ** ((index + 0.5) / 2**SCHEMA) for index in range(first, first + number)]
    random.shuffle(values)
    point = observed(values)
    assert len(point.buckets) <= MAX_BUCKETS
    assert point.schema < SCHEMA
    assert point.buckets == Counter(native_index(value, point.schema) for value in values)


def test_every_duration_there_is_fits():
    point = observed(2.0**exponent for exponent in range(-127, 1024))
    assert (point.schema, point.count) == (-2, 1151)
    assert len(point.buckets) <= MAX_BUCKETS


def test_a_point_stays_as_it_was():
    buckets = ExponentialBuckets()
    buckets.observe(1.0)
    before = buckets.point()
    buckets.observe(1.0)
    buckets.observe(3.0)
    assert before.buckets == {0: 1}


@given(st.lists(durations | near_bounds, max_size=40))
def test_both_kinds_of_buckets_hold_the_same_observations(values):
    classic, native = Histogram((0.5, 1, 30)), Histogram((0.5, 1, 30), native=True)
    for value in values:
        classic.observe(value, "task", 1.0)
        native.observe(value, "task", 1.0)
    point, both = classic.point(), native.point()
    assert point.native is None
    assert both.native == native_point(values)
    assert both.native.count == both.count == point.count
    assert (both.counts, both.sum, both.exemplars) == (point.counts, point.sum, point.exemplars)


def test_what_is_refused_is_counted_nowhere():
    histogram = Histogram((1, 2), native=True)
    with pytest.raises(ValueError, match="finite values from 0 on"):
        histogram.observe(-1.0)
    assert histogram.point().native.count == 0
