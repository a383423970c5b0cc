"""Entries of usual tasks, for tests that do not draw them."""

from decimal import Decimal
from typing import Any

from gui_agents.domain.actions import Click
from gui_agents.domain.journal import (
    Entry,
    MessagePublished,
    SandboxGiven,
    Step,
    StepRecorded,
    TaskCreated,
    TaskEnded,
    TaskStarted,
)
from gui_agents.domain.lifecycle import Ending, FailureReason, TaskEvent, TaskStatus, failure
from gui_agents.domain.model import History, Turn
from gui_agents.domain.sandbox import SandboxInfo, SandboxType
from gui_agents.domain.spec import Mode, ModelChoice, RunningConfig, TaskSpec
from gui_agents.domain.stream import Stage, StreamMessage
from gui_agents.domain.task import TaskStatistics

EPOCH = 1_700_000_000.0
STATISTICS = TaskStatistics(1, 1000, 30, Decimal("0.0125"), "USD")
CONFIG = RunningConfig(backend="simulated", mode=Mode.FAST, steps=50, timeout_seconds=3600.0)
COMPLETED = Ending(event=TaskEvent.COMPLETE, message="Task completed", result="89")
TIMEOUT = failure(FailureReason.TIMEOUT, "it took too long")


def spec(instruction: str = "Calculate 12*7+5", **known: Any) -> TaskSpec:
    usual: dict[str, Any] = {
        "backend": "simulated",
        "steps": 50,
        "timeout_seconds": 3600.0,
        "model": ModelChoice("builtin", "rules"),
        "config": CONFIG,
    }
    return TaskSpec(instruction=instruction, **{**usual, **known})


def created(task_id: str, request: TaskSpec | None = None, *, at: float = EPOCH) -> TaskCreated:
    return TaskCreated(task_id=task_id, attempt=1, spec=request or spec(), created_at=at)


def told(task_id: str, position: int, text: str = "a step", *, attempt: int = 1) -> MessagePublished:
    message = StreamMessage(Stage.STEP, text, EPOCH + position)
    return MessagePublished(task_id=task_id, attempt=attempt, position=position, message=message)


def stepped(task_id: str, position: int = 0, *, attempt: int = 1) -> StepRecorded:
    step = Step(
        number=position + 1,
        action=Click(10, 20),
        rationale="the button is there",
        outcome="clicked",
        seconds=0.5,
        tokens=1030,
        cost=Decimal("0.0125"),
        currency="USD",
    )
    at = EPOCH + position
    return StepRecorded(task_id=task_id, attempt=attempt, position=position, at=at, step=step, statistics=STATISTICS)


def ended(task_id: str, ending: Ending = COMPLETED, *, at: float = EPOCH + 9, attempt: int = 1) -> TaskEnded:
    statuses = {TaskEvent.COMPLETE: TaskStatus.COMPLETED, TaskEvent.FAIL: TaskStatus.FAILED}
    return TaskEnded(
        task_id=task_id,
        attempt=attempt,
        status=statuses[ending.event],
        ending=ending,
        statistics=STATISTICS,
        execution_seconds=8.0,
        ended_at=at,
        history=History((Turn("Calculate 12*7+5", Click(10, 20), "because", "clicked"),), 40),
    )


def whole(task_id: str, request: TaskSpec | None = None, *, at: float = EPOCH) -> list[Entry]:
    """Return what is written of a task that does one step."""
    return [
        created(task_id, request, at=at),
        told(task_id, 0, "accepted"),
        TaskStarted(task_id=task_id, attempt=1, started_at=at + 1),
        SandboxGiven(task_id=task_id, attempt=1, sandbox=SandboxInfo(f"sim-{task_id}", SandboxType.SIMULATED)),
        stepped(task_id),
        told(task_id, 1),
        ended(task_id, at=at + 9),
        told(task_id, 2, "89"),
    ]
