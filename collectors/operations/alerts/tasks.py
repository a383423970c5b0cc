"""Do tasks succeed, do they move, and how long do they take and wait?"""

from typing import Final

from collectors.operations.formula import Aggregate, Matcher
from collectors.operations.model import Alert, Scope, Setting, Severity, number
from collectors.operations.recording import (
    ACTIVE,
    ENDED_MATCHER,
    EXECUTION_P95,
    FAILED_MATCHER,
    QUEUE_WAIT_P95,
    TASK_FAILURES,
)
from collectors.operations.wording import COUNT, DURATION, PERCENT, SECONDS, mostly
from gui_agents.domain.lifecycle import TaskStatus

ANY_END: Final = Matcher("status", "=~", f"{TaskStatus.COMPLETED}|{TaskStatus.FAILED}|{TaskStatus.CANCELLED}")
SEEN_MINUTES: Final = 54
"""So many of the 60 minutes must be known, to say that nothing ended in them: a young Prometheus has not seen them."""


def alerts(setting: Setting) -> tuple[Alert, ...]:
    """Return the alerts of this group."""
    return (*_outcomes(setting), *_progress(setting), *_durations(setting))


def reasons(setting: Setting, window: str) -> str:
    """Return a template that names the most frequent reason for which tasks failed."""
    return mostly(setting, "agent_task_failures_total", ("reason",), window)


def _ended(setting: Setting, window: str, matcher: Matcher = ENDED_MATCHER) -> Aggregate:
    return setting.aggregate("sum", "agent_tasks_created_total", matcher, increase=window)


def _outcomes(setting: Setting) -> tuple[Alert, ...]:
    limits = setting.thresholds
    return (
        Alert(
            name="MostTasksFail",
            # A short window, so that good hours before neither delay nor, after healing, prolong it. A longer one for
            # the minimum, so that a service with a task a minute is judged as well.
            formula=(
                f"{setting.series(TASK_FAILURES + '5m')} > {number(limits.task_outage_ratio)}\nand on (job)\n",
                _ended(setting, "10m", FAILED_MATCHER),
                f" >= {number(limits.task_outage_minimum)}",
            ),
            scope=Scope.JOB,
            hold_seconds=0,
            severity=Severity.CRITICAL,
            summary="Most tasks of {{ $labels.job }} fail",
            description=(
                f"{PERCENT} of the tasks of {{{{ $labels.job }}}} that ended within 5 minutes failed."
                f"{reasons(setting, '10m')} First: see in the runbook what this reason means."
            ),
        ),
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
                f"{PERCENT} of the tasks of {{{{ $labels.job }}}} that ended within 15 minutes failed."
                f"{reasons(setting, '15m')} First: see in the runbook what this reason means."
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
                f"Only {PERCENT} of the tasks of {{{{ $labels.job }}}} that ended within 1 hour completed."
                f"{reasons(setting, '1h')} First: see in the runbook what this reason means."
            ),
        ),
    )


def _progress(setting: Setting) -> tuple[Alert, ...]:
    limits = setting.thresholds
    progress = setting.recent("agent_task_oldest_progress_timestamp_seconds")
    pending = setting.recent("agent_task_oldest_pending_timestamp_seconds")
    active = setting.series(ACTIVE)
    hour, minute = setting.window("1h"), setting.window("1m")
    uptime = setting.aggregate("max", "agent_service_uptime_seconds", recent=True)
    return (
        Alert(
            name="TaskStuck",
            formula=f"time() - {progress} > {setting.seconds(limits.task_silence_seconds)}",
            hold_seconds=setting.hold("5m"),
            severity=Severity.WARNING,
            summary="A task on {{ $labels.instance }} makes no progress",
            description=(
                f"A running task of {{{{ $labels.instance }}}} has been silent for {DURATION}. First: find its id in "
                "the log of this instance, and cancel it if nobody waits for it."
            ),
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
                f"At least {COUNT} tasks of {{{{ $labels.job }}}} have run all the time for 1 hour, and none ended, in "
                "whatever way. First: see whether they still make steps."
            ),
        ),
        Alert(
            name="OldestPendingTooOld",
            formula=f"time() - {pending} > {setting.seconds(limits.pending_age_seconds)}",
            hold_seconds=setting.hold("5m"),
            severity=Severity.WARNING,
            summary="The queue of {{ $labels.instance }} does not move",
            description=(
                f"The first task in the queue of {{{{ $labels.instance }}}} has waited for {DURATION}. First: see "
                "whether all slots are taken."
            ),
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
            description=(
                f"For 10 minutes, one task in twenty of {{{{ $labels.job }}}} has run for more than {SECONDS}. First: "
                "see which phase of a step takes the time."
            ),
        ),
        Alert(
            name="HighTaskQueueWaitTime",
            formula=f"{setting.series(QUEUE_WAIT_P95)} > {setting.seconds(limits.queue_wait_p95_seconds)}",
            scope=Scope.JOB,
            hold_seconds=setting.hold("5m"),
            severity=Severity.WARNING,
            summary="Tasks of {{ $labels.job }} wait long",
            description=(
                f"For 5 minutes, one task in twenty of {{{{ $labels.job }}}} has waited for more than {SECONDS} before "
                "it ran. First: see whether all slots are taken."
            ),
        ),
    )
