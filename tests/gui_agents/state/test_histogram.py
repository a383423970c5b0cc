import math
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from prometheus_client import Histogram as ReferenceHistogram

from gui_agents.state.histogram import Histogram

bounds = st.lists(
    st.floats(-1e300, 1e300, allow_nan=False, allow_infinity=False), min_size=1, max_size=12, unique=True
).map(sorted)
values = st.floats(0, 1e300) | st.integers(0, 10**9) | st.sampled_from([0.0, 5e-324])
not_observable = st.floats(max_value=-5e-324) | st.sampled_from([math.nan, math.inf, -math.inf, -1, -1e-9])


@given(bounds=bounds, observed=st.lists(values, max_size=30), data=st.data())
def test_it_counts_as_prometheus_client_does(bounds, observed, data):
    on_a_bound = [bound for bound in bounds if bound >= 0]
    if on_a_bound:
        observed += data.draw(st.lists(st.sampled_from(on_a_bound), max_size=5))
    ours = Histogram(bounds)
    reference = ReferenceHistogram("reference", "Reference.", buckets=bounds, registry=CollectorRegistry())
    for value in observed:
        ours.observe(value)
        reference.observe(value)
    point = ours.point()
    buckets, others = {}, {}
    for sample in next(iter(reference.collect())).samples:
        if sample.name.endswith("_bucket"):
            buckets[float(sample.labels["le"])] = sample.value
        else:
            others[sample.name] = sample.value
    assert dict(zip((*point.bounds, math.inf), accumulate(point.counts), strict=True)) == buckets
    assert point.count == others.get("reference_count", buckets[math.inf])
    # Their histogram tells no sum where a bound is below 0.
    assert point.sum == others.get("reference_sum", point.sum)


@given(before=st.lists(values, max_size=5), wrong=not_observable)
def test_what_is_no_duration_is_rejected_and_changes_nothing(before, wrong):
    histogram = Histogram((1, 2))
    for value in before:
        histogram.observe(value)
    point = histogram.point()
    with pytest.raises(ValueError, match="finite values from 0 on"):
        histogram.observe(wrong, "task", 1.0)
    assert histogram.point() is point


def test_the_point_is_the_same_object_until_the_next_observation():
    histogram = Histogram((1, 2))
    first = histogram.point()
    assert histogram.point() is first
    histogram.observe(1.5)
    second = histogram.point()
    assert second is not first
    assert (first.counts, second.counts) == ((0, 0, 0), (0, 1, 0))


def test_an_exemplar_is_the_latest_of_its_bucket():
    histogram = Histogram((1, 2))
    histogram.observe(0.5, "first", 10.0)
    histogram.observe(1.0, "second", 11.0)
    histogram.observe(0.25)
    histogram.observe(9.0, "third", 12.0)
    assert histogram.point().exemplars == (("second", 1.0, 11.0), None, ("third", 9.0, 12.0))


def test_bounds_are_inclusive():
    histogram = Histogram((1, 2))
    for value in (1, 2, math.nextafter(2, 3)):
        histogram.observe(value)
    assert histogram.point().counts == (1, 1, 1)
    assert [*accumulate(histogram.point().counts)] == [1, 2, 3]
    assert histogram.point().count == 3


@pytest.mark.parametrize("wrong", [(), (2, 1), (1, 1), (1, math.inf), (math.nan,)])
def test_bounds_that_are_none_are_refused(wrong):
    with pytest.raises(ValueError, match="strictly increasing"):
        Histogram(wrong)
