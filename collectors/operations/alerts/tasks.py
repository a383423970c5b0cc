"""Do tasks succeed, do they move, and how long do they take and wait?"""

from typing import Final

from collectors.operations.model import Alert, Setting, Severity, number
from collectors.operations.recording import ACTIVE, ENDED_MATCHER, EXECUTION_P95, QUEUE_WAIT_P95, TASK_FAILURES

ANY_END: Final = 'status=~"completed|failed|cancelled"'
SEEN_MINUTES: Final = 54
"""So many of the 60 minutes must be known, to say that nothing ended in them: a young Prometheus has not seen them."""


def alerts(setting: Setting) -> tuple[Alert, ...]:
    """Return the alerts of this group."""
    return (*_outcomes(setting), *_progress(setting), *_durations(setting))


def _ended(setting: Setting, nominal: str, matcher: str = ENDED_MATCHER) -> str:
    created = setting.series("agent_tasks_created_total", matcher)
    return f"sum by (job) (increase({created}[{setting.window(nominal)}]))"


def _outcomes(setting: Setting) -> tuple[Alert, ...]:
    limits = setting.thresholds
    return (
        Alert(
            name="HighTaskFailureRate",
            expr=(
                f"{setting.series(TASK_FAILURES + '15m')} > {number(limits.task_failure_ratio)}\n"
                f"and on (job)\n{_ended(setting, '15m')} >= {number(limits.task_failure_minimum)}"
            ),
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
            expr=(
                f"1 - {setting.series(TASK_FAILURES + '1h')} < {number(limits.task_success_ratio)}\n"
                f"and on (job)\n{_ended(setting, '1h')} >= {number(limits.task_success_minimum)}"
            ),
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
    uptime = setting.series("agent_service_uptime_seconds")
    return (
        Alert(
            name="TaskStuck",
            expr=f"time() - {progress} > {setting.seconds(limits.task_silence_seconds)}",
            hold_seconds=setting.hold("5m"),
            severity=Severity.WARNING,
            summary="A task on {{ $labels.instance }} makes no progress",
            description="A running task of {{ $labels.instance }} has been silent for {{ $value | humanizeDuration }}.",
        ),
        Alert(
            name="NoTaskCompletes",
            expr=(
                f"min_over_time({active}[{hour}]) > 0\n"
                f"and on (job)\ncount_over_time({active}[{hour}:{minute}]) >= {SEEN_MINUTES}\n"
                f"and on (job)\n{_ended(setting, '1h', ANY_END)} == 0\n"
                f"and on (job)\nmax by (job) ({uptime}) >= {setting.seconds(3600)}"
            ),
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
            expr=f"time() - {pending} > {setting.seconds(limits.pending_age_seconds)}",
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
            expr=f"{setting.series(EXECUTION_P95)} > {setting.seconds(limits.execution_p95_seconds)}",
            hold_seconds=setting.hold("10m"),
            severity=Severity.WARNING,
            summary="Tasks of {{ $labels.job }} run long",
            description="95 % of the tasks of {{ $labels.job }} run {{ $value | humanizeDuration }} at most.",
        ),
        Alert(
            name="HighTaskQueueWaitTime",
            expr=f"{setting.series(QUEUE_WAIT_P95)} > {setting.seconds(limits.queue_wait_p95_seconds)}",
            hold_seconds=setting.hold("5m"),
            severity=Severity.WARNING,
            summary="Tasks of {{ $labels.job }} wait long",
            description=(
                "95 % of the tasks of {{ $labels.job }} wait {{ $value | humanizeDuration }} at most until they run."
            ),
        ),
    )
