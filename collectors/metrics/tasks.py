"""Tasks: how many, where they are, how they end, how long they take, and the steps that they are made of."""

from typing import Final

from collectors.metrics.definitions import RECENT, Metric, MetricType, Section, counter, gauge, histogram
from gui_agents.domain.lifecycle import FailureReason, TaskStatus
from gui_agents.domain.step import Phase
from gui_agents.domain.task import RejectReason
from gui_agents.snapshot import ServiceSnapshot, TasksSnapshot

ENDED: Final = (TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.CANCELLED)
"""How tasks end."""


def utilization(tasks: TasksSnapshot) -> float:
    """Return the part of the slots that is taken, 0 to 1."""
    return tasks.live[TaskStatus.RUNNING] / tasks.slots


def success_rate(tasks: TasksSnapshot) -> float | None:
    """Return completed / (completed + failed), 0 to 1; None until one has ended."""
    completed, failed = tasks.created[TaskStatus.COMPLETED], tasks.created[TaskStatus.FAILED]
    return completed / (completed + failed) if completed + failed else None


def _running(snapshot: ServiceSnapshot) -> int:
    return snapshot.tasks.live[TaskStatus.RUNNING]


SECTION = Section[ServiceSnapshot](
    name="tasks",
    metrics=(
        counter(
            "agent_tasks_created_total",
            "Tasks that have entered each status since the start; pending counts creations, "
            "and a task counts once in each status that it reaches.",
            lambda snapshot: snapshot.tasks.created,
            labels={"status": TaskStatus},
            example='sum by (status) (rate(agent_tasks_created_total{status=~"completed|failed|cancelled"}[5m]))',
        ),
        gauge(
            "agent_tasks_active",
            "Tasks that hold a slot now, which is to say that they are running.",
            _running,
            example="sum(agent_tasks_active)",
        ),
        histogram(
            "agent_task_execution_duration_seconds",
            "Seconds from running to the end, observed at the end of every task that ran, whatever its outcome.",
            lambda snapshot: snapshot.tasks.execution,
            example="histogram_quantile(0.95, sum by (le) (rate(agent_task_execution_duration_seconds_bucket[5m])))",
        ),
        histogram(
            "agent_task_queue_wait_duration_seconds",
            "Seconds from pending to running, or to the end of a task that never ran, observed when the wait is over.",
            lambda snapshot: snapshot.tasks.queue_wait,
            example="histogram_quantile(0.95, sum by (le) (rate(agent_task_queue_wait_duration_seconds_bucket[5m])))",
        ),
        gauge(
            "agent_task_utilization",
            "Tasks that run now divided by the tasks that may run at once, 0 to 1.",
            lambda snapshot: utilization(snapshot.tasks),
            example="avg(agent_task_utilization)",
            ratio=True,
        ),
        counter(
            "agent_proxy_steps_total",
            "Agent steps since the start, counted as each model decision is made, the last one of a task included.",
            lambda snapshot: snapshot.steps.steps,
            example="sum(rate(agent_proxy_steps_total[5m]))",
        ),
        histogram(
            "agent_task_steps",
            "Steps of each task that ran, observed when it ends.",
            lambda snapshot: snapshot.tasks.steps,
            example="histogram_quantile(0.5, sum by (le) (rate(agent_task_steps_bucket[1h])))",
        ),
        gauge(
            "agent_task_success_rate",
            "Completed tasks divided by completed and failed ones since the start, 0 to 1; "
            "cancelled ones are neither, and it is absent until one has ended.",
            lambda snapshot: success_rate(snapshot.tasks),
            example="min(agent_task_success_rate)",
            ratio=True,
        ),
        Metric(
            name="agent_task_latency_seconds",
            type=MetricType.SUMMARY,
            help="Seconds from running to the end; the quantiles are those of the last ten minutes, "
            "NaN if no task ended in them; sum and count are those of all tasks since the start.",
            read=lambda snapshot: snapshot.tasks.latency,
            example='max(agent_task_latency_seconds{quantile="0.95"})',
        ),
        gauge(
            "agent_tasks",
            "Tasks in each live status now.",
            lambda snapshot: snapshot.tasks.live,
            labels={"status": (TaskStatus.PENDING, TaskStatus.RUNNING)},
            example='sum(agent_tasks{status="pending"})',
            optional=True,
        ),
        counter(
            "agent_task_failures_total",
            "Failed tasks since the start, counted as each one ends, by the reason.",
            lambda snapshot: snapshot.tasks.failures,
            labels={"reason": FailureReason},
            example="topk(3, sum by (reason) (increase(agent_task_failures_total[1h])))",
            optional=True,
        ),
        counter(
            "agent_tasks_rejected_total",
            "Submissions since the start that became no task, by the reason.",
            lambda snapshot: snapshot.tasks.rejected,
            labels={"reason": RejectReason},
            example='sum(increase(agent_tasks_rejected_total{reason="queue_full"}[5m]))',
            optional=True,
        ),
        gauge(
            "agent_task_slots",
            "Tasks that may run at once, as configured.",
            lambda snapshot: snapshot.tasks.slots,
            example="sum(agent_task_slots) - sum(agent_tasks_active)",
            optional=True,
        ),
        gauge(
            "agent_task_queue_capacity",
            "Tasks that may wait for a slot, as configured.",
            lambda snapshot: snapshot.tasks.queue_capacity,
            example='agent_tasks{status="pending"} / on (instance) agent_task_queue_capacity',
            optional=True,
        ),
        gauge(
            "agent_task_retention_limit",
            "Ended tasks that are kept in memory at most, as configured.",
            lambda snapshot: snapshot.tasks.retention_limit,
            example="agent_tasks_retained / agent_task_retention_limit",
            optional=True,
        ),
        gauge(
            "agent_tasks_retained",
            "Ended tasks that are kept in memory now.",
            lambda snapshot: snapshot.tasks.retained,
            example="sum(agent_tasks_retained)",
            optional=True,
        ),
        gauge(
            "agent_task_oldest_pending_timestamp_seconds",
            "Unix time when the task at the head of the queue was created; absent if none waits.",
            lambda snapshot: snapshot.tasks.oldest_pending_at,
            example="time() - agent_task_oldest_pending_timestamp_seconds",
            optional=True,
        ),
        gauge(
            "agent_task_oldest_progress_timestamp_seconds",
            "Unix time of the last progress of the running task that has been silent longest; absent if none runs.",
            lambda snapshot: snapshot.tasks.oldest_progress_at,
            example="time() - agent_task_oldest_progress_timestamp_seconds",
            optional=True,
        ),
        gauge(
            "agent_recent_tasks",
            "Tasks that ended in the last five minutes, by how they ended; for readers of a single page. "
            "Queries compute it from agent_tasks_created_total, over any time.",
            lambda snapshot: snapshot.recent.ended,
            labels={"status": ENDED},
            example='sum by (instance) (agent_recent_tasks{status="failed"})',
            optional=True,
            switch=RECENT,
        ),
        gauge(
            "agent_recent_rejections",
            "Submissions in the last five minutes that became no task, by the reason; for readers of a single page. "
            "Queries compute it from agent_tasks_rejected_total, over any time.",
            lambda snapshot: snapshot.recent.rejected,
            labels={"reason": RejectReason},
            example='sum by (instance) (agent_recent_rejections{reason="queue_full"})',
            optional=True,
            switch=RECENT,
        ),
        histogram(
            "agent_step_phase_duration_seconds",
            "Seconds of each phase of a step, observed as the phase ends.",
            lambda snapshot: snapshot.steps.phases,
            labels={"phase": Phase},
            example="sum by (phase) (rate(agent_step_phase_duration_seconds_sum[5m]))",
            optional=True,
        ),
    ),
)
