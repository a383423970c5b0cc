"""Tasks: how many, how they end, how long they take and wait, and where their time goes."""

from collectors.operations.dashboards.model import OUTCOME_COLOURS, Board, Look, Panel, Query, Row, Unit
from collectors.operations.thresholds import Thresholds


def quantiles(histogram: str, labels: str = "", legend: str = "") -> tuple[Query, ...]:
    """Return the queries for the median, the 95th and the 99th percentile of a histogram, by `labels`.

    The comparison leaves out what has no observations, whose quantile is NaN.
    """
    by = ", ".join(part for part in (labels, "le") if part)
    return tuple(
        Query(
            f"histogram_quantile({quantile}, sum by ({by}) (rate({histogram}_bucket{{@}}[$__rate_interval]))) >= 0",
            " ".join(part for part in (legend, name) if part),
        )
        for quantile, name in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))
    )


def board(limits: Thresholds) -> Board:
    """Return the dashboard, with the lines of `limits`."""
    return Board(
        uid="gui-agents-tasks",
        title="GUI agents: tasks",
        description="How tasks run, wait, succeed and fail.",
        rows=(
            Row(
                "Flow",
                (
                    Panel(
                        title="Live tasks",
                        description="Tasks that wait and that run.",
                        unit=Unit.COUNT,
                        queries=(
                            Query("sum by (status) (agent_tasks{@})", "{{status}}"),
                            Query("sum(agent_task_slots{@})", "slots"),
                        ),
                        colours=OUTCOME_COLOURS,
                    ),
                    Panel(
                        title="Created and ended",
                        description="Tasks that enter each status, each second.",
                        unit=Unit.PER_SECOND,
                        queries=(
                            Query(
                                "sum by (status) (rate(agent_tasks_created_total{@}[$__rate_interval]))",
                                "{{status}}",
                            ),
                        ),
                        colours=OUTCOME_COLOURS,
                    ),
                    Panel(
                        title="Refused submissions",
                        description="Submissions that became no task, each second, by reason.",
                        unit=Unit.PER_SECOND,
                        queries=(
                            Query(
                                "sum by (reason) (rate(agent_tasks_rejected_total{@}[$__rate_interval]))", "{{reason}}"
                            ),
                        ),
                        stacked=True,
                    ),
                ),
            ),
            Row(
                "Outcomes",
                (
                    Panel(
                        title="Failure ratio over 15 minutes",
                        description="Failed / (completed + failed); a user's cancel is neither.",
                        unit=Unit.RATIO,
                        queries=(Query("job:agent_task_failures:ratio_rate15m{@job}", "{{job}}"),),
                        width=6,
                        maximum=1,
                        threshold=limits.task_failure_ratio,
                        alert="HighTaskFailureRate",
                    ),
                    Panel(
                        title="Failure ratio over 1 hour",
                        description="The same over 1 hour; the alert asks for the success, which is the rest.",
                        unit=Unit.RATIO,
                        queries=(Query("job:agent_task_failures:ratio_rate1h{@job}", "{{job}}"),),
                        width=6,
                        maximum=1,
                        threshold=round(1 - limits.task_success_ratio, 9),
                        alert="LowTaskSuccessRate",
                    ),
                    Panel(
                        title="Failures by reason",
                        description="Failed tasks within the chosen range, by reason.",
                        unit=Unit.COUNT,
                        queries=(
                            Query("sum by (reason) (increase(agent_task_failures_total{@}[$__range]))", "{{reason}}"),
                        ),
                        width=6,
                        look=Look.BARS,
                    ),
                    Panel(
                        title="Success since the start",
                        description="Completed / (completed + failed) of each instance since it started; absent "
                        "until one has ended.",
                        unit=Unit.RATIO,
                        queries=(Query("min by (instance) (agent_task_success_rate{@})", "{{instance}}"),),
                        width=6,
                        maximum=1,
                    ),
                ),
            ),
            Row(
                "Durations",
                (
                    Panel(
                        title="Execution time",
                        description="From running to the end, of every task that ran. The alert reads p95.",
                        unit=Unit.SECONDS,
                        queries=quantiles("agent_task_execution_duration_seconds"),
                        threshold=limits.execution_p95_seconds,
                        alert="HighTaskExecutionTime",
                    ),
                    Panel(
                        title="Execution time, sliding window",
                        description="Quantiles over the last 10 minutes of each instance, the worst one shown; "
                        "within 1 % of the exact ones.",
                        unit=Unit.SECONDS,
                        queries=(
                            Query("max by (quantile) (agent_task_latency_seconds{@} >= 0)", "quantile {{quantile}}"),
                        ),
                    ),
                    Panel(
                        title="Wait in the queue",
                        description="From pending to running, or to the end of a task that never ran. The alert "
                        "reads p95.",
                        unit=Unit.SECONDS,
                        queries=quantiles("agent_task_queue_wait_duration_seconds"),
                        threshold=limits.queue_wait_p95_seconds,
                        alert="HighTaskQueueWaitTime",
                    ),
                    Panel(
                        title="Age of the queue's head",
                        description="How long the head of each queue has been waiting; 0 if none waits.",
                        unit=Unit.SECONDS,
                        queries=(
                            Query(
                                "max by (instance) (time() - agent_task_oldest_pending_timestamp_seconds{@})"
                                " or 0 * sum by (instance) (up{@})",
                                "{{instance}}",
                            ),
                        ),
                        threshold=limits.pending_age_seconds,
                        alert="OldestPendingTooOld",
                    ),
                    Panel(
                        title="Longest silence",
                        description="How long the running task that has been silent longest has made no progress.",
                        unit=Unit.SECONDS,
                        queries=(
                            Query(
                                "max by (instance) (time() - agent_task_oldest_progress_timestamp_seconds{@})"
                                " or 0 * sum by (instance) (up{@})",
                                "{{instance}}",
                            ),
                        ),
                        threshold=limits.task_silence_seconds,
                        alert="TaskStuck",
                    ),
                    Panel(
                        title="Slots in use by instance",
                        description="Running tasks divided by slots.",
                        unit=Unit.RATIO,
                        queries=(Query("max by (instance) (agent_task_utilization{@})", "{{instance}}"),),
                        maximum=1,
                        threshold=1,
                        alert="InstanceSaturated",
                    ),
                ),
            ),
            Row(
                "Steps",
                (
                    Panel(
                        title="Steps",
                        description="Model decisions, each second.",
                        unit=Unit.PER_SECOND,
                        queries=(
                            Query("sum by (job) (rate(agent_proxy_steps_total{@}[$__rate_interval]))", "{{job}}"),
                        ),
                    ),
                    Panel(
                        title="Time of a step by phase",
                        description="95 % of the phases take at most this long.",
                        unit=Unit.SECONDS,
                        queries=quantiles("agent_step_phase_duration_seconds", "phase", "{{phase}}")[1:2],
                    ),
                    Panel(
                        title="Steps of a task",
                        description="Steps of each ended task that ran.",
                        unit=Unit.COUNT,
                        queries=quantiles("agent_task_steps"),
                    ),
                    Panel(
                        title="Actions",
                        description="Actions that sandboxes did, each second.",
                        unit=Unit.PER_SECOND,
                        queries=(
                            Query("sum by (action) (rate(agent_actions_total{@}[$__rate_interval]))", "{{action}}"),
                        ),
                        width=12,
                        stacked=True,
                    ),
                    Panel(
                        title="Failed actions",
                        description="Actions that ended in an error, divided by all.",
                        unit=Unit.RATIO,
                        queries=(
                            Query(
                                'sum by (job) (rate(agent_actions_total{@,outcome="error"}[$__rate_interval]))'
                                " / (sum by (job) (rate(agent_actions_total{@}[$__rate_interval])) > 0)",
                                "{{job}}",
                            ),
                        ),
                        width=12,
                        maximum=1,
                    ),
                ),
            ),
        ),
    )
