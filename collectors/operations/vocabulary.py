"""Which series exist: their kind, their labels, the values that closed labels can have, their largest bucket.

The checks of rules and dashboards look here; a test compares every row with the service's own catalogue and with a
live scrape, so that neither can drift.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum, unique
from typing import Final

import attrs

from gui_agents.tasks.lifecycle import LIVE, FailureReason, TaskStatus


@unique
class Kind(StrEnum):
    """The type of a metric, as the exposition formats spell it."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    SUMMARY = "summary"
    INFO = "info"


@attrs.frozen
class Metric:
    """One family, by the name that its samples share (with `_total` and `_info`, without `_bucket`)."""

    name: str
    kind: Kind
    labels: tuple[str, ...] = ()
    largest_bucket: float | None = None
    """Of a histogram: its largest finite upper bound."""


@attrs.frozen
class Series:
    """One kind of series that a query can select."""

    name: str
    kind: Kind
    """COUNTER for everything that only grows, the parts of histograms and summaries included."""
    labels: frozenset[str]
    largest_bucket: float | None


METHODS: Final = frozenset(
    {
        "GetAgentInfo",
        "GetGlobalCommonConfig",
        "GetCommonConfig",
        "SetGlobalCommonConfig",
        "SetGlobalCommonLLMConfig",
        "SetGlobalGroundingLLMConfig",
        "SetGlobalEmbeddingLLMConfig",
        "RunAgentInstruction",
        "RunAgentInstructionAsync",
        "GetAgentTaskStream",
        "QueryTaskStatus",
        "CancelTask",
        "other",
    }
)
CODES: Final = frozenset(
    [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ]
)

VALUES: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("agent_tasks_created_total", "status"): frozenset(TaskStatus),
    ("agent_tasks", "status"): frozenset(LIVE),
    ("agent_task_failures_total", "reason"): frozenset(FailureReason),
    ("agent_tasks_rejected_total", "reason"): frozenset({"queue_full", "draining", "invalid", "denied"}),
    ("agent_tokens_consumed_total", "type"): frozenset({"input", "output", "total"}),
    ("agent_model_tokens_total", "direction"): frozenset({"input", "cached_input", "output"}),
    ("agent_model_requests_total", "outcome"): frozenset({"ok", "error", "timeout", "invalid"}),
    ("agent_actions_total", "outcome"): frozenset({"ok", "error"}),
    ("agent_step_phase_duration_seconds", "phase"): frozenset({"observe", "decide", "act"}),
    ("agent_grpc_errors_total", "status_code"): CODES - {"OK"},
    ("agent_grpc_handled_total", "code"): CODES,
}
"""The closed sets of values, by metric and label; `method` is the same everywhere."""

TARGET_LABELS: Final = frozenset({"job", "instance"})
"""What Prometheus itself puts on every series."""

PROMETHEUS_OWN: Final = (
    Metric("up", Kind.GAUGE),
    Metric("scrape_duration_seconds", Kind.GAUGE),
    Metric("scrape_samples_scraped", Kind.GAUGE),
    Metric("scrape_samples_post_metric_relabeling", Kind.GAUGE),
    Metric("scrape_series_added", Kind.GAUGE),
    Metric("ALERTS", Kind.GAUGE, ("alertname", "alertstate", "severity", "long", "short")),
)
"""Series that Prometheus writes about each of its targets and alerts."""

PROCESS: Final = (
    Metric("process_cpu_seconds_total", Kind.COUNTER),
    Metric("process_resident_memory_bytes", Kind.GAUGE),
    Metric("process_virtual_memory_bytes", Kind.GAUGE),
    Metric("process_start_time_seconds", Kind.GAUGE),
    Metric("process_open_fds", Kind.GAUGE),
    Metric("process_max_fds", Kind.GAUGE),
    Metric("python_gc_objects_collected_total", Kind.COUNTER, ("generation",)),
    Metric("python_gc_objects_uncollectable_total", Kind.COUNTER, ("generation",)),
    Metric("python_gc_collections_total", Kind.COUNTER, ("generation",)),
    Metric("python_info", Kind.GAUGE, ("implementation", "major", "minor", "patchlevel", "version")),
)

SERVICE: Final = (
    Metric("agent_tasks_created_total", Kind.COUNTER, ("status",)),
    Metric("agent_tasks_active", Kind.GAUGE),
    Metric("agent_task_execution_duration_seconds", Kind.HISTOGRAM, (), 3600),
    Metric("agent_task_queue_wait_duration_seconds", Kind.HISTOGRAM, (), 120),
    Metric("agent_task_utilization", Kind.GAUGE),
    Metric("agent_grpc_requests_total", Kind.COUNTER, ("method",)),
    Metric("agent_grpc_request_duration_seconds", Kind.HISTOGRAM, ("method",), 10),
    Metric("agent_grpc_errors_total", Kind.COUNTER, ("method", "status_code")),
    Metric("agent_grpc_stream_connections", Kind.GAUGE, ("method",)),
    Metric("agent_tokens_consumed_total", Kind.COUNTER, ("type",)),
    Metric("agent_execution_cost_total", Kind.COUNTER, ("currency",)),
    Metric("agent_sandbox_created_total", Kind.COUNTER, ("sandbox_type",)),
    Metric("agent_proxy_steps_total", Kind.COUNTER),
    Metric("agent_task_steps", Kind.HISTOGRAM, (), 200),
    Metric("agent_memory_usage_bytes", Kind.GAUGE),
    Metric("agent_temp_files_count", Kind.GAUGE),
    Metric("agent_stream_manager_tasks", Kind.GAUGE),
    Metric("agent_task_success_rate", Kind.GAUGE),
    Metric("agent_task_latency_seconds", Kind.SUMMARY),
    Metric("agent_service_uptime_seconds", Kind.GAUGE),
    Metric("agent_config_updates_total", Kind.COUNTER, ("config_type",)),
    Metric("agent_service_info", Kind.INFO, ("version", "max_concurrent_tasks", "log_level", "domain")),
    Metric("agent_tasks", Kind.GAUGE, ("status",)),
    Metric("agent_task_failures_total", Kind.COUNTER, ("reason",)),
    Metric("agent_tasks_rejected_total", Kind.COUNTER, ("reason",)),
    Metric("agent_task_slots", Kind.GAUGE),
    Metric("agent_task_queue_capacity", Kind.GAUGE),
    Metric("agent_task_retention_limit", Kind.GAUGE),
    Metric("agent_tasks_retained", Kind.GAUGE),
    Metric("agent_task_oldest_pending_timestamp_seconds", Kind.GAUGE),
    Metric("agent_task_oldest_progress_timestamp_seconds", Kind.GAUGE),
    Metric("agent_actions_total", Kind.COUNTER, ("action", "outcome")),
    Metric("agent_step_phase_duration_seconds", Kind.HISTOGRAM, ("phase",), 60),
    Metric("agent_model_requests_total", Kind.COUNTER, ("provider", "outcome")),
    Metric("agent_model_request_duration_seconds", Kind.HISTOGRAM, ("provider",), 60),
    Metric("agent_model_tokens_total", Kind.COUNTER, ("provider", "direction")),
    Metric("agent_model_usage_unknown_total", Kind.COUNTER, ("provider",)),
    Metric("agent_model_price_unknown_total", Kind.COUNTER, ("provider",)),
    Metric("agent_sandboxes", Kind.GAUGE, ("sandbox_type",)),
    Metric("agent_sandbox_failures_total", Kind.COUNTER, ("sandbox_type",)),
    Metric("agent_stream_subscribers", Kind.GAUGE),
    Metric("agent_stream_messages_total", Kind.COUNTER),
    Metric("agent_stream_messages_skipped_total", Kind.COUNTER),
    Metric("agent_grpc_handled_total", Kind.COUNTER, ("method", "code")),
    Metric("agent_event_loop_lag_seconds", Kind.GAUGE),
    Metric("agent_event_loop_blocked_seconds_total", Kind.COUNTER),
    Metric("agent_collector_success", Kind.GAUGE, ("section",)),
    Metric("agent_collector_duration_seconds", Kind.GAUGE, ("section",)),
)


def known_series(metrics: Iterable[Metric] = (*SERVICE, *PROCESS, *PROMETHEUS_OWN)) -> dict[str, Series]:
    """Return every series that a query can select, by its name."""
    return {series.name: series for metric in metrics for series in _series(metric)}


def _series(metric: Metric) -> Iterable[Series]:
    labels = TARGET_LABELS | set(metric.labels)
    match metric.kind:
        case Kind.HISTOGRAM:
            yield Series(f"{metric.name}_bucket", Kind.COUNTER, labels | {"le"}, metric.largest_bucket)
            yield Series(f"{metric.name}_sum", Kind.COUNTER, labels, None)
            yield Series(f"{metric.name}_count", Kind.COUNTER, labels, None)
        case Kind.SUMMARY:
            yield Series(metric.name, Kind.GAUGE, labels | {"quantile"}, None)
            yield Series(f"{metric.name}_sum", Kind.COUNTER, labels, None)
            yield Series(f"{metric.name}_count", Kind.COUNTER, labels, None)
        case _:
            yield Series(metric.name, metric.kind, labels, None)
