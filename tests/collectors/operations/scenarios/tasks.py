"""The alerts on outcomes, progress and durations of tasks."""

from typing import Final

from tests.collectors.operations.scenarios.case import Case, Course, brief
from tests.collectors.operations.timelines import STALE, Phases, Signal, age, growth, lasting, level, tail

UPTIME: Final = "agent_service_uptime_seconds"
OLD: Final = growth(UPTIME, 60, 60, start=7200)
PROGRESS: Final = "agent_task_oldest_progress_timestamp_seconds"
PENDING: Final = "agent_task_oldest_pending_timestamp_seconds"
EXECUTION: Final = ("agent_task_execution_duration_seconds", (120, 300, 600))
QUEUE_WAIT: Final = ("agent_task_queue_wait_duration_seconds", (30, 60, 120))


def created(status: str, good: float, bad: float) -> Signal:
    """Tasks that end, or begin, a minute."""
    return growth("agent_tasks_created_total", good, bad, f'status="{status}"')


def _outcomes(completed: float, failed: float) -> list[Signal]:
    """So many a minute while bad; while good half as many, and all complete."""
    return [
        created("completed", (completed + failed) / 2, completed),
        created("failed", 0, failed),
        created("cancelled", 1, 1),
    ]


def _running(good: float | str, bad: float) -> Signal:
    return level("agent_tasks_active", good, bad)


def _ending(**each: float) -> list[Signal]:
    """So many tasks that end a minute while bad, by how; they begin in any case."""
    return [
        created("running", 1, 1),
        *(created(status, 0, each.get(status, 0)) for status in ("completed", "failed", "cancelled")),
    ]


CASES: Final = (
    Case(
        alert="MostTasksFail",
        severity="critical",
        course=Course(
            signals=[created("completed", 1, 0.45), created("failed", 0, 0.55), created("cancelled", 1, 1)],
            rise=9.25,
            fall=0.5,
        ),
        also={
            "a total outage": Course(
                signals=[created("completed", 4, 0), created("failed", 0, 4)], rise=2.75, fall=2.5
            ),
            "a task a minute": Course(signals=[created("completed", 1, 0), created("failed", 0, 1)], rise=5, fall=2.5),
            "failures are slower than successes were": Course(
                signals=[created("completed", 4, 0), created("failed", 0, 2)], rise=3.5, fall=1.75
            ),
        },
        worse=[created("completed", 1, 0.2), created("failed", 0, 9)],
        phases=Phases(60, 20, 15),
        hold=0,
        step=0.25,
        quiet={
            "hardly half": [created("completed", 0, 0.52), created("failed", 0, 0.48)],
            "too few to wake somebody": [created("completed", 0, 0), created("failed", 0, 0.15)],
            "cancelled by users": [created("cancelled", 0, 5), created("completed", 0, 1), created("failed", 0, 0)],
        },
    ),
    Case(
        alert="HighTaskFailureRate",
        severity="warning",
        course=Course(signals=_outcomes(0.28, 0.08), rise=13, fall=13),
        worse=_outcomes(0.2, 3),
        clearer=_outcomes(0.35, 0.1),
        phases=Phases(20, 30, 30),
        hold=5,
        quiet={
            "hardly a fifth": _outcomes(0.81, 0.19),
            "too few to judge": [created("completed", 0, 0), created("failed", 0, 0.1), created("cancelled", 0, 5)],
            "cancelled by users": [created("cancelled", 0, 5), created("completed", 0, 1), created("failed", 0, 0)],
        },
    ),
    Case(
        alert="LowTaskSuccessRate",
        severity="warning",
        course=Course(signals=_outcomes(0.125, 0.059), rise=53, fall=8),
        worse=_outcomes(0.1, 3),
        phases=Phases(60, 90, 30),
        hold=10,
        quiet={
            "hardly 70 %": _outcomes(0.71, 0.29),
            "too few to judge": [created("completed", 0, 0), created("failed", 0, 0.05), created("cancelled", 0, 5)],
            "cancelled by users": [created("cancelled", 0, 5), created("completed", 0, 1), created("failed", 0, 0)],
        },
    ),
    Case(
        alert="TaskStuck",
        severity="warning",
        per_instance=True,
        quiet={"silent for exactly 900 s": [age(PROGRESS, 0, 900)]},
        **brief(5, [age(PROGRESS, 10, 901)]),
    ),
    Case(
        alert="NoTaskCompletes",
        severity="warning",
        course=Course(signals=[OLD, _running(2, 2), created("completed", 1, 0)], rise=60, fall=1),
        also={
            "after an idle hour": Course(signals=[OLD, _running(0, 2), *_ending()], rise=60),
            "seen by a young Prometheus": Course(signals=[OLD, _running(STALE, 2), *_ending()], rise=53, fall=10),
            "after a restart": Course(signals=[lasting(UPTIME, 40, 70), _running(2, 2), *_ending()], rise=60),
        },
        phases=Phases(70, 100, 20),
        hold=15,
        quiet={
            "idle": [OLD, _running(0, 0), created("completed", 0, 0)],
            "they complete": [OLD, _running(0, 2), *_ending(completed=1)],
            "they fail": [OLD, _running(0, 2), *_ending(failed=1)],
            "they are cancelled": [OLD, _running(0, 2), *_ending(cancelled=1)],
        },
    ),
    Case(
        alert="OldestPendingTooOld",
        severity="warning",
        per_instance=True,
        quiet={"waits for exactly 300 s": [age(PENDING, 0, 300)]},
        **brief(5, [age(PENDING, 1, 301)]),
    ),
    Case(
        alert="HighTaskExecutionTime",
        severity="warning",
        course=Course(signals=tail(*EXECUTION, 0, 0.06), rise=5, fall=1),
        worse=tail(*EXECUTION, 0, 1),
        phases=Phases(10, 30, 20),
        hold=10,
        quiet={"up to 300 s": tail(*EXECUTION, 0, 0.049)},
    ),
    Case(
        alert="HighTaskQueueWaitTime",
        severity="warning",
        course=Course(signals=tail(*QUEUE_WAIT, 0, 0.06), rise=5, fall=1),
        worse=tail(*QUEUE_WAIT, 0, 1),
        phases=Phases(10, 30, 20),
        hold=5,
        quiet={"up to 60 s": tail(*QUEUE_WAIT, 0, 0.049)},
    ),
)
