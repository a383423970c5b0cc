"""The golden exposition: one busy service, rendered to the letter.

`python -m tests.collectors.golden` writes the file anew after a wanted change; read the difference before you keep it.
"""

from bisect import bisect_left
from decimal import Decimal
from math import fsum
from pathlib import Path

import attrs
from prometheus_client import CollectorRegistry, generate_latest

from collectors import ServiceCollector
from collectors.metrics import catalogue
from gui_agents.domain.buckets import COMMIT_SECONDS, PHASE_SECONDS, RPC_SECONDS, SANDBOX_OPEN_SECONDS
from gui_agents.domain.step import ActionOutcome
from gui_agents.snapshot import (
    BudgetPoint,
    HeartbeatSnapshot,
    HistogramPoint,
    ServiceInfo,
    ServiceSnapshot,
    TokenCounts,
    WindowPoint,
)
from tests import strategies
from tests.collectors.sources import Fixed

PATH = Path(__file__).parent.parent / "golden" / "exposition.txt"


def observed(bounds, *values, task_id=None):
    """Return a histogram of these values; where a task is told, each stands for its bucket."""
    counts, exemplars = [0] * (len(bounds) + 1), [None] * (len(bounds) + 1)
    for value in values:
        index = bisect_left(bounds, value)
        counts[index] += 1
        if task_id is not None:
            exemplars[index] = (task_id, value, strategies.EPOCH + value)
    return HistogramPoint(tuple(bounds), tuple(counts), fsum(values), tuple(exemplars))


def busy_snapshot() -> ServiceSnapshot:
    """Return a service that has seen something of everything: 3 tasks running, 2 waiting, 7 ended."""
    idle = strategies.idle_snapshot()
    actions = dict.fromkeys((action for action, _ in idle.sandboxes.actions), 0)
    execution = (0.5, 1.0, 4.25, 12.0, 700.0, 4000.0)
    return attrs.evolve(
        idle,
        tasks=attrs.evolve(
            idle.tasks,
            created={"pending": 12, "running": 9, "completed": 3, "failed": 2, "cancelled": 2},
            live={"pending": 2, "running": 3},
            failures={**idle.tasks.failures, "timeout": 1, "stuck": 1},
            rejected={**idle.tasks.rejected, "queue_full": 4},
            retained=7,
            oldest_pending_at=strategies.EPOCH - 12.5,
            oldest_progress_at=strategies.EPOCH - 0.125,
            execution=observed(idle.tasks.execution.bounds, *execution, task_id="task-1"),
            queue_wait=observed(idle.tasks.queue_wait.bounds, *[0.05] * 9, 200.0),
            steps=observed(idle.tasks.steps.bounds, 1, 2, 6, 50, 201, 3),
            latency=WindowPoint(1, {100: 3, 400: 2}, strategies.GROWTH, sum(execution), 6),
        ),
        rpcs=attrs.evolve(
            idle.rpcs,
            started={**idle.rpcs.started, "QueryTaskStatus": 1_234_567, "RunAgentInstruction": 3},
            handled={
                **idle.rpcs.handled,
                ("QueryTaskStatus", "OK"): 1_234_560,
                ("QueryTaskStatus", "INTERNAL"): 7,
                ("RunAgentInstruction", "CANCELLED"): 1,
            },
            errors={
                **idle.rpcs.errors,
                ("QueryTaskStatus", "INTERNAL"): 7,
                ("RunAgentInstruction", "CANCELLED"): 1,
            },
            durations={
                **idle.rpcs.durations,
                "QueryTaskStatus": attrs.evolve(
                    idle.rpcs.durations["QueryTaskStatus"],
                    counts=(1_000_000, 234_560, 7, *[0] * 9),
                    sum=12_345.678,
                ),
                "RunAgentInstruction": observed(RPC_SECONDS, 30.0),
            },
            open_streams={"RunAgentInstruction": 2, "GetAgentTaskStream": 0},
        ),
        models=attrs.evolve(
            idle.models,
            tokens={
                "builtin": TokenCounts(0, 0, 0),
                "openai": TokenCounts(12_000_000, 2_000_000, 340_000, 500_000),
                "other": TokenCounts(10, 0, 5),
            },
            cost={"USD": Decimal("12.30000000000000000001"), "CNY": Decimal("0.1")},
            requests={**idle.models.requests, ("openai", "ok"): 40, ("openai", "timeout"): 1, ("other", "ok"): 1},
            durations={
                **idle.models.durations,
                "openai": observed(PHASE_SECONDS, *[1.5] * 41, task_id="task-2"),
                "other": observed(PHASE_SECONDS, 0.75, task_id='a "quoted" \\ id'),
            },
            usage_unknown={**idle.models.usage_unknown, "openai": 1},
            price_unknown={**idle.models.price_unknown, "other": 1},
        ),
        budgets=attrs.evolve(
            idle.budgets,
            day={**idle.budgets.day, "USD": BudgetPoint(Decimal(5), Decimal("4.000000000000000001"), Decimal("0.25"))},
        ),
        sandboxes=attrs.evolve(
            idle.sandboxes,
            created={**idle.sandboxes.created, "Simulated": 9, "Browser": 3},
            open={**idle.sandboxes.open, "Simulated": 4},
            warm=1,
            ended={
                **idle.sandboxes.ended,
                ("Simulated", "closed"): 4,
                ("Simulated", "expired"): 1,
                ("Browser", "out_of_memory"): 3,
                ("Browser", "swept"): 2,
            },
            openings={
                **idle.sandboxes.openings,
                ("Simulated", "cold"): observed(SANDBOX_OPEN_SECONDS, *[0.01] * 7, task_id="task-1"),
                ("Simulated", "warm"): observed(SANDBOX_OPEN_SECONDS, 0.05, task_id="task-2"),
                ("Simulated", "kept"): observed(SANDBOX_OPEN_SECONDS, 0.0, 0.0),
                ("Browser", "cold"): observed(SANDBOX_OPEN_SECONDS, 1.5, 12.0, 90.0, task_id="task-3"),
            },
            egress={"allowed": 40, "denied_private": 2, "denied_list": 7, "failed": 1},
            failures={**idle.sandboxes.failures, "Browser": 1},
            actions={
                **{(action, str(outcome)): 0 for action in actions for outcome in ActionOutcome},
                ("click", "ok"): 31,
                ("type", "error"): 2,
            },
        ),
        steps=attrs.evolve(
            idle.steps,
            steps=263,
            phases={
                "observe": observed(PHASE_SECONDS, 0.004, 0.011, task_id="task-3"),
                "decide": observed(PHASE_SECONDS, *[0.02] * 263, task_id="task-3"),
                "act": observed(PHASE_SECONDS, 0.3, 90.0, task_id="task-3"),
            },
        ),
        streams=attrs.evolve(idle.streams, logs=12, subscribers=3, messages=420, skipped=1),
        storage=attrs.evolve(
            idle.storage,
            operations={
                **idle.storage.operations,
                ("commit", "ok"): 5,
                ("commit", "error"): 2,
                ("read", "ok"): 40,
                ("expire", "ok"): 3,
            },
            commit=observed(COMMIT_SECONDS, 0.0004, 0.002, 0.002, 0.3, 7.0),
            queue=12,
            size_bytes=123_456_789,
        ),
        recent=attrs.evolve(
            idle.recent,
            ended={"completed": 2, "failed": 1, "cancelled": 1},
            rejected={**idle.recent.rejected, "invalid": 3},
            model_calls={**idle.recent.model_calls, "ok": 39, "timeout": 1},
        ),
        service=attrs.evolve(
            idle.service,
            info=ServiceInfo("0.1.0", 5, "INFO", "local"),
            heartbeat=HeartbeatSnapshot(99.5, 0.25, 1.5),
            config_updates={**idle.service.config_updates, "llm": 2},
            runtime_files=17,
        ),
    )


def sections():
    """Return the sections that only depend on the snapshot."""
    return tuple(section for section in catalogue.sections() if section.subject is None)


def exposition() -> str:
    """Return the busy service as prometheus_client writes it."""
    registry = CollectorRegistry()
    registry.register(ServiceCollector(Fixed(busy_snapshot()), sections(), clock=lambda: 0.0))
    return generate_latest(registry).decode()


if __name__ == "__main__":
    PATH.write_text(exposition(), encoding="utf-8")
