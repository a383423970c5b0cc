import logging
import math
from itertools import accumulate

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from collectors.exposition.formats import Format
from collectors.exposition.page import Exposition
from collectors.exposition.protobuf import MetricMessage, spans_and_deltas
from collectors.exposition.reading import Instant
from collectors.metrics import catalogue
from collectors.metrics.definitions import Section, counter, gauge, histogram
from gui_agents.snapshot import HistogramPoint, NativePoint
from gui_agents.state.histogram import Histogram
from tests.collectors import golden
from tests.collectors.exposition import native_pb2 as pb
from tests.collectors.exposition import reference_messages
from tests.collectors.exposition.reference_messages import delimited, message
from tests.collectors.messages import decoded, native_buckets, parsed, samples
from tests.collectors.sources import Broken, Fixed
from tests.strategies import service_snapshots

TYPES = {pb.COUNTER: "counter", pb.GAUGE: "gauge", pb.HISTOGRAM: "histogram", pb.SUMMARY: "summary"}


def pages(source, sections):
    """Return the families and the text of one instant."""
    page, instant = Exposition(sections, clock=lambda: 0.0), Instant(source)
    return parsed(page.render(instant, Format.PROTOBUF)), page.render(instant, Format.TEXT).decode()


def text_samples(text):
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def comparable(found):
    """Return samples with every NaN as a value that equals itself."""
    return {key: "NaN" if math.isnan(value) else value for key, value in found.items()}


def native_histogram(*values):
    """Return a histogram's message, read back from its bytes."""
    kept = Histogram((1, 2), native=True)
    for value in values:
        kept.observe(value)
    row = histogram("a_seconds", "Seconds.", lambda _: kept.point(), example="a_seconds")
    (family,) = parsed(MetricMessage(row).written(None))
    (series,) = family.metric
    return series.histogram


@settings(max_examples=max(1, settings().max_examples // 5))
@given(service_snapshots())
def test_it_tells_what_the_text_tells(snapshot):
    families, text = pages(Fixed(snapshot), golden.sections())
    assert comparable(samples(families)) == comparable(text_samples(text))


def test_every_family_of_the_catalogue_has_its_type_and_help():
    families, text = pages(Fixed(golden.busy_snapshot()), catalogue.sections())
    told = dict(line.split(" ", 3)[2:] for line in text.splitlines() if line.startswith("# TYPE "))
    helps = dict(line.split(" ", 3)[2:] for line in text.splitlines() if line.startswith("# HELP "))
    assert {family.name: TYPES[family.type] for family in families} == told
    assert {family.name: family.help for family in families} == helps
    assert all(family.metric for family in families)


def test_the_process_and_the_collections_are_told_under_their_names():
    families, text = pages(Fixed(golden.busy_snapshot()), catalogue.sections())
    standard = {name for name, _ in samples(families) if name.startswith(("process_", "python_"))}
    assert standard == {name for name, _ in text_samples(text) if name.startswith(("process_", "python_"))}
    assert "process_cpu_seconds_total" in standard


def test_odd_labels_and_numbers_arrive_as_they_are():
    numbers = {'a "quoted" \\ \n \u2028 é': 0.5, "": 1.7e308, "x" * 200: 5e-324}
    row = gauge("odd", 'Help with "quotes" \\ and\nlines.', lambda _: numbers, labels=("name",), example="odd")
    (family,) = parsed(MetricMessage(row).written(None))
    assert family.help == row.help
    assert samples([family]) == {("odd", frozenset({("name", name)})): value for name, value in numbers.items()}


@settings(max_examples=max(1, settings().max_examples // 5))
@given(st.lists(service_snapshots(), min_size=1, max_size=3), st.data())
def test_any_snapshots_are_written_as_google_s_library_does(snapshots, data):
    """The same snapshots come back in any order, so that what is kept between scrapes is put to the test."""
    page = Exposition(golden.sections())
    for snapshot in (*snapshots, *data.draw(st.permutations(snapshots))):
        written = page.render(Instant(Fixed(snapshot)), Format.PROTOBUF)
        outcomes = parsed(written)[-2:]
        expected = reference_messages.page(golden.sections(), snapshot)
        assert written == expected + b"".join(map(delimited, outcomes))


counts = st.integers(0, 50).flatmap(lambda bits: st.integers(0, 2**bits))
natives = st.builds(
    NativePoint,
    st.integers(-4, 8),
    st.floats(0, 1),
    counts,
    st.dictionaries(st.integers(-2100, 16400), st.integers(1, 2**40), max_size=20),
)


@st.composite
def native_points(draw):
    native = draw(natives)
    first = draw(st.integers(0, native.count))
    exemplars = (("a", 0.5, 1.5), None)
    return HistogramPoint(draw(st.sampled_from([(1.0,), (2,)])), (first, native.count - first), 0.5, exemplars, native)


words = st.text(st.characters(codec="utf-8"), max_size=200)


@given(
    st.lists(st.dictionaries(st.tuples(words, words), counts | st.floats(0, 1e300) | st.booleans(), max_size=3)),
    st.lists(st.dictionaries(words, native_points(), max_size=3)),
    words,
)
def test_odd_rows_are_written_as_google_s_library_does(numbers, points, text):
    rows = [
        (counter("odd_total", text, lambda now: now, labels=("b", "a"), example=""), numbers),
        (histogram("odd_seconds", text, lambda now: now, labels=("name",), example=""), points),
    ]
    for row, readings in rows:
        ours = MetricMessage(row)
        for reading in (*readings, *reversed(readings)):
            assert ours.written(reading) == delimited(message(row, reading))


def test_a_metric_that_is_absent_has_no_message():
    assert MetricMessage(gauge("odd", "Odd.", lambda _: None, example="")).written(None) == b""


def test_a_count_beyond_the_wire_format_fails_its_section(caplog):
    point = HistogramPoint((), (2**64,), 0.5, (None,))
    wrong = Section(name="wrong", metrics=(histogram("odd", "Odd.", lambda _: point, example=""),))
    found = samples(parsed(Exposition((wrong,)).render(Instant(Fixed(None)), Format.PROTOBUF)))
    assert found["agent_collector_success", frozenset({("section", "wrong")})] == 0
    assert "18446744073709551616 does not fit into 64 bits" in caplog.text


def test_names_choose_families_here_too():
    page = Exposition(golden.sections()).render(
        Instant(Fixed(golden.busy_snapshot())), Format.PROTOBUF, names=frozenset({"agent_tasks_active"})
    )
    assert [family.name for family in parsed(page)] == ["agent_tasks_active"]


def test_a_section_that_fails_is_left_out_and_reported(caplog):
    wrong = Section(
        name="wrong",
        metrics=(
            gauge("fine", "Fine.", lambda _: 1, example="fine"),
            gauge("wrong", "Wrong.", lambda _: -1, example="wrong"),
        ),
    )
    right = Section(name="right", metrics=(gauge("right", "Right.", lambda _: 1, example="right"),), subject=object())
    with caplog.at_level(logging.ERROR):
        found = samples(parsed(Exposition((wrong, right)).render(Instant(Fixed(None)), Format.PROTOBUF)))
    assert {name for name, _ in found} == {"right", "agent_collector_success", "agent_collector_duration_seconds"}
    assert found["agent_collector_success", frozenset({("section", "wrong")})] == 0
    assert "section wrong is left out" in caplog.text


def test_without_a_snapshot_the_process_still_shows():
    found = samples(parsed(Exposition(catalogue.sections()).render(Instant(Broken()), Format.PROTOBUF)))
    assert found["agent_memory_usage_bytes", frozenset()] > 0
    assert found["agent_collector_success", frozenset({("section", "tasks")})] == 0


@given(st.lists(st.floats(0, 1e6), max_size=40))
def test_a_native_histogram_arrives_as_it_was_counted(values):
    message = native_histogram(*values)
    kept = Histogram((1, 2), native=True)
    for value in values:
        kept.observe(value)
    native = kept.point().native
    assert native_buckets(message) == native.buckets
    assert (message.schema, message.zero_threshold, message.zero_count) == (
        native.schema,
        native.zero_threshold,
        native.zero_count,
    )
    assert message.sample_count == message.zero_count + native_buckets(message).total() == len(values)
    assert [bucket.cumulative_count for bucket in message.bucket] == [*accumulate(kept.point().counts)]


def test_an_empty_native_histogram_is_known_by_its_zero_threshold():
    message = native_histogram()
    assert (message.zero_threshold, message.schema, message.sample_count) == (2.0**-128, 4, 0)
    assert not message.positive_span
    assert not message.positive_delta


def test_a_classic_histogram_says_nothing_of_native_buckets():
    families, _ = pages(Fixed(golden.busy_snapshot()), golden.sections())
    native = [field for field in pb.Histogram.DESCRIPTOR.fields_by_name if field.startswith(("schema", "zero"))]
    for family in families:
        for series in family.metric:
            assert not any(series.histogram.HasField(field) for field in native)


@pytest.mark.parametrize(
    ("buckets", "spans", "deltas"),
    [
        ({}, [], []),
        ({0: 5}, [(0, 1)], [5]),
        ({7: 5}, [(7, 1)], [5]),
        ({-9: 5}, [(-9, 1)], [5]),
        ({-2: 1, -1: 4, 0: 2}, [(-2, 3)], [1, 3, -2]),
        ({-5: 1, -3: 1, 4: 9}, [(-5, 1), (1, 1), (6, 1)], [1, 0, 8]),
        ({4: 9, -5: 1, -3: 1}, [(-5, 1), (1, 1), (6, 1)], [1, 0, 8]),
    ],
)
def test_buckets_are_runs_and_differences(buckets, spans, deltas):
    assert spans_and_deltas(buckets) == (spans, deltas)


@given(st.dictionaries(st.integers(-2100, 16400), st.integers(1, 2**40), max_size=320))
def test_runs_and_differences_stand_for_the_same_buckets(buckets):
    spans, deltas = spans_and_deltas(buckets)
    assert decoded(spans, deltas) == buckets
    assert all(offset > 0 for offset, _ in spans[1:])


def test_native_buckets_that_hold_something_else_are_refused(caplog):
    snapshot = golden.busy_snapshot()
    execution = attrs.evolve(snapshot.tasks.execution, native=NativePoint(3, 2.0**-128, 0, {0: 1}))
    torn = attrs.evolve(snapshot, tasks=attrs.evolve(snapshot.tasks, execution=execution))
    page = Exposition(golden.sections()).render(Instant(Fixed(torn)), Format.PROTOBUF)
    assert "has 1 observations in its native buckets, and 6 in all" in caplog.text
    assert samples(parsed(page))["agent_collector_success", frozenset({("section", "tasks")})] == 0
