import math

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest

from collectors import ServiceCollector
from collectors.errors import ReadingError
from collectors.exposition.checks import check_histogram, check_number
from collectors.exposition.formats import Format
from collectors.exposition.page import Exposition
from collectors.exposition.reading import Instant
from collectors.metrics.definitions import Metric, MetricType, Section, counter, gauge, histogram
from gui_agents.snapshot import HistogramPoint, WindowPoint
from tests.collectors.sources import Fixed
from tests.strategies import GROWTH, idle_snapshot

POINT = HistogramPoint((1.0, 2.0), (1, 0, 2), 7.5, (None, None, None))
WINDOW = WindowPoint(1, {3: 2}, GROWTH, 2.5, 4)


def metric(kind, reading, labels=()):
    return Metric(name="odd", type=kind, help="Odd.", labels=labels, read=lambda _: reading, example="")


WRONG = {
    "a negative counter": (metric(MetricType.COUNTER, -1), "read -1, which is no finite number from 0 on"),
    "NaN": (metric(MetricType.GAUGE, math.nan), "read nan"),
    "infinity": (metric(MetricType.GAUGE, math.inf), "read inf"),
    "a text": (metric(MetricType.GAUGE, "1"), "read '1'"),
    "a mapping without labels": (metric(MetricType.GAUGE, {"a": 1}), "read "),
    "several histograms without labels": (metric(MetricType.HISTOGRAM, {"a": POINT}), "read "),
    "a number with labels": (metric(MetricType.GAUGE, 1, ("a",)), "read 1, but has the labels"),
    "too few label values": (metric(MetricType.GAUGE, {("x",): 1}, ("a", "b")), "read the label values"),
    "a text for two labels": (metric(MetricType.GAUGE, {"x": 1}, ("a", "b")), "read the label values 'x'"),
    "too many label values": (metric(MetricType.GAUGE, {("x", "y"): 1}, ("a",)), "read the label values"),
    "a label value that is no text": (metric(MetricType.GAUGE, {("x", 5): 1}, ("a", "b")), "read the label values"),
    "one negative of many": (metric(MetricType.GAUGE, {"x": 5, "y": -1}, ("a",)), "read -1"),
    "one NaN of many": (metric(MetricType.GAUGE, {"x": 5.0, "y": math.nan, "z": 1.0}, ("a",)), "read nan"),
    "one text of many": (metric(MetricType.GAUGE, {"x": 5, "y": "6"}, ("a",)), "read '6'"),
    "a number beyond doubles": (metric(MetricType.GAUGE, {"x": 10**400}, ("a",)), "read 1000"),
    "no histogram": (metric(MetricType.HISTOGRAM, 5), "read 5, which is no histogram"),
    "a histogram without buckets": (
        metric(MetricType.HISTOGRAM, attrs.evolve(POINT, bounds=(), counts=())),
        "has 0 buckets for 0 bounds",
    ),
    "too few buckets": (metric(MetricType.HISTOGRAM, attrs.evolve(POINT, counts=(1,))), "has 1 buckets for 2 bounds"),
    "too few exemplars": (
        metric(MetricType.HISTOGRAM, attrs.evolve(POINT, exemplars=(None,))),
        "has 1 exemplars for 3 buckets",
    ),
    "a negative bucket": (
        metric(MetricType.HISTOGRAM, attrs.evolve(POINT, counts=(2, -1, 0))),
        "has buckets that are no counts",
    ),
    "half an observation": (
        metric(MetricType.HISTOGRAM, attrs.evolve(POINT, counts=(1, 0.5, 0))),
        "has buckets that are no counts",
    ),
    "a truth for a count": (
        metric(MetricType.HISTOGRAM, attrs.evolve(POINT, counts=(True, 0, 2))),
        "has buckets that are no counts",
    ),
    "a histogram's infinite sum": (metric(MetricType.HISTOGRAM, attrs.evolve(POINT, sum=math.inf)), "read inf"),
    "a histogram's negative sum": (metric(MetricType.HISTOGRAM, attrs.evolve(POINT, sum=-0.5)), "read -0.5"),
    "a histogram's sum that is no number": (
        metric(MetricType.HISTOGRAM, attrs.evolve(POINT, sum=math.nan)),
        "read nan",
    ),
    "no histogram of several": (metric(MetricType.HISTOGRAM, {"x": None}, ("a",)), "read None, which is no histogram"),
    "no number of several": (metric(MetricType.GAUGE, {"x": 1, "y": None}, ("a",)), "read None"),
    "bounds that fall": (metric(MetricType.HISTOGRAM, attrs.evolve(POINT, bounds=(2.0, 1.0))), "do not increase"),
    "a bound at infinity": (
        metric(MetricType.HISTOGRAM, attrs.evolve(POINT, bounds=(1.0, math.inf))),
        "do not increase",
    ),
    "no summary": (metric(MetricType.SUMMARY, POINT), "which is no summary"),
    "a summary's negative sum": (metric(MetricType.SUMMARY, attrs.evolve(WINDOW, sum=-1.0)), "read -1.0"),
    "an infinite quantile": (
        metric(MetricType.SUMMARY, attrs.evolve(WINDOW, buckets={1: 2}, growth=1.7e308)),
        "read inf",
    ),
    "an info without labels": (metric(MetricType.INFO, 5), "read 5, which are no labels"),
    "an info with a number": (metric(MetricType.INFO, {"a": 5}), "which are no labels"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_must_not_be_shown_fails_its_section_everywhere(name, caplog):
    wrong, problem = WRONG[name]
    fine = gauge("fine", "Fine.", lambda _: 1, example="")
    sections = (Section(name="odd", metrics=(fine, wrong)),)
    source = Fixed(idle_snapshot())
    registry = CollectorRegistry()
    registry.register(ServiceCollector(source, sections, clock=lambda: 0.0))
    pages = [generate_latest(registry).decode()]
    formats = (Format.TEXT, Format.OPENMETRICS)
    pages += [Exposition(sections).render(Instant(source), form).decode() for form in formats]
    for page in pages:
        assert 'agent_collector_success{section="odd"} 0.0\n' in page
        assert "fine" not in page
        assert "# TYPE odd" not in page
    assert len(caplog.records) == len(pages)
    for record in caplog.records:
        assert "section odd is left out of the metrics: ReadingError: odd " in record.getMessage()
        assert problem in record.getMessage()


@given(st.integers(0) | st.floats(0, allow_infinity=False) | st.booleans() | st.just(-0.0))
def test_a_good_number_is_told_without_its_negative_zero(number):
    told = check_number("odd", number)
    assert told == number
    assert math.copysign(1, told) == 1 if abs(told) < 1 else told > 0


def test_a_histogram_s_counts_are_told_as_sums():
    assert check_histogram("odd", POINT) == [1, 1, 3]


def test_an_error_tells_the_metric_and_the_problem():
    with pytest.raises(ReadingError) as wrong:
        check_number("odd", -1)
    assert (wrong.value.metric, wrong.value.problem) == ("odd", "read -1, which is no finite number from 0 on")


def test_shortcuts_make_the_types_that_they_name():
    made = [make("odd", "Odd.", lambda _: 1, example="") for make in (counter, gauge, histogram)]
    assert [each.type for each in made] == [MetricType.COUNTER, MetricType.GAUGE, MetricType.HISTOGRAM]
