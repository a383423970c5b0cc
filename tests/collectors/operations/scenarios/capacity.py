"""The alerts on slots, memory, files and streams."""

from typing import Final

from tests.collectors.operations.scenarios.case import Case, Course, brief
from tests.collectors.operations.timelines import Phases, Signal, growth, lasting, level

UPTIME: Final = "agent_service_uptime_seconds"
OLD: Final = growth(UPTIME, 60, 60, start=7200)
MEMORY: Final = "agent_memory_usage_bytes"
REJECTED: Final = "agent_tasks_rejected_total"
STREAMS: Final = "agent_grpc_stream_connections"


def _taken(good: float, bad: float) -> list[Signal]:
    """Of a hundred slots."""
    return [level("agent_tasks_active", good, bad), level("agent_task_slots", 100, 100)]


def _limits(logs_bad: float) -> list[Signal]:
    return [
        level("agent_stream_manager_tasks", 100, logs_bad),
        level("agent_task_retention_limit", 1000, 1000),
        level("agent_task_slots", 5, 5),
        level("agent_task_queue_capacity", 100, 100),
    ]


def _kept(logs_bad: float) -> list[Signal]:
    return [
        level("agent_stream_manager_tasks", 13, logs_bad),
        level("agent_tasks_retained", 10, 10),
        level("agent_tasks", 1, 1, 'status="pending"'),
        level("agent_tasks", 2, 2, 'status="running"'),
    ]


CASES: Final = (
    Case(
        alert="HighTaskUtilization",
        severity="warning",
        quiet={"exactly nine of ten": _taken(0, 90)},
        **brief(5, _taken(50, 91)),
    ),
    Case(
        alert="TaskUtilizationAtCapacity",
        severity="critical",
        quiet={"a slot in a hundred is free": [level("agent_task_utilization", 0, 0.99)]},
        **brief(2, [level("agent_task_utilization", 0.5, 1)], step=0.5),
    ),
    Case(
        alert="InstanceSaturated",
        severity="warning",
        per_instance=True,
        quiet={"a slot in a hundred is free": [level("agent_task_utilization", 0, 0.99)]},
        **brief(15, [level("agent_task_utilization", 0.5, 1)]),
    ),
    Case(
        alert="SubmissionsRejected",
        severity="warning",
        course=Course(signals=[growth(REJECTED, 0, 1, 'reason="queue_full"')], rise=1, fall=10),
        worse=[growth(REJECTED, 0, 1, 'reason="queue_full"')],
        phases=Phases(10, 20, 20),
        hold=5,
        quiet={"refused for other reasons": [growth(REJECTED, 0, 9, 'reason="invalid"')]},
    ),
    Case(
        alert="HighMemoryUsage",
        severity="warning",
        per_instance=True,
        quiet={"exactly 2 GiB": [level(MEMORY, 0, 2**31)]},
        **brief(5, [level(MEMORY, 10**9, 2**31 + 1)]),
    ),
    Case(
        alert="MemoryGrowth",
        severity="warning",
        per_instance=True,
        course=Course(signals=[OLD, growth(MEMORY, 0, 14e6, start=1e9)], rise=44, fall=32),
        also={
            "after a restart": Course(signals=[lasting(UPTIME, 40, 60), growth(MEMORY, 20e6, 20e6, start=1e9)], rise=61)
        },
        phases=Phases(60, 120, 60),
        hold=30,
        quiet={
            "large and flat": [OLD, growth(MEMORY, 0, 0, start=4e9)],
        },
    ),
    Case(
        alert="TooManyTempFiles",
        severity="warning",
        per_instance=True,
        quiet={"exactly 1000": [level("agent_temp_files_count", 0, 1000)]},
        **brief(10, [level("agent_temp_files_count", 10, 1001)]),
    ),
    Case(
        alert="TooManyStreamConnections",
        severity="warning",
        per_instance=True,
        quiet={"exactly 100 each": [level(STREAMS, 0, 100, 'method="GetAgentTaskStream"')]},
        **brief(
            5,
            [
                level(STREAMS, 10, 51, 'method="RunAgentInstruction"'),
                level(STREAMS, 10, 50, 'method="GetAgentTaskStream"'),
            ],
        ),
    ),
    Case(
        alert="StreamManagerOverload",
        severity="warning",
        per_instance=True,
        quiet={"hardly above the limits": _limits(1215)},
        **brief(5, _limits(1216)),
    ),
    Case(
        alert="StreamManagerLeak",
        severity="warning",
        per_instance=True,
        quiet={"one log for each task": _kept(13)},
        **brief(15, _kept(14)),
    ),
)
