"""Which series exist: their kind, their labels, the values that closed labels can have, their largest bucket.

The checks of rules and dashboards look here; a test compares every row with the service's own catalogue and with a
live scrape, so that neither can drift.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from collectors.definitions import MetricType
from gui_agents.tasks.lifecycle import LIVE, FailureReason, TaskStatus


@attrs.frozen
class Metric:
    """One family, by the name that its samples share (with `_total` and `_info`, without `_bucket`)."""

    name: str
    kind: MetricType
    labels: tuple[str, ...] = ()
    largest_bucket: float | None = None
    """Of a histogram: its largest finite upper bound."""


@attrs.frozen
class Series:
    """One kind of series that a query can select."""

    name: str
    kind: MetricType
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
    {
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
    }
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
    Metric("up", MetricType.GAUGE),
    Metric("scrape_duration_seconds", MetricType.GAUGE),
    Metric("scrape_samples_scraped", MetricType.GAUGE),
    Metric("scrape_samples_post_metric_relabeling", MetricType.GAUGE),
    Metric("scrape_series_added", MetricType.GAUGE),
    Metric("ALERTS", MetricType.GAUGE, ("alertname", "alertstate", "severity", "long", "short")),
)
"""Series that Prometheus writes about each of its targets and alerts."""

PROCESS: Final = (
    Metric("process_cpu_seconds_total", MetricType.COUNTER),
    Metric("process_resident_memory_bytes", MetricType.GAUGE),
    Metric("process_virtual_memory_bytes", MetricType.GAUGE),
    Metric("process_start_time_seconds", MetricType.GAUGE),
    Metric("process_open_fds", MetricType.GAUGE),
    Metric("process_max_fds", MetricType.GAUGE),
    Metric("python_gc_objects_collected_total", MetricType.COUNTER, ("generation",)),
    Metric("python_gc_objects_uncollectable_total", MetricType.COUNTER, ("generation",)),
    Metric("python_gc_collections_total", MetricType.COUNTER, ("generation",)),
    Metric("python_info", MetricType.GAUGE, ("implementation", "major", "minor", "patchlevel", "version")),
)

SERVICE: Final = (
    Metric("agent_tasks_created_total", MetricType.COUNTER, ("status",)),
    Metric("agent_tasks_active", MetricType.GAUGE),
    Metric("agent_task_execution_duration_seconds", MetricType.HISTOGRAM, (), 3600),
    Metric("agent_task_queue_wait_duration_seconds", MetricType.HISTOGRAM, (), 120),
    Metric("agent_task_utilization", MetricType.GAUGE),
    Metric("agent_grpc_requests_total", MetricType.COUNTER, ("method",)),
    Metric("agent_grpc_request_duration_seconds", MetricType.HISTOGRAM, ("method",), 10),
    Metric("agent_grpc_errors_total", MetricType.COUNTER, ("method", "status_code")),
    Metric("agent_grpc_stream_connections", MetricType.GAUGE, ("method",)),
    Metric("agent_tokens_consumed_total", MetricType.COUNTER, ("type",)),
    Metric("agent_execution_cost_total", MetricType.COUNTER, ("currency",)),
    Metric("agent_sandbox_created_total", MetricType.COUNTER, ("sandbox_type",)),
    Metric("agent_proxy_steps_total", MetricType.COUNTER),
    Metric("agent_task_steps", MetricType.HISTOGRAM, (), 200),
    Metric("agent_memory_usage_bytes", MetricType.GAUGE),
    Metric("agent_temp_files_count", MetricType.GAUGE),
    Metric("agent_stream_manager_tasks", MetricType.GAUGE),
    Metric("agent_task_success_rate", MetricType.GAUGE),
    Metric("agent_task_latency_seconds", MetricType.SUMMARY),
    Metric("agent_service_uptime_seconds", MetricType.GAUGE),
    Metric("agent_config_updates_total", MetricType.COUNTER, ("config_type",)),
    Metric("agent_service_info", MetricType.INFO, ("version", "max_concurrent_tasks", "log_level", "domain")),
    Metric("agent_tasks", MetricType.GAUGE, ("status",)),
    Metric("agent_task_failures_total", MetricType.COUNTER, ("reason",)),
    Metric("agent_tasks_rejected_total", MetricType.COUNTER, ("reason",)),
    Metric("agent_task_slots", MetricType.GAUGE),
    Metric("agent_task_queue_capacity", MetricType.GAUGE),
    Metric("agent_task_retention_limit", MetricType.GAUGE),
    Metric("agent_tasks_retained", MetricType.GAUGE),
    Metric("agent_task_oldest_pending_timestamp_seconds", MetricType.GAUGE),
    Metric("agent_task_oldest_progress_timestamp_seconds", MetricType.GAUGE),
    Metric("agent_actions_total", MetricType.COUNTER, ("action", "outcome")),
    Metric("agent_step_phase_duration_seconds", MetricType.HISTOGRAM, ("phase",), 60),
    Metric("agent_model_requests_total", MetricType.COUNTER, ("provider", "outcome")),
    Metric("agent_model_request_duration_seconds", MetricType.HISTOGRAM, ("provider",), 60),
    Metric("agent_model_tokens_total", MetricType.COUNTER, ("provider", "direction")),
    Metric("agent_model_usage_unknown_total", MetricType.COUNTER, ("provider",)),
    Metric("agent_model_price_unknown_total", MetricType.COUNTER, ("provider",)),
    Metric("agent_sandboxes", MetricType.GAUGE, ("sandbox_type",)),
    Metric("agent_sandbox_failures_total", MetricType.COUNTER, ("sandbox_type",)),
    Metric("agent_stream_subscribers", MetricType.GAUGE),
    Metric("agent_stream_messages_total", MetricType.COUNTER),
    Metric("agent_stream_messages_skipped_total", MetricType.COUNTER),
    Metric("agent_grpc_handled_total", MetricType.COUNTER, ("method", "code")),
    Metric("agent_event_loop_lag_seconds", MetricType.GAUGE),
    Metric("agent_event_loop_blocked_seconds_total", MetricType.COUNTER),
    Metric("agent_collector_success", MetricType.GAUGE, ("section",)),
    Metric("agent_collector_duration_seconds", MetricType.GAUGE, ("section",)),
)


def known_series(metrics: Iterable[Metric] = (*SERVICE, *PROCESS, *PROMETHEUS_OWN)) -> dict[str, Series]:
    """Return every series that a query can select, by its name."""
    return {series.name: series for metric in metrics for series in _series(metric)}


def _series(metric: Metric) -> Iterable[Series]:
    labels = TARGET_LABELS | set(metric.labels)
    match metric.kind:
        case MetricType.HISTOGRAM:
            yield Series(f"{metric.name}_bucket", MetricType.COUNTER, labels | {"le"}, metric.largest_bucket)
            yield Series(f"{metric.name}_sum", MetricType.COUNTER, labels, None)
            yield Series(f"{metric.name}_count", MetricType.COUNTER, labels, None)
        case MetricType.SUMMARY:
            yield Series(metric.name, MetricType.GAUGE, labels | {"quantile"}, None)
            yield Series(f"{metric.name}_sum", MetricType.COUNTER, labels, None)
            yield Series(f"{metric.name}_count", MetricType.COUNTER, labels, None)
        case _:
            yield Series(metric.name, metric.kind, labels, None)
