"""Which series exist: their kind, their labels, the values that closed labels can have, their largest bucket.

The checks of rules and dashboards look here. Names, kinds and labels are the catalogue's; what the catalogue cannot
know, such as bounds and closed sets of values, stands here, and a test compares it with a live scrape.
"""

import functools
from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from collectors.exposition.reading import OUTCOMES
from collectors.metrics import catalogue
from collectors.metrics.definitions import MetricType
from gui_agents.domain.lifecycle import LIVE, FailureReason, TaskStatus
from gui_agents.snapshot import ServiceInfo


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

FROM_0_TO_1: Final = frozenset({"agent_task_utilization", "agent_task_success_rate", "agent_collector_success", "up"})
"""Gauges whose values lie between 0 and 1, so that no threshold makes sense beyond."""

PARTS: Final = frozenset({("agent_grpc_errors_total", "agent_grpc_requests_total")})
"""Pairs of counters of which the first one counts some of what the second one counts."""

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

INFO_LABELS: Final = {"agent_service_info": tuple(field.name for field in attrs.fields(ServiceInfo))}
"""Labels of info metrics, which the catalogue reads together with their values."""

LARGEST_BUCKET: Final[Mapping[str, float]] = {
    "agent_task_execution_duration_seconds": 3600,
    "agent_task_queue_wait_duration_seconds": 120,
    "agent_task_steps": 200,
    "agent_grpc_request_duration_seconds": 10,
    "agent_step_phase_duration_seconds": 60,
    "agent_model_request_duration_seconds": 60,
}
"""The largest finite bound of every histogram, which the catalogue leaves to those who observe."""


@functools.cache
def known_series() -> Mapping[str, Series]:
    """Return every series that a query can select, by its name."""
    everything = (*catalogue.sections(), OUTCOMES)
    metrics = (
        Metric(row.name, row.type, INFO_LABELS.get(row.name, row.labels), LARGEST_BUCKET.get(row.name))
        for section in everything
        for row in section.metrics
    )
    return {series.name: series for metric in (*metrics, *PROMETHEUS_OWN) for series in _series(metric)}


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
