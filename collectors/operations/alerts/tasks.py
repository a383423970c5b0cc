"""Do tasks succeed, do they move, and how long do they take and wait?"""

from typing import Final

from collectors.operations.formula import Aggregate, Matcher
from collectors.operations.model import Alert, Scope, Setting, Severity, number
from collectors.operations.recording import ACTIVE, ENDED_MATCHER, EXECUTION_P95, QUEUE_WAIT_P95, TASK_FAILURES
from gui_agents.domain.lifecycle import TaskStatus

ANY_END: Final = Matcher("status", "=~", f"{TaskStatus.COMPLETED}|{TaskStatus.FAILED}|{TaskStatus.CANCELLED}")
SEEN_MINUTES: Final = 54
"""So many of the 60 minutes must be known, to say that nothing ended in them: a young Prometheus has not seen them."""


def alerts(setting: Setting) -> tuple[Alert, ...]:
    """Return the alerts of this group."""
    return (*_outcomes(setting), *_progress(setting), *_durations(setting))


def _ended(setting: Setting, window: str, matcher: Matcher = ENDED_MATCHER) -> Aggregate:
    return setting.aggregate("sum", "agent_tasks_created_total", matcher, increase=window)


def _outcomes(setting: Setting) -> tuple[Alert, ...]:
    limits = setting.thresholds
    return (
        Alert(
            name="HighTaskFailureRate",
            formula=(
                f"{setting.series(TASK_FAILURES + '15m')} > {number(limits.task_failure_ratio)}\nand on (job)\n",
                _ended(setting, "15m"),
                f" >= {number(limits.task_failure_minimum)}",
            ),
            scope=Scope.JOB,
            hold_seconds=setting.hold("5m"),
            keep_firing_seconds=setting.hold("10m"),
            severity=Severity.WARNING,
            summary="Many tasks of {{ $labels.job }} fail",
            description=(
                f"{{{{ $value | humanizePercentage }}}} of the tasks that ended within {setting.window('15m')} failed."
            ),
        ),
        Alert(
            name="LowTaskSuccessRate",
            formula=(
                f"1 - {setting.series(TASK_FAILURES + '1h')} < {number(limits.task_success_ratio)}\nand on (job)\n",
                _ended(setting, "1h"),
                f" >= {number(limits.task_success_minimum)}",
            ),
            scope=Scope.JOB,
            hold_seconds=setting.hold("10m"),
            severity=Severity.WARNING,
            summary="Few tasks of {{ $labels.job }} succeed",
            description=(
                f"Only {{{{ $value | humanizePercentage }}}} of the tasks that ended within {setting.window('1h')} "
                "completed."
            ),
        ),
    )


def _progress(setting: Setting) -> tuple[Alert, ...]:
    limits = setting.thresholds
    progress = setting.series("agent_task_oldest_progress_timestamp_seconds")
    pending = setting.series("agent_task_oldest_pending_timestamp_seconds")
    active = setting.series(ACTIVE)
    hour, minute = setting.window("1h"), setting.window("1m")
    uptime = setting.aggregate("max", "agent_service_uptime_seconds")
    return (
        Alert(
            name="TaskStuck",
            formula=f"time() - {progress} > {setting.seconds(limits.task_silence_seconds)}",
            hold_seconds=setting.hold("5m"),
            severity=Severity.WARNING,
            summary="A task on {{ $labels.instance }} makes no progress",
            description="A running task of {{ $labels.instance }} has been silent for {{ $value | humanizeDuration }}.",
        ),
        Alert(
            name="NoTaskCompletes",
            formula=(
                f"min_over_time({active}[{hour}]) > 0\nand on (job)\n",
                f"count_over_time({active}[{hour}:{minute}]) >= {SEEN_MINUTES}\nand on (job)\n",
                _ended(setting, "1h", ANY_END),
                " == 0\nand on (job)\n",
                uptime,
                f" >= {setting.seconds(3600)}",
            ),
            scope=Scope.JOB,
            hold_seconds=setting.hold("15m"),
            severity=Severity.WARNING,
            summary="Tasks of {{ $labels.job }} run and none ends",
            description=(
                f"At least {{{{ $value }}}} tasks of {{{{ $labels.job }}}} ran all the time within {hour}, and none "
                "ended, in whatever way."
            ),
        ),
        Alert(
            name="OldestPendingTooOld",
            formula=f"time() - {pending} > {setting.seconds(limits.pending_age_seconds)}",
            hold_seconds=setting.hold("5m"),
            severity=Severity.WARNING,
            summary="The queue of {{ $labels.instance }} does not move",
            description="The head of the queue of {{ $labels.instance }} waits for {{ $value | humanizeDuration }}.",
        ),
    )


def _durations(setting: Setting) -> tuple[Alert, ...]:
    limits = setting.thresholds
    return (
        Alert(
            name="HighTaskExecutionTime",
            formula=f"{setting.series(EXECUTION_P95)} > {setting.seconds(limits.execution_p95_seconds)}",
            scope=Scope.JOB,
            hold_seconds=setting.hold("10m"),
            severity=Severity.WARNING,
            summary="Tasks of {{ $labels.job }} run long",
            description="95 % of the tasks of {{ $labels.job }} run {{ $value | humanizeDuration }} at most.",
        ),
        Alert(
            name="HighTaskQueueWaitTime",
            formula=f"{setting.series(QUEUE_WAIT_P95)} > {setting.seconds(limits.queue_wait_p95_seconds)}",
            scope=Scope.JOB,
            hold_seconds=setting.hold("5m"),
            severity=Severity.WARNING,
            summary="Tasks of {{ $labels.job }} wait long",
            description=(
                "95 % of the tasks of {{ $labels.job }} wait {{ $value | humanizeDuration }} at most until they run."
            ),
        ),
    )
