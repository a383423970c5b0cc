"""The series that expressions are checked against are those that a service exposes, and those of Prometheus."""

import math

from tools import idle
from tools.vocabulary import PROMETHEUS_OWN, known_series

SAMPLES = idle.samples()
ABSENT_AT_FIRST = {
    "agent_auth_failures_total",
    "agent_quota_rejections_total",
    "agent_task_oldest_pending_timestamp_seconds",
    "agent_task_oldest_progress_timestamp_seconds",
    "agent_task_success_rate",
    "agent_web_config_last_reload_timestamp_seconds",
    "agent_web_config_reload_success",
}


def test_everything_that_is_exposed_is_known_with_its_labels():
    known = known_series()
    assert {sample.name for sample in SAMPLES if not set(sample.labels) <= known[sample.name].labels} == set()


def test_everything_that_is_known_is_exposed_or_written_by_prometheus():
    of_prometheus = {series.name for series in PROMETHEUS_OWN}
    assert set(known_series()) - {sample.name for sample in SAMPLES} == ABSENT_AT_FIRST | of_prometheus


def test_every_histogram_and_nothing_else_has_a_largest_bucket():
    found: dict[str, float] = {}
    for sample in SAMPLES:
        bound = float(sample.labels.get("le", "inf"))
        if math.isfinite(bound):
            found[sample.name] = max(found.get(sample.name, 0), bound)
    known = {name: series.largest_bucket for name, series in known_series().items() if series.largest_bucket}
    assert known == found


def test_what_a_row_says_of_its_values_is_known_of_its_series():
    known = known_series()
    assert {name for name, series in known.items() if series.ratio} == {
        "agent_collector_success",
        "agent_task_success_rate",
        "agent_task_utilization",
        "agent_web_config_reload_success",
        "up",
    }
    assert known["agent_grpc_errors_total"].part_of == "agent_grpc_requests_total"
    assert known["agent_tokens_consumed_total"].overlapping == "type"
    assert known["agent_tasks"].values == {"status": {"pending", "running"}}
    assert known["agent_step_phase_duration_seconds_bucket"].values == {"phase": {"observe", "decide", "act"}}
    assert known["agent_execution_cost_total"].values == {}
