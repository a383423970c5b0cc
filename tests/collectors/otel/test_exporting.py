import logging
import threading

import attrs
import pytest
from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult
from opentelemetry.sdk.resources import Resource

from collectors.metrics import catalogue
from collectors.otel import OtelExport, exporting, otel_export
from collectors.otel.exporting import service_resource
from collectors.otel.points import NANOSECONDS
from gui_agents.domain.errors import ConfigError
from tests import strategies
from tests.collectors import golden
from tests.collectors.otel.collector import SECONDS, collecting
from tests.collectors.otel.samples import (
    collector_samples,
    lasting,
    otlp_samples,
    resource_attributes,
    scope_metrics,
)
from tests.collectors.sources import Broken, Fixed


@pytest.fixture(autouse=True)
def collector(monkeypatch):
    """A collector that the environment names, as an operator would."""
    with collecting() as running:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", running.url)
        yield running


def export_of(source, seconds=3600.0, **more):
    return otel_export(source, version="1.2.3", instance="here:1", interval_seconds=seconds, **more)


def created(request):
    return otlp_samples(scope_metrics(request))["agent_tasks_created_total", frozenset({("status", "pending")})]


def test_every_number_of_the_snapshot_arrives(collector):
    source = Fixed(golden.busy_snapshot())
    export = export_of(source)
    export.start()
    export.stop()
    (request,) = collector.rest()
    assert source.taken == 1
    assert collector.asked[0].path == "/v1/metrics"
    assert collector.asked[0].headers["content-type"] == "application/x-protobuf"
    sent = lasting(otlp_samples(scope_metrics(request)))
    assert sent == lasting(collector_samples(source, catalogue.sections()))
    assert len(sent) > 500
    assert sent["agent_execution_cost_total", frozenset({("currency", "USD")})] == 12.3


def test_the_resource_says_which_service_it_is(collector):
    export = export_of(Fixed(golden.busy_snapshot()))
    export.start()
    export.stop()
    told = resource_attributes(collector.next())
    assert (
        told.items()
        >= {
            "service.name": "gui_agents",
            "service.version": "1.2.3",
            "service.instance.id": "here:1",
            "telemetry.sdk.name": "opentelemetry",
        }.items()
    )


def test_the_environment_goes_before_what_the_service_says_of_itself(monkeypatch):
    monkeypatch.setenv("OTEL_SERVICE_NAME", "theirs")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id=i,deployment.environment.name=test")
    told = service_resource("1.2.3", "here:1").attributes
    assert (told["service.name"], told["service.version"]) == ("theirs", "1.2.3")
    assert (told["service.instance.id"], told["deployment.environment.name"]) == ("i", "test")


def test_the_endpoint_and_headers_for_metrics_alone_are_honoured(collector, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", f"{collector.url}/elsewhere")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "api-key=abc")
    export = export_of(Fixed(golden.busy_snapshot()))
    export.start()
    export.stop()
    assert (collector.asked[0].path, collector.asked[0].headers["api-key"]) == ("/elsewhere", "abc")


def test_each_interval_sends_an_instant_of_its_own_and_the_end_one_more(collector):
    source = Fixed(golden.busy_snapshot())
    export = export_of(source, seconds=0.02)
    export.start()
    assert created(collector.next()) == 12
    tasks = attrs.evolve(source.current.tasks, created={**source.current.tasks.created, "pending": 13})
    source.current = attrs.evolve(source.current, tasks=tasks)
    while created(collector.next()) != 13:
        pass
    tasks = attrs.evolve(tasks, created={**tasks.created, "pending": 14})
    source.current = attrs.evolve(source.current, tasks=tasks)
    export.stop()
    *_, last = collector.rest()
    assert created(last) == 14
    assert export.failures == 0
    assert "otel export" not in {thread.name for thread in threading.enumerate()}


def test_one_that_never_started_sends_nothing(collector):
    export_of(Fixed(golden.busy_snapshot())).stop()
    assert collector.asked == []


def test_a_section_that_fails_is_left_out_and_reported(collector):
    export = export_of(Broken())
    export.start()
    export.stop()
    sent = otlp_samples(scope_metrics(collector.next()))
    assert sent["agent_collector_success", frozenset({("section", "tasks")})] == 0
    assert sent["agent_collector_success", frozenset({("section", "process")})] == 1
    names = {name for name, _ in sent}
    assert "agent_memory_usage_bytes" in names
    assert "agent_tasks_active" not in names


def test_families_that_are_switched_off_are_not_sent(collector):
    export = export_of(Fixed(golden.busy_snapshot()), disabled=("agent_actions_total", "process"))
    export.start()
    export.stop()
    names = {name for name, _ in otlp_samples(scope_metrics(collector.next()))}
    assert not any(name.startswith(("process_", "agent_actions")) for name in names)


def test_counters_tell_when_they_began(collector):
    moments = iter([1, 2])
    export = OtelExport(
        Fixed(golden.busy_snapshot()),
        Recording(),
        sections=catalogue.sections(),
        resource=Resource({}),
        interval_seconds=1.0,
        clock=lambda: int(strategies.EPOCH + next(moments)) * NANOSECONDS,
    )
    (resource,) = export.collect().resource_metrics
    steps = next(metric for metric in resource.scope_metrics[0].metrics if metric.name == "agent_proxy_steps_total")
    point = steps.data.data_points[0]
    assert point.start_time_unix_nano == int(strategies.EPOCH + 1) * NANOSECONDS
    assert point.time_unix_nano == int(strategies.EPOCH + 2) * NANOSECONDS


def test_counters_begin_before_they_are_read_though_the_clock_is_set_back(collector):
    hour, minute = 3600, 60
    walls = [int(strategies.EPOCH) + seconds for seconds in (0, minute - hour, 2 * minute - hour, 3 * minute)]
    export = OtelExport(
        Fixed(golden.busy_snapshot()),
        Recording(),
        sections=(),
        resource=Resource({}),
        interval_seconds=1.0,
        clock=map(NANOSECONDS.__mul__, walls).__next__,
        monotonic=iter(range(0, hour * NANOSECONDS, minute * NANOSECONDS)).__next__,
    )
    spans = [export._span() for _ in range(3)]
    began = [walls[1] - minute, walls[1] - minute, walls[1] - minute]
    assert [span.began for span in spans] == [second * NANOSECONDS for second in began]
    assert [span.taken for span in spans] == [second * NANOSECONDS for second in walls[1:]]


def test_a_collector_that_refuses_is_told_once_and_tried_again(collector, caplog):
    collector.status = 400
    export = export_of(Fixed(golden.busy_snapshot()), seconds=0.02)
    with caplog.at_level(logging.INFO, "collectors.otel"):
        export.start()
        for _ in range(3):
            collector.next()
        collector.status = 200
        for _ in range(3):
            collector.next()
        export.stop()
    told = [record.getMessage() for record in caplog.records if record.name.startswith("collectors.otel")]
    assert told == [
        "metrics do not reach the OTLP endpoint; trying again every 0.02 s",
        f"metrics reach the OTLP endpoint again; {export.failures} exports have failed",
    ]
    assert export.failures >= 2


class Recording(MetricExporter):
    """An exporter that does what its script says, and then gives up when it is shut down."""

    def __init__(self, *script) -> None:
        super().__init__()
        self._script = list(script)
        self.exports = threading.Semaphore(0)
        self.told_to_end = threading.Event()

    def export(self, metrics_data, timeout_millis=10_000, **kwargs):
        self.exports.release()
        step = self._script.pop(0) if self._script else MetricExportResult.SUCCESS
        if isinstance(step, Exception):
            raise step
        if step == "hang":
            self.told_to_end.wait(SECONDS)
        return step

    def shutdown(self, timeout_millis=30_000, **kwargs):
        self.told_to_end.set()

    def force_flush(self, timeout_millis=10_000):
        return True


def recording_export(exporter):
    return OtelExport(
        Fixed(golden.busy_snapshot()), exporter, sections=(), resource=Resource({}), interval_seconds=0.001
    )


def test_an_exporter_that_breaks_is_logged_and_counted_and_the_export_goes_on(caplog):
    exporter = Recording(ZeroDivisionError("a defect"))
    export = recording_export(exporter)
    export.start()
    assert exporter.exports.acquire(timeout=SECONDS)
    assert exporter.exports.acquire(timeout=SECONDS)
    export.stop()
    assert export.failures == 1
    assert "the export of metrics failed" in caplog.text


def test_an_export_that_hangs_does_not_hold_up_the_end(monkeypatch):
    monkeypatch.setattr(exporting, "FLUSH_SECONDS", 0.01)
    exporter = Recording("hang")
    export = recording_export(exporter)
    export.start()
    assert exporter.exports.acquire(timeout=SECONDS)
    export.stop()
    assert exporter.told_to_end.is_set()
    assert "otel export" not in {thread.name for thread in threading.enumerate()}


def test_an_unknown_family_to_disable_is_an_error_of_the_start():
    with pytest.raises(ConfigError, match="nope"):
        export_of(Fixed(golden.busy_snapshot()), disabled=("nope",))
