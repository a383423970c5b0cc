"""A model of every store, in plain dicts and lists: each answer is found by looking at everything."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import attrs

from gui_agents.domain.journal import (
    DaySpent,
    Entry,
    MessagePublished,
    SandboxGiven,
    StepRecorded,
    TaskCreated,
    TaskEnded,
    TaskRequeued,
    TaskStarted,
)
from gui_agents.domain.lifecycle import TaskStatus
from gui_agents.domain.model import NO_HISTORY
from gui_agents.domain.secret import FORGOTTEN
from gui_agents.domain.storage import (
    SEARCHED_CHARACTERS,
    SUMMARY_CHARACTERS,
    StoredStep,
    StoredTask,
    TaskCounts,
    TaskFilter,
    TaskOrder,
    TaskSummary,
)
from gui_agents.domain.task import TaskRecord, TaskStatistics


class NaiveStore:
    """What was written, as dicts."""

    def __init__(self) -> None:
        self.tasks: dict[str, dict[str, Any]] = {}
        self.days: dict[int, dict[str, dict[str, Decimal]]] = {}

    def write(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if isinstance(entry, DaySpent):
                self.days.setdefault(entry.day, {}).setdefault(entry.owner, {})[entry.currency] = entry.amount
            elif isinstance(entry, TaskCreated):
                self.tasks.setdefault(entry.task_id, _created(entry))
            elif entry.task_id in self.tasks:
                _change(self.tasks[entry.task_id], entry)

    def stored(self, task_id: str) -> StoredTask | None:
        if task_id not in self.tasks:
            return None
        task = self.tasks[task_id]
        names = [field.name for field in attrs.fields(TaskRecord)]
        others = [field.name for field in attrs.fields(StoredTask) if field.name != "record"]
        record = TaskRecord(**{name: task[name] for name in names})
        return StoredTask(record=record, **{name: task[name] for name in others})

    def unfinished(self) -> list[StoredTask]:
        return [self.stored(task_id) for task_id, task in self.tasks.items() if task["ended_at"] is None]

    def list(self, wanted: TaskFilter, order: TaskOrder, *, descending: bool) -> list[TaskSummary]:
        found = [task for task in self.tasks.values() if _meets(task, wanted)]
        numbers = {task_id: number for number, task_id in enumerate(self.tasks)}
        with_value = [task for task in found if _value(task, order) is not None]
        without = [task for task in found if _value(task, order) is None]
        with_value.sort(key=lambda task: (_value(task, order), numbers[task["task_id"]]))
        if descending:
            with_value.reverse()
            without.reverse()
        return [_summary(task) for task in with_value + without]

    def counts(self, wanted: TaskFilter) -> TaskCounts:
        found = [task for task in self.tasks.values() if _meets(task, wanted)]
        used = [task["statistics"] for task in found]
        costs: dict[str, Decimal] = {}
        for each in used:
            if each.currency is not None:
                costs[each.currency] = costs.get(each.currency, Decimal(0)) + each.cost
        return TaskCounts(
            statuses=Counter(task["status"] for task in found),
            reasons=Counter(task["ending"].reason for task in found if task["ending"] and task["ending"].reason),
            costs=costs,
            input_tokens=sum(each.input_tokens for each in used),
            output_tokens=sum(each.output_tokens for each in used),
            steps=sum(each.steps for each in used),
            execution_seconds=sum(task["execution_seconds"] for task in found),
        )

    def expire(self, ended_before: float) -> set[str]:
        old = {
            task_id
            for task_id, task in self.tasks.items()
            if task["ended_at"] is not None and task["ended_at"] < ended_before
        }
        for task_id in old:
            del self.tasks[task_id]
        self.days = {day: costs for day, costs in self.days.items() if day >= ended_before // 86_400}
        return old


def _created(entry: TaskCreated) -> dict[str, Any]:
    spec = entry.spec
    stages = spec.config.stages.values()
    keys = [settings.api_key for settings in stages] + [getattr(spec.config.authorization, "api_key", None)]
    own = getattr(spec.model.endpoint, "api_key", None)
    instruction = spec.instruction
    for key in [*keys, own, spec.cloud.account.api_key if spec.cloud else None]:
        if key is not None and len(key.reveal()) >= 8:
            instruction = instruction.replace(key.reveal(), FORGOTTEN.reveal())
    stored = attrs.evolve(spec.without_keys(), instruction=instruction)
    if stored.model.endpoint is not None:
        plain = attrs.evolve(stored.model.endpoint, settings=attrs.fields(type(stored.model.endpoint)).settings.default)
        stored = attrs.evolve(stored, model=attrs.evolve(stored.model, endpoint=plain))
    return {
        "task_id": entry.task_id,
        "attempt": entry.attempt,
        "spec": stored,
        "status": TaskStatus.PENDING,
        "created_at": entry.created_at,
        "execution_seconds": 0.0,
        "statistics": TaskStatistics(),
        "sandbox": None,
        "ending": None,
        "keys_forgotten": any(key is not None for key in keys) or instruction != spec.instruction,
        "started_at": None,
        "ended_at": None,
        "history": NO_HISTORY,
        "messages": {},
        "steps": {},
    }


def _change(task: dict[str, Any], entry: Any) -> None:
    if isinstance(entry, TaskRequeued):
        if entry.attempt > task["attempt"] and task["ended_at"] is None:
            task |= {"attempt": entry.attempt, "status": TaskStatus.PENDING, "started_at": None, "sandbox": None}
            task["statistics"] = TaskStatistics()
        return
    if entry.attempt != task["attempt"]:
        return
    live = task["ended_at"] is None
    match entry:
        case MessagePublished():
            task["messages"][entry.position] = entry.message
        case StepRecorded():
            key = entry.attempt, entry.position
            task["steps"][key] = StoredStep(attempt=entry.attempt, at=entry.at, step=entry.step)
            task["statistics"] = entry.statistics if live else task["statistics"]
        case SandboxGiven():
            task["sandbox"] = entry.sandbox
        case TaskStarted() if task["status"] is TaskStatus.PENDING:
            task |= {"status": TaskStatus.RUNNING, "started_at": entry.started_at}
        case TaskEnded() if live:
            names = ("status", "ending", "statistics", "execution_seconds", "ended_at", "history")
            task |= {name: getattr(entry, name) for name in names}


def in_order(held: dict[Any, Any]) -> list[Any]:
    return [held[key] for key in sorted(held)]


def _value(task: dict[str, Any], order: TaskOrder) -> Any:
    used, ended = task["statistics"], task["ended_at"] is not None
    return {
        TaskOrder.CREATED: task["created_at"],
        TaskOrder.ENDED: task["ended_at"],
        TaskOrder.DURATION: task["execution_seconds"] if ended else None,
        TaskOrder.COST: used.cost if used.currency is not None else None,
        TaskOrder.STEPS: used.steps,
    }[order]


def _meets(task: dict[str, Any], wanted: TaskFilter) -> bool:
    spec = task["spec"]
    reason = task["ending"].reason if task["ending"] else None
    cost, seconds = _value(task, TaskOrder.COST), _value(task, TaskOrder.DURATION)
    searched = _searched(spec.instruction)
    return all(
        [
            not wanted.statuses or task["status"] in wanted.statuses,
            not wanted.reasons or reason in wanted.reasons,
            not wanted.models or spec.model.full_name in wanted.models,
            not wanted.backends or spec.backend in wanted.backends,
            wanted.owner is None or spec.owner == wanted.owner,
            wanted.created_from is None or task["created_at"] >= wanted.created_from,
            wanted.created_before is None or task["created_at"] < wanted.created_before,
            _searched(wanted.text) in searched,
            wanted.min_cost is None or (cost is not None and cost >= wanted.min_cost),
            wanted.max_cost is None or (cost is not None and cost <= wanted.max_cost),
            wanted.min_seconds is None or (seconds is not None and seconds >= wanted.min_seconds),
            wanted.max_seconds is None or (seconds is not None and seconds <= wanted.max_seconds),
            task["task_id"].startswith(wanted.id_prefix),
        ]
    )


def _searched(text: str) -> str:
    """What no database takes is one sign for all of it."""
    return "".join(
        "\ufffd" if character == "\0" or "\ud800" <= character <= "\udfff" else character
        for character in text[:SEARCHED_CHARACTERS].casefold()
    )


def _summary(task: dict[str, Any]) -> TaskSummary:
    spec, ending = task["spec"], task["ending"]
    same = ("task_id", "attempt", "status", "created_at", "started_at", "ended_at", "execution_seconds", "statistics")
    return TaskSummary(
        **{name: task[name] for name in same},
        owner=spec.owner,
        reason=ending.reason if ending else None,
        model=spec.model.full_name,
        backend=spec.backend,
        instruction=spec.instruction[:SUMMARY_CHARACTERS],
        message=ending.message if ending else "",
    )
