from datetime import UTC, datetime

import attrs
import pytest
from hypothesis import given, settings
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.proto.metrics.v1 import metrics_pb2
from opentelemetry.sdk.metrics.export import MetricsData, ResourceMetrics, ScopeMetrics
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from collectors.errors import ReadingError
from collectors.metrics import catalogue, process
from collectors.metrics.definitions import Section, counter, gauge, histogram
from collectors.otel.points import NANOSECONDS, Span, section_metrics
from gui_agents.snapshot import HistogramPoint
from tests import strategies
from tests.collectors import golden
from tests.collectors.otel.samples import attributes, collector_samples, otlp_samples, scope_metrics
from tests.collectors.sources import Fixed

SECTIONS = tuple(section for section in catalogue.sections() if section.subject is None)
"""Those that read the snapshot."""
SPAN = Span(began=int(strategies.EPOCH) * NANOSECONDS, taken=int(strategies.EPOCH + 60) * NANOSECONDS)


def encoded(snapshot, sections=SECTIONS):
    """Return the metrics as they go over the wire."""
    metrics = [
        metric
        for section in sections
        for metric in section_metrics(section, snapshot if section.subject is None else section.subject, SPAN)
    ]
    scope = ScopeMetrics(InstrumentationScope("test"), metrics, "")
    return scope_metrics(encode_metrics(MetricsData([ResourceMetrics(Resource({}), [scope], "")])))


@settings(max_examples=10)  # each one draws, reads and encodes some 600 series
@given(strategies.service_snapshots())
def test_every_number_is_that_of_prometheus(snapshot):
    shown = collector_samples(Fixed(snapshot), SECTIONS)
    told = {key: value for key, value in shown.items() if not key[0].startswith("agent_collector_")}
    assert otlp_samples(encoded(snapshot)) == told


def test_every_family_of_the_process_is_sent():
    names = {name for name, _ in otlp_samples(encoded(golden.busy_snapshot(), catalogue.sections()))}
    assert {metric.name for metric in process.section().metrics} <= names


def by_name(metrics):
    return {metric.name: metric for metric in metrics}


def test_types_temporality_and_units_are_those_of_the_catalogue():
    metrics = by_name(encoded(golden.busy_snapshot(), catalogue.sections()))
    created = metrics["agent_tasks_created_total"]
    cumulative = metrics_pb2.AGGREGATION_TEMPORALITY_CUMULATIVE
    assert (created.sum.is_monotonic, created.sum.aggregation_temporality, created.unit) == (True, cumulative, "")
    assert created.description.startswith("Tasks that have entered each status")
    execution = metrics["agent_task_execution_duration_seconds"]
    assert (execution.histogram.aggregation_temporality, execution.unit) == (cumulative, "s")
    assert metrics["agent_memory_usage_bytes"].unit == "By"
    assert metrics["agent_event_loop_blocked_seconds_total"].unit == "s"
    assert metrics["agent_service_info"].WhichOneof("data") == "gauge"
    assert metrics["process_cpu_seconds_total"].sum.is_monotonic


def test_points_tell_since_when_and_when():
    metrics = by_name(encoded(golden.busy_snapshot()))
    point = metrics["agent_proxy_steps_total"].sum.data_points[0]
    assert (point.start_time_unix_nano, point.time_unix_nano) == (SPAN.began, SPAN.taken)
    point = metrics["agent_task_steps"].histogram.data_points[0]
    assert (point.start_time_unix_nano, point.time_unix_nano) == (SPAN.began, SPAN.taken)
    assert metrics["agent_task_slots"].gauge.data_points[0].time_unix_nano == SPAN.taken


def test_histograms_carry_exemplars_and_no_invented_extremes():
    metrics = by_name(encoded(golden.busy_snapshot()))
    (point,) = metrics["agent_task_execution_duration_seconds"].histogram.data_points
    assert not point.HasField("min")
    assert not point.HasField("max")
    first = point.exemplars[0]
    told = {pair.key: pair.value.string_value for pair in first.filtered_attributes}
    assert (told, first.as_double, first.trace_id) == ({"task_id": "task-1"}, 1.0, b"")
    assert datetime.fromtimestamp(first.time_unix_nano / NANOSECONDS, UTC).timestamp() == strategies.EPOCH + 1


def test_a_quantile_of_nothing_has_no_point():
    metrics = by_name(encoded(strategies.idle_snapshot()))
    assert "agent_task_latency_seconds" not in metrics
    assert metrics["agent_task_latency_seconds_count"].sum.data_points[0].as_int == 0
    busy = by_name(encoded(golden.busy_snapshot()))["agent_task_latency_seconds"]
    assert [attributes(point)["quantile"] for point in busy.gauge.data_points] == ["0.5", "0.95", "0.99"]


def test_what_does_not_apply_is_absent():
    snapshot = golden.busy_snapshot()
    idle = attrs.evolve(snapshot, tasks=attrs.evolve(snapshot.tasks, oldest_pending_at=None))
    assert "agent_task_oldest_pending_timestamp_seconds" in by_name(encoded(snapshot))
    assert "agent_task_oldest_pending_timestamp_seconds" not in by_name(encoded(idle))


@pytest.mark.parametrize(
    "metric",
    [
        counter("agent_x_total", "X.", lambda _: -1, example="x"),
        gauge("agent_x", "X.", lambda _: float("nan"), example="x"),
        gauge("agent_x", "X.", lambda _: {"a": 1}, example="x"),
        counter("agent_x_total", "X.", lambda _: {("a", "b"): 1}, labels=("one",), example="x"),
        histogram("agent_x", "X.", lambda _: HistogramPoint((1.0,), (1,), 1.0, (None,)), example="x"),
        histogram(
            "agent_x", "X.", lambda _: HistogramPoint((2.0, 1.0), (1, 0, 0), 1.0, (None, None, None)), example="x"
        ),
    ],
    ids=lambda metric: metric.type,
)
def test_what_must_not_be_exposed_is_not_sent(metric):
    section = Section(name="x", metrics=(metric,))
    with pytest.raises(ReadingError, match="agent_x"):
        encoded(None, [section])
