"""What `top` shows, as plain values: from a page and the history of pages; pure."""

from typing import TYPE_CHECKING, Final

import attrs

from gui_agents.commands.top.history import UPTIME, History
from gui_agents.tasks.lifecycle import TaskStatus

if TYPE_CHECKING:
    from collectors.scraped import Scraped

RATE_SECONDS: Final = 60.0
"""What rates of tasks and RPCs are averaged over."""
HOUR_SECONDS: Final = 3600.0
SPENT_SECONDS: Final = 600.0
"""What tokens and cost per hour are extrapolated from."""
STEPS: Final = 40
"""Bars of a sparkline at most."""
ENDS: Final = (TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.CANCELLED)


@attrs.frozen(kw_only=True)
class Outcome:
    """Tasks that ended in one way."""

    total: float
    per_minute: float


@attrs.frozen(kw_only=True)
class Method:
    """One RPC method."""

    name: str
    total: float
    errors: float
    per_second: float
    errors_per_second: float


@attrs.frozen(kw_only=True)
class Figures:
    """One frame; None where the page does not tell."""

    version: str
    uptime_seconds: float | None
    restarts: int
    """Seen while looking."""
    averaged_seconds: float | None
    """What rates are averaged over; None: since the service's start."""
    running: float | None
    slots: float | None
    pending: float | None
    queue_capacity: float | None
    oldest_pending_seconds: float | None
    silent_seconds: float | None
    """Of the running task that has been silent longest."""
    outcomes: dict[str, Outcome]
    failures: dict[str, float]
    """By reason, those that happened, most frequent first."""
    success_rate: float | None
    """0 to 1."""
    latency_seconds: dict[str, float]
    """By quantile; NaN where no task ended in the last ten minutes."""
    ended_per_second: list[float]
    """Ended tasks from reading to reading, oldest first."""
    steps_per_second: float
    methods: list[Method]
    """Those that were called, busiest first."""
    open_streams: float
    tokens_per_hour: dict[str, float]
    cost_per_hour: dict[str, float]
    memory_bytes: float | None
    loop_lag_seconds: float | None
    loop_blocked: float
    """The part of the time that the event loop was blocked."""
    sandboxes: dict[str, float]
    """Open ones by type, without types that have none."""
    files: float | None
    sections: dict[str, bool]
    """Whether each section of the page could be read."""


def figures(page: "Scraped", history: History, now: float) -> Figures:
    """Return the frame of a page that is the last one in `history`; `now` is the wall clock."""
    return Figures(
        version=next((dict(labels).get("version", "") for labels in page.series("agent_service_info")), ""),
        uptime_seconds=page.one(UPTIME),
        restarts=history.restarts,
        averaged_seconds=history.covered(RATE_SECONDS),
        running=page.one("agent_tasks_active"),
        slots=page.one("agent_task_slots"),
        pending=page.one("agent_tasks", status="pending"),
        queue_capacity=page.one("agent_task_queue_capacity"),
        oldest_pending_seconds=_age(page.one("agent_task_oldest_pending_timestamp_seconds"), now),
        silent_seconds=_age(page.one("agent_task_oldest_progress_timestamp_seconds"), now),
        outcomes={status: _outcome(page, history, status) for status in ENDS},
        failures=_largest(page.by("agent_task_failures_total", "reason")),
        success_rate=page.one("agent_task_success_rate"),
        latency_seconds={
            quantile: value for quantile, value in page.by("agent_task_latency_seconds", "quantile").items() if quantile
        },
        ended_per_second=_ended(history),
        steps_per_second=history.rate("agent_proxy_steps_total", RATE_SECONDS),
        methods=_methods(page, history),
        open_streams=sum(page.series("agent_grpc_stream_connections").values()),
        tokens_per_hour={
            kind: history.rate("agent_tokens_consumed_total", SPENT_SECONDS, type=kind) * HOUR_SECONDS
            for kind in page.by("agent_tokens_consumed_total", "type")
        },
        cost_per_hour={
            currency: history.rate("agent_execution_cost_total", SPENT_SECONDS, currency=currency) * HOUR_SECONDS
            for currency in page.by("agent_execution_cost_total", "currency")
        },
        memory_bytes=page.one("agent_memory_usage_bytes"),
        loop_lag_seconds=page.one("agent_event_loop_lag_seconds"),
        loop_blocked=min(1.0, history.rate("agent_event_loop_blocked_seconds_total", RATE_SECONDS)),
        sandboxes=_largest(page.by("agent_sandboxes", "sandbox_type")),
        files=page.one("agent_temp_files_count"),
        sections={name: value > 0 for name, value in page.by("agent_collector_success", "section").items()},
    )


def _age(instant: float | None, now: float) -> float | None:
    # The service's clock may be ahead of the reader's.
    return None if instant is None else max(0.0, now - instant)


def _largest(values: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in sorted(values.items(), key=lambda item: -item[1]) if value}


def _outcome(page: "Scraped", history: History, status: str) -> Outcome:
    total = page.one("agent_tasks_created_total", status=status) or 0.0
    return Outcome(total=total, per_minute=60 * history.rate("agent_tasks_created_total", RATE_SECONDS, status=status))


def _ended(history: History) -> list[float]:
    series = [history.steps("agent_tasks_created_total", STEPS, status=status) for status in ENDS]
    return [sum(rates) for rates in zip(*series, strict=True)]


def _methods(page: "Scraped", history: History) -> list[Method]:
    requests, errors = page.by("agent_grpc_requests_total", "method"), page.by("agent_grpc_errors_total", "method")
    called = [
        Method(
            name=name,
            total=total,
            errors=errors.get(name, 0.0),
            per_second=history.rate("agent_grpc_requests_total", RATE_SECONDS, method=name),
            errors_per_second=history.rate("agent_grpc_errors_total", RATE_SECONDS, method=name),
        )
        for name, total in requests.items()
        if total
    ]
    return sorted(called, key=lambda method: (-method.per_second, -method.total))
