"""Lives of tasks as entries, for tests that do not care what tasks do."""

from decimal import Decimal

from gui_agents.domain.lifecycle import Ending, TaskEvent, TaskStatus
from gui_agents.domain.spec import ModelChoice, RunningConfig, TaskSpec
from gui_agents.domain.storage import Entry, MessagePublished, Step, StepRecorded, TaskCreated, TaskEnded, TaskStarted
from gui_agents.domain.stream import Stage, StreamMessage
from gui_agents.domain.task import TaskStatistics

EPOCH = 1_800_000_000.0
USED = TaskStatistics(1, 1000, 200, Decimal("0.006"), "USD")


def accepted(number: int, instruction: str = "add one and two") -> list[Entry]:
    """Return what is written when a task is accepted."""
    task_id, at = f"task-{number}", EPOCH + number
    spec = TaskSpec(
        instruction=instruction,
        backend="simulated",
        steps=10,
        timeout_seconds=60,
        model=ModelChoice("builtin", "rules"),
        config=RunningConfig(),
    )
    return [
        TaskCreated(task_id=task_id, attempt=1, spec=spec, created_at=at),
        MessagePublished(task_id=task_id, attempt=1, position=0, message=StreamMessage(Stage.STARTING, "accepted", at)),
    ]


def ended(number: int) -> list[Entry]:
    """Return what is written from its start to its end."""
    task_id, at = f"task-{number}", EPOCH + number
    step = Step(
        number=1,
        action=None,
        rationale="because",
        outcome="ok",
        seconds=1.5,
        tokens=1200,
        cost=USED.cost,
        currency="USD",
    )
    return [
        TaskStarted(task_id=task_id, attempt=1, started_at=at + 1),
        StepRecorded(task_id=task_id, attempt=1, position=0, at=at + 2, step=step, statistics=USED),
        TaskEnded(
            task_id=task_id,
            attempt=1,
            status=TaskStatus.COMPLETED,
            ending=Ending(event=TaskEvent.COMPLETE, message="done", result="3"),
            statistics=USED,
            execution_seconds=2.5,
            ended_at=at + 3,
        ),
    ]


def life(number: int, instruction: str = "add one and two") -> list[Entry]:
    """Return all that is written of a task."""
    return [*accepted(number, instruction), *ended(number)]
