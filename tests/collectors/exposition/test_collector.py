import logging
import subprocess
from collections import defaultdict

import attrs
import pytest
from hypothesis import given
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from collectors import AlreadyRegisteredError, ServiceCollector, register
from collectors.exposition.reading import Instant
from collectors.metrics import catalogue
from gui_agents.domain.errors import ConfigError
from gui_agents.snapshot import ServiceSnapshot
from tests.collectors import golden
from tests.collectors.sources import Broken, Fixed
from tests.strategies import METHODS, idle_snapshot, service_snapshots
from tests.system_tools import require_program

SECTIONS = ("tasks", "rpcs", "models", "sandboxes", "streams", "storage", "service", "process")


def samples(collector):
    """Return every sample by name and label values."""
    found = defaultdict(dict)
    for family in collector.collect():
        for sample in family.samples:
            labels = frozenset(sample.labels.items())
            assert labels not in found[sample.name], "a duplicate series"
            found[sample.name][labels] = sample.value
    return found


def by(series, label):
    """Sum the values of one sample name by one label."""
    sums = defaultdict(float)
    for labels, value in series.items():
        sums[dict(labels)[label]] += value
    return sums


def only(series):
    """Return the value of the one series of a name."""
    (value,) = series.values()
    return value


def successes(found):
    return by(found["agent_collector_success"], "section")


def read(snapshot: ServiceSnapshot):
    return samples(ServiceCollector(Fixed(snapshot), golden.sections()))


def test_every_section_succeeds_and_tells_its_duration():
    found = samples(ServiceCollector(Fixed(idle_snapshot())))
    assert successes(found) == dict.fromkeys(SECTIONS, 1.0)
    assert set(by(found["agent_collector_duration_seconds"], "section")) == set(SECTIONS)


def test_a_section_s_seconds_have_the_clock_s_digits_and_no_more():
    clock = iter([0.1, 0.3]).__next__
    (section,) = (section for section in golden.sections() if section.name == "streams")
    found = samples(ServiceCollector(Fixed(idle_snapshot()), (section,), clock))
    assert only(found["agent_collector_duration_seconds"]) == 0.2 != 0.3 - 0.1


@given(service_snapshots())
def test_tasks_add_up_in_every_scrape(snapshot):
    found = read(snapshot)
    created = by(found["agent_tasks_created_total"], "status")
    live = by(found["agent_tasks"], "status")
    ended = created["completed"] + created["failed"] + created["cancelled"]
    assert created["pending"] == live["pending"] + live["running"] + ended
    assert only(found["agent_task_queue_wait_duration_seconds_count"]) == created["pending"] - live["pending"]
    for name in ("agent_task_execution_duration_seconds", "agent_task_steps", "agent_task_latency_seconds"):
        assert only(found[f"{name}_count"]) == created["running"] - live["running"]
    assert sum(found["agent_task_failures_total"].values()) == created["failed"]
    assert only(found["agent_tasks_active"]) == live["running"]
    assert 0 <= only(found["agent_task_utilization"]) <= 1


@given(service_snapshots())
def test_rpcs_add_up_in_every_scrape(snapshot):
    found = read(snapshot)
    handled = by(found["agent_grpc_handled_total"], "method")
    durations = by(found["agent_grpc_request_duration_seconds_count"], "method")
    requests = by(found["agent_grpc_requests_total"], "method")
    errors = by(found["agent_grpc_errors_total"], "method")
    well = by({k: v for k, v in found["agent_grpc_handled_total"].items() if ("code", "OK") in k}, "method")
    for method in METHODS:
        assert handled[method] == durations[method] <= requests[method]
        assert errors[method] == handled[method] - well[method]


@given(service_snapshots())
def test_tokens_and_money_add_up_in_every_scrape(snapshot):
    found = read(snapshot)
    consumed = by(found["agent_tokens_consumed_total"], "type")
    directions = by(found["agent_model_tokens_total"], "direction")
    assert consumed["total"] == consumed["input"] + consumed["output"]
    assert consumed["input"] == directions["input"] + directions["cached_input"] + directions["cache_write"]
    assert consumed["output"] == directions["output"]
    assert by(found["agent_execution_cost_total"], "currency") == {
        currency: float(amount) for currency, amount in snapshot.models.cost.items()
    }


@given(service_snapshots())
def test_a_block_counts_while_it_lasts(snapshot):
    found = read(snapshot)
    heartbeat = snapshot.service.heartbeat
    lag = max(0.0, snapshot.taken_monotonic_seconds - heartbeat.last_monotonic_seconds - 0.25)
    assert only(found["agent_event_loop_lag_seconds"]) == lag
    assert only(found["agent_event_loop_blocked_seconds_total"]) == heartbeat.lateness_seconds + lag
    uptime = heartbeat.last_monotonic_seconds - snapshot.service.started_monotonic_seconds
    assert only(found["agent_service_uptime_seconds"]) == uptime


@given(service_snapshots())
def test_any_snapshot_is_read_by_the_openmetrics_parser(snapshot):
    registry = CollectorRegistry()
    registry.register(ServiceCollector(Fixed(snapshot), golden.sections()))
    parsed = list(text_string_to_metric_families(generate_openmetrics(registry).decode()))
    assert {family.name for family in parsed} >= {"agent_tasks_created", "agent_service", "agent_task_latency_seconds"}


def test_success_rate_and_ages_are_absent_until_they_apply():
    idle = read(idle_snapshot())
    busy = read(golden.busy_snapshot())
    for name in (
        "agent_task_success_rate",
        "agent_task_oldest_pending_timestamp_seconds",
        "agent_task_oldest_progress_timestamp_seconds",
    ):
        assert name not in idle
        assert name in busy
    assert only(busy["agent_task_success_rate"]) == 0.6


def test_the_exposition_is_the_golden_one():
    assert golden.exposition() == golden.PATH.read_text(encoding="utf-8")


def test_everything_shown_is_described_and_takes_no_snapshot():
    source = Fixed(golden.busy_snapshot())
    collector = ServiceCollector(source)
    described = {(family.name, family.type, family.documentation) for family in collector.describe()}
    assert source.taken == 0
    assert {(family.name, family.type, family.documentation) for family in collector.collect()} == described
    assert source.taken == 1


def test_a_service_exposes_at_most_800_series():
    assert sum(map(len, samples(ServiceCollector(Fixed(golden.busy_snapshot()))).values())) <= 800


@pytest.mark.system_tools
def test_promtool_finds_nothing_but_the_known_exception():
    registry = CollectorRegistry()
    registry.register(ServiceCollector(Fixed(golden.busy_snapshot())))
    checked = subprocess.run(
        [require_program("promtool"), "check", "metrics"],
        input=generate_latest(registry),
        capture_output=True,
        check=False,
    )
    complaints = checked.stderr.decode().splitlines() + checked.stdout.decode().splitlines()
    assert complaints == [
        'agent_temp_files_count non-histogram and non-summary metrics should not have "_count" suffix'
    ]


def failing(section, metric):
    """Return the sections with one row that raises."""

    def fail(subject):
        raise LookupError("nothing there")

    def broken(row):
        return attrs.evolve(row, read=fail) if row.name == metric else row

    return tuple(
        attrs.evolve(each, metrics=tuple(map(broken, each.metrics))) if each.name == section else each
        for each in catalogue.sections()
    )


def test_a_section_that_fails_is_left_out_whole_and_reported(caplog):
    collector = ServiceCollector(Fixed(idle_snapshot()), failing("sandboxes", "agent_actions_total"))
    found = samples(collector)
    assert successes(found) == {**dict.fromkeys(SECTIONS, 1.0), "sandboxes": 0.0}
    sandboxes = {
        metric.name for section in catalogue.sections() if section.name == "sandboxes" for metric in section.metrics
    }
    assert sandboxes.isdisjoint(found)
    assert "agent_tasks_created_total" in found
    assert "process_cpu_seconds_total" in found
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "section sandboxes is left out of the metrics: LookupError: nothing there" in record.message
    assert collector.failures()["sandboxes"] == 1


def test_a_failure_is_logged_once_and_its_end_too(caplog):
    caplog.set_level(logging.INFO)
    source = Fixed(attrs.evolve(idle_snapshot(), streams=None))
    collector = ServiceCollector(source)
    samples(collector)
    samples(collector)
    source.current = idle_snapshot()
    assert successes(samples(collector)) == dict.fromkeys(SECTIONS, 1.0)
    assert [(record.levelname, record.getMessage()[:15]) for record in caplog.records] == [
        ("ERROR", "section streams"),
        ("INFO", "section streams"),
    ]
    assert collector.failures()["streams"] == 2


def test_without_a_snapshot_the_process_still_shows(caplog):
    found = samples(ServiceCollector(Broken()))
    assert successes(found) == {**dict.fromkeys(SECTIONS, 0.0), "process": 1.0}
    assert only(found["agent_memory_usage_bytes"]) > 1e6
    assert {name for name in found if name.startswith("agent_")} == {
        "agent_collector_success",
        "agent_collector_duration_seconds",
        "agent_memory_usage_bytes",
    }
    assert len(caplog.records) == len(SECTIONS) - 1


def test_the_error_of_a_snapshot_keeps_one_traceback_however_often_it_is_raised():
    instant = Instant(Broken())
    lengths = []
    for _ in range(5):
        with pytest.raises(RuntimeError) as raised:
            instant.snapshot()
        lengths.append(len(raised.traceback))
    assert len(set(lengths[1:])) == 1


def test_registering_twice_says_what_to_do():
    registry = CollectorRegistry()
    source = Fixed(idle_snapshot())
    collector = register(source, registry)
    with pytest.raises(AlreadyRegisteredError, match="unregister the collector that the first call returned"):
        register(source, registry)
    registry.unregister(collector)
    register(source, registry)


def test_registration_takes_no_snapshot():
    source = Fixed(idle_snapshot())
    register(source, CollectorRegistry())
    assert source.taken == 0


def test_the_default_registry_keeps_its_own_process_collectors():
    collector = register(Fixed(idle_snapshot()), REGISTRY)
    try:
        text = generate_latest(REGISTRY).decode()
    finally:
        REGISTRY.unregister(collector)
    assert text.count("# TYPE process_cpu_seconds_total") == 1
    assert text.count("# TYPE python_info") == 1
    assert "agent_memory_usage_bytes" in text


def test_a_restricted_registry_finds_the_metrics():
    registry = CollectorRegistry()
    register(Fixed(golden.busy_snapshot()), registry)
    text = generate_latest(registry.restricted_registry(["agent_proxy_steps_total"])).decode()
    assert text.splitlines()[2:] == ["agent_proxy_steps_total 263.0"]


def test_disabled_families_are_not_read():
    off = ["agent_step_phase_duration_seconds", "python_gc", "process"]
    collector = register(Fixed(idle_snapshot()), CollectorRegistry(), disabled=off)
    found = samples(collector)
    assert "agent_step_phase_duration_seconds_count" not in found
    assert "process_cpu_seconds_total" not in found
    assert "python_info" in found
    assert successes(found) == dict.fromkeys(SECTIONS, 1.0)


@pytest.mark.parametrize("name", ["agent_tasks_created_total", "nonsense"])
def test_what_is_not_optional_cannot_be_disabled(name):
    with pytest.raises(ConfigError, match=f"PROMETHEUS_DISABLE names '{name}', which is none of: agent_"):
        register(Fixed(idle_snapshot()), CollectorRegistry(), disabled=[name])


def test_exemplars_stand_on_the_histograms_of_tasks_phases_model_calls_and_openings():
    registry = CollectorRegistry()
    registry.register(ServiceCollector(Fixed(golden.busy_snapshot()), golden.sections()))
    families = text_string_to_metric_families(generate_openmetrics(registry).decode())
    marked = {
        family.name: {sample.exemplar.labels["task_id"] for sample in family.samples if sample.exemplar}
        for family in families
        if any(sample.exemplar for sample in family.samples)
    }
    assert marked == {
        "agent_task_execution_duration_seconds": {"task-1"},
        "agent_step_phase_duration_seconds": {"task-3"},
        "agent_model_request_duration_seconds": {"task-2", 'a "quoted" \\ id'},
        "agent_sandbox_open_duration_seconds": {"task-1", "task-2", "task-3"},
    }
    assert b"task-1" not in generate_latest(registry)
