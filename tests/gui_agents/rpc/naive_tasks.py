"""Ended tasks at random, and a list of them by the plainest means."""

import random
import uuid
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from gui_agents.domain.actions import Click
from gui_agents.domain.journal import (
    FIRST_ATTEMPT,
    Entry,
    MessagePublished,
    Step,
    StepRecorded,
    TaskCreated,
    TaskEnded,
    TaskStarted,
)
from gui_agents.domain.lifecycle import Ending, FailureReason, TaskEvent, TaskStatus, failure
from gui_agents.domain.spec import ModelChoice, RunningConfig, TaskSpec
from gui_agents.domain.storage import StoredTask, TaskFilter, TaskOrder, TaskStore
from gui_agents.domain.stream import Stage, StreamMessage
from gui_agents.domain.task import TaskStatistics
from tests.fakes import EPOCH

OWNERS = ("", "ada", "bob")
MODELS = (ModelChoice("openai", "gpt-4o"), ModelChoice("builtin", "builtin/rules"), ModelChoice("anthropic", "claude"))
BACKENDS = ("simulated", "chromium")
WORDS = ("Open", "the INVOICE", "straße", "über", "100%", "a_b", "'quoted\"", "日本語", "calculate 12*7", "\t")
ENDINGS = {
    TaskStatus.COMPLETED: [Ending(event=TaskEvent.COMPLETE, message="completed in 2 steps", result="89")],
    TaskStatus.CANCELLED: [Ending(event=TaskEvent.CANCEL, message="cancelled on request")],
    TaskStatus.FAILED: [failure(reason, "so it was") for reason in FailureReason],
}


def spec(source: random.Random) -> TaskSpec:
    return TaskSpec(
        instruction=" ".join(source.choices(WORDS, k=source.randint(1, 4))),
        backend=source.choice(BACKENDS),
        steps=50,
        timeout_seconds=60.0,
        model=source.choice(MODELS),
        config=RunningConfig(backend="simulated"),
        owner=source.choice(OWNERS),
    )


def ended_task(source: random.Random, number: int) -> Iterator[Entry]:
    """Yield the entries of a task from its beginning to its end."""
    task_id = str(uuid.UUID(int=source.getrandbits(128)))
    about: Any = {"task_id": task_id, "attempt": FIRST_ATTEMPT}
    created = EPOCH + 10 * number + source.random()
    status = source.choice(list(ENDINGS))
    priced = source.random() < 0.7
    used = TaskStatistics(
        steps=source.randint(0, 4),
        input_tokens=source.randint(0, 1000),
        output_tokens=source.randint(0, 100),
        cost=Decimal(source.randint(0, 300)) / 100 if priced else Decimal(0),
        currency="USD" if priced else None,
    )
    seconds = source.choice((0.0, 1.5, 1.5, 60.0, source.randint(1, 100_000) / 1000))
    yield TaskCreated(**about, spec=spec(source), created_at=created)
    yield MessagePublished(**about, position=0, message=StreamMessage(Stage.STARTING, "accepted", created))
    yield TaskStarted(**about, started_at=created + 1)
    for step in range(1, used.steps + 1):
        yield StepRecorded(
            **about,
            position=step - 1,
            at=created + 1 + step,
            step=Step(
                number=step,
                action=Click(step, 2),
                rationale="so",
                outcome="clicked",
                seconds=0.25,
                tokens=10,
                cost=Decimal("0.01"),
                currency="USD",
            ),
            statistics=used,
        )
    ending = source.choice(ENDINGS[status])
    yield TaskEnded(
        **about,
        status=status,
        ending=ending,
        statistics=used,
        execution_seconds=seconds,
        ended_at=created + 1 + seconds,
    )


def filled(store: TaskStore, number: int, source: random.Random) -> list[StoredTask]:
    """Write so many ended tasks to a store; return them in the order of their creation."""
    entries = [list(ended_task(source, place)) for place in range(number)]
    store.write([entry for task in entries for entry in task])
    found = [store.task(task[0].task_id) for task in entries if isinstance(task[0], TaskCreated)]
    return [task for task in found if task is not None]


def random_filter(source: random.Random, tasks: Sequence[StoredTask]) -> TaskFilter:
    """Return a filter with some of its fields, and values that some task has."""
    some = source.choice(tasks)
    words = some.record.spec.instruction
    begin = source.randrange(len(words))
    fields = {
        "statuses": frozenset(source.sample(sorted(TaskStatus), source.randint(1, 3))),
        "reasons": frozenset(source.sample(sorted(FailureReason), source.randint(1, 6))),
        "models": frozenset({some.record.spec.model.full_name, "nobody/nothing"}),
        "backends": frozenset({some.record.spec.backend}),
        "owner": some.record.spec.owner,
        "created_from": some.record.created_at,
        "created_before": source.choice(tasks).record.created_at,
        "text": source.choice((words[begin : begin + 4].swapcase(), "INVOICE", "%", "_", "nowhere")),
        "min_cost": Decimal(source.randint(0, 200)) / 100,
        "max_cost": some.record.statistics.cost,
        "min_seconds": some.record.execution_seconds,
        "max_seconds": 1.5,
        "id_prefix": some.record.task_id[: source.randint(1, 9)],
    }
    return TaskFilter(**{name: fields[name] for name in source.sample(list(fields), source.choice((0, 1, 1, 2, 3)))})


def listed(tasks: Sequence[StoredTask], wanted: TaskFilter, order: TaskOrder, *, ascending: bool) -> list[str]:
    """Return the ids of the wanted tasks in an order; `tasks` are ended, in the order of their creation."""
    values = {
        TaskOrder.CREATED: lambda task: task.record.created_at,
        TaskOrder.ENDED: lambda task: task.ended_at,
        TaskOrder.DURATION: lambda task: task.record.execution_seconds,
        TaskOrder.STEPS: lambda task: task.record.statistics.steps,
        TaskOrder.COST: lambda task: task.record.statistics.cost if task.record.statistics.currency else None,
    }
    found = [(values[order](task), place, task) for place, task in enumerate(tasks) if meets(task, wanted)]
    with_value = sorted((each for each in found if each[0] is not None), reverse=not ascending)
    without = sorted((each for each in found if each[0] is None), key=lambda each: each[1], reverse=not ascending)
    return [task.record.task_id for _, _, task in (*with_value, *without)]


def meets(task: StoredTask, wanted: TaskFilter) -> bool:
    """Tell whether a task meets a filter."""
    record, used = task.record, task.record.statistics
    asked = [
        (wanted.statuses, lambda: record.status in wanted.statuses),
        (wanted.reasons, lambda: record.ending is not None and record.ending.reason in wanted.reasons),
        (wanted.models, lambda: record.spec.model.full_name in wanted.models),
        (wanted.backends, lambda: record.spec.backend in wanted.backends),
        (wanted.owner is not None, lambda: record.spec.owner == wanted.owner),
        (wanted.created_from is not None, lambda: record.created_at >= wanted.created_from),
        (wanted.created_before is not None, lambda: record.created_at < wanted.created_before),
        (wanted.text, lambda: wanted.text.casefold() in record.spec.instruction.casefold()),
        (wanted.min_cost is not None, lambda: used.currency and used.cost >= wanted.min_cost),
        (wanted.max_cost is not None, lambda: used.currency and used.cost <= wanted.max_cost),
        (wanted.min_seconds is not None, lambda: record.execution_seconds >= wanted.min_seconds),
        (wanted.max_seconds is not None, lambda: record.execution_seconds <= wanted.max_seconds),
        (wanted.id_prefix, lambda: record.task_id.startswith(wanted.id_prefix)),
    ]
    return all(holds() for is_asked, holds in asked if is_asked)
