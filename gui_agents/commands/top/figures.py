"""What `top` shows, as plain values, computed from a page and the history of pages."""

from math import inf, isfinite
from typing import TYPE_CHECKING, Final

import attrs

from gui_agents.commands.top.history import UPTIME, History
from gui_agents.domain.lifecycle import TaskStatus
from gui_agents.domain.sandbox import SandboxStart
from gui_agents.domain.storage import StorageOperation, StorageOutcome
from gui_agents.domain.usage import CallOutcome

if TYPE_CHECKING:
    from collectors.scraping.scraped import Scraped

RATE_SECONDS: Final = 60.0
"""Seconds over which rates of tasks and RPCs are averaged."""
HOUR_SECONDS: Final = 3600.0
SPENT_SECONDS: Final = 600.0
"""Seconds from which tokens and cost per hour are extrapolated."""
RECENT_MINUTES: Final = 5
"""Minutes that the service's own recent numbers are about."""
STEPS: Final = 40
"""Maximum number of bars of a sparkline."""
MOST: Final = 0.95
"""The share of sandboxes whose opening time is shown."""
COMMITS: Final = "agent_storage_operations_total"
FAILED: Final = {"operation": StorageOperation.COMMIT.value, "outcome": StorageOutcome.ERROR.value}
"""What tells a failed transaction from others. What failed before the first page is not told: it may be long ago."""
ENDS: Final = (TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.CANCELLED)


@attrs.frozen(kw_only=True)
class Outcome:
    """Tasks that ended in one way."""

    total: float | None
    per_minute: float | None


@attrs.frozen(kw_only=True)
class Method:
    """One RPC method."""

    name: str
    total: float
    errors: float | None
    per_second: float | None
    errors_per_second: float | None


@attrs.frozen(kw_only=True)
class Figures:
    """One frame. A number that the page does not have is None."""

    version: str
    uptime_seconds: float | None
    restarts: int
    """Restarts since `top` has been running."""
    averaged_seconds: float | None
    """Seconds over which rates are averaged; None means since the service's start."""
    running: float | None
    slots: float | None
    pending: float | None
    queue_capacity: float | None
    oldest_pending_seconds: float | None
    silent_seconds: float | None
    """Seconds since the last progress of the running task that has been silent longest."""
    outcomes: dict[str, Outcome]
    failures: dict[str, float] | None
    """Failures by reason, most frequent first, without reasons that did not occur."""
    success_rate: float | None
    """Since the start, 0 to 1."""
    recent_minutes: int
    """The last minutes that the recent figures are about."""
    recent_ended: float | None
    """Tasks that completed or failed in the last minutes."""
    recent_success_rate: float | None
    """Of these, 0 to 1; None if there are none."""
    recent_model_calls: float | None
    """Calls to models that ended in the last minutes."""
    recent_answer_rate: float | None
    """The share of these that got an answer, 0 to 1; None if there are none."""
    latency_seconds: dict[str, float]
    """Latency by quantile; NaN if no task ended in the last ten minutes."""
    ended_per_second: list[float]
    """Ended tasks from reading to reading, oldest first."""
    steps_per_second: float | None
    methods: list[Method] | None
    """Methods that were called, busiest first."""
    open_streams: float | None
    tokens_per_hour: dict[str, float | None]
    cost_per_hour: dict[str, float | None]
    memory_bytes: float | None
    loop_lag_seconds: float | None
    loop_blocked: float | None
    """The share of the time, 0 to 1, in which the event loop was blocked."""
    sandboxes: dict[str, float] | None
    """Open sandboxes by type, without types that have none."""
    sandboxes_ready: float | None
    """Open sandboxes that wait for their first task."""
    sandboxes_ended: dict[str, float] | None
    """Sandboxes by the reason of their end, most frequent first, without reasons that did not occur."""
    sandbox_open_seconds: dict[str, float] | None
    """By type, the bound within which 95 % opened while their task waited; infinite above all bounds."""
    egress: dict[str, float] | None
    """Connections of browsers by what became of them, most frequent first."""
    files: float | None
    storage_waiting: float | None
    """Entries that are not on disk."""
    storage_failing: bool
    """Whether transactions have failed of late."""
    sections: dict[str, bool]
    """Whether each section of the page could be read."""


def figures(page: "Scraped", history: History, now: float) -> Figures:
    """Return the frame of `page`, which is the last one in `history`. `now` is the wall clock in seconds."""
    covered = history.covered(RATE_SECONDS)
    blocked = history.rate("agent_event_loop_blocked_seconds_total", RATE_SECONDS)
    tasks, calls = page.by("agent_recent_tasks", "status"), page.by("agent_recent_model_calls", "outcome")
    ended = sum(tasks.get(status, 0.0) for status in (TaskStatus.COMPLETED, TaskStatus.FAILED)) if tasks else None
    called = sum(calls.values()) if calls else None
    answered = sum(calls.get(outcome, 0.0) for outcome in (CallOutcome.OK, CallOutcome.INVALID))
    return Figures(
        version=next((dict(labels).get("version", "") for labels in page.series("agent_service_info")), ""),
        uptime_seconds=_one(page, UPTIME),
        restarts=history.restarts,
        averaged_seconds=covered,
        running=_one(page, "agent_tasks_active"),
        slots=_one(page, "agent_task_slots"),
        pending=_one(page, "agent_tasks", status="pending"),
        queue_capacity=_one(page, "agent_task_queue_capacity"),
        oldest_pending_seconds=_age(_one(page, "agent_task_oldest_pending_timestamp_seconds"), now),
        silent_seconds=_age(_one(page, "agent_task_oldest_progress_timestamp_seconds"), now),
        outcomes={status: _outcome(page, history, status) for status in ENDS},
        failures=_largest(page, "agent_task_failures_total", "reason"),
        success_rate=_one(page, "agent_task_success_rate"),
        recent_minutes=RECENT_MINUTES,
        recent_ended=ended,
        recent_success_rate=tasks.get(TaskStatus.COMPLETED, 0.0) / ended if ended else None,
        recent_model_calls=called,
        recent_answer_rate=answered / called if called else None,
        latency_seconds={
            quantile: value
            for quantile, value in page.by("agent_task_latency_seconds", "quantile").items()
            if _is_number(quantile)
        },
        ended_per_second=_ended(history),
        steps_per_second=history.rate("agent_proxy_steps_total", RATE_SECONDS),
        methods=_methods(page, history),
        open_streams=_sum(page, "agent_grpc_stream_connections"),
        tokens_per_hour=_per_hour(page, history, "agent_tokens_consumed_total", "type"),
        cost_per_hour=_per_hour(page, history, "agent_execution_cost_total", "currency"),
        memory_bytes=_one(page, "agent_memory_usage_bytes"),
        loop_lag_seconds=_one(page, "agent_event_loop_lag_seconds"),
        loop_blocked=None if blocked is None else min(1.0, blocked),
        sandboxes=_largest(page, "agent_sandboxes", "sandbox_type"),
        sandboxes_ready=_one(page, "agent_sandboxes_warm"),
        sandboxes_ended=_largest(page, "agent_sandboxes_ended_total", "reason"),
        sandbox_open_seconds=_opening(page),
        egress=_largest(page, "agent_egress_connections_total", "verdict"),
        files=_one(page, "agent_temp_files_count"),
        storage_waiting=_one(page, "agent_storage_queue"),
        storage_failing=covered is not None and bool(history.rate(COMMITS, RATE_SECONDS, **FAILED)),
        sections={name: value > 0 for name, value in page.by("agent_collector_success", "section").items()},
    )


def _one(page: "Scraped", name: str, **labels: str) -> float | None:
    value = page.one(name, **labels)
    return value if value is not None and isfinite(value) else None


def _sum(page: "Scraped", name: str) -> float | None:
    values = page.series(name).values()
    return sum(values) if values else None


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False


def _age(instant: float | None, now: float) -> float | None:
    # The service's clock may be ahead of ours.
    return None if instant is None else max(0.0, now - instant)


def _largest(page: "Scraped", name: str, label: str) -> dict[str, float] | None:
    values = page.by(name, label)
    if not values:
        return None
    return {key: value for key, value in sorted(values.items(), key=lambda item: -item[1]) if value}


def _outcome(page: "Scraped", history: History, status: str) -> Outcome:
    per_second = history.rate("agent_tasks_created_total", RATE_SECONDS, status=status)
    return Outcome(
        total=_one(page, "agent_tasks_created_total", status=status),
        per_minute=None if per_second is None else 60 * per_second,
    )


def _per_hour(page: "Scraped", history: History, name: str, label: str) -> dict[str, float | None]:
    rates = {key: history.rate(name, SPENT_SECONDS, **{label: key}) for key in page.by(name, label)}
    return {key: None if rate is None else rate * HOUR_SECONDS for key, rate in rates.items()}


def _opening(page: "Scraped") -> dict[str, float] | None:
    buckets: dict[str, dict[float, float]] = {}
    for series, value in page.series("agent_sandbox_open_duration_seconds_bucket").items():
        labels = dict(series)
        if labels.get("start") == SandboxStart.COLD:
            buckets.setdefault(labels.get("sandbox_type", ""), {})[float(labels["le"])] = value
    if not buckets:
        return None
    return {kind: _bound(counted, MOST) for kind, counted in buckets.items() if max(counted.values()) > 0}


def _bound(buckets: dict[float, float], share: float) -> float:
    """Return the lowest bound of a histogram's cumulative buckets below which this share of its observations lies."""
    least = share * max(buckets.values())
    return next((bound for bound in sorted(buckets) if buckets[bound] >= least), inf)


def _ended(history: History) -> list[float]:
    series = [history.steps("agent_tasks_created_total", STEPS, status=status) for status in ENDS]
    return [sum(rates) for rates in zip(*series, strict=True)]


def _methods(page: "Scraped", history: History) -> list[Method] | None:
    requests, errors = page.by("agent_grpc_requests_total", "method"), page.by("agent_grpc_errors_total", "method")
    if not requests:
        return None
    # A method without a listed error, beside others with errors, has had none.
    no_errors = 0.0 if errors else None
    called = [
        Method(
            name=name,
            total=total,
            errors=errors.get(name, no_errors),
            per_second=history.rate("agent_grpc_requests_total", RATE_SECONDS, method=name),
            errors_per_second=history.rate("agent_grpc_errors_total", RATE_SECONDS, method=name) or no_errors,
        )
        for name, total in requests.items()
        if total
    ]
    return sorted(called, key=lambda method: (-(method.per_second or 0.0), -method.total))
