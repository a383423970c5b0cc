"""Lists and sums of tasks that are in memory; `queries` has the same for databases."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import attrs

from gui_agents.domain.lifecycle import FailureReason, TaskStatus
from gui_agents.domain.money import EXACT
from gui_agents.domain.storage import TaskCounts, TaskFilter, TaskOrder, TaskPage, TaskSummary
from gui_agents.storage.codec import folded
from gui_agents.storage.cursors import Position, cursor_of, position_in


@attrs.frozen
class Listed:
    """What lists need to know of a task."""

    task: TaskSummary
    sequence: int
    """Its number in the order of creation."""
    instruction: str
    """All of it."""


def _cost(task: TaskSummary) -> Decimal | None:
    return None if task.statistics.currency is None else task.statistics.cost


def _seconds(task: TaskSummary) -> float | None:
    return None if task.ended_at is None else task.execution_seconds


_VALUES: Final[Mapping[TaskOrder, Callable[[TaskSummary], Any]]] = {
    TaskOrder.CREATED: lambda task: task.created_at,
    TaskOrder.ENDED: lambda task: task.ended_at,
    TaskOrder.DURATION: _seconds,
    TaskOrder.COST: _cost,
    TaskOrder.STEPS: lambda task: task.statistics.steps,
}
_SECTIONS: Final = 2
"""Those with a value, and those without."""


def wanted_of(tasks: Iterable[Listed], wanted: TaskFilter) -> list[Listed]:
    """Return the tasks that meet all that is set in a filter."""
    text = folded(wanted.text)
    return [
        each for each in tasks if meets(each.task, wanted, _seconds(each.task)) and text in folded(each.instruction)
    ]


def meets(task: TaskSummary, wanted: TaskFilter, seconds: float | None) -> bool:
    """Tell whether a task that ran for `seconds` meets all that is set in a filter, the text aside."""
    return (
        (not wanted.statuses or task.status in wanted.statuses)
        and (not wanted.reasons or task.reason in wanted.reasons)
        and (not wanted.models or task.model in wanted.models)
        and (not wanted.backends or task.backend in wanted.backends)
        and wanted.owner in {None, task.owner}
        and (wanted.created_from is None or task.created_at >= wanted.created_from)
        and (wanted.created_before is None or task.created_at < wanted.created_before)
        and _within(_cost(task), wanted.min_cost, wanted.max_cost)
        and _within(seconds, wanted.min_seconds, wanted.max_seconds)
        and task.task_id.startswith(wanted.id_prefix)
    )


def _within(value: Any, least: Any, most: Any) -> bool:
    if least is None and most is None:
        return True
    return value is not None and (least is None or value >= least) and (most is None or value <= most)


def page(
    tasks: Sequence[Listed], wanted: TaskFilter, order: TaskOrder, *, descending: bool, limit: int, cursor: str
) -> TaskPage:
    """Return the next part of a list of these tasks.

    Raises:
        CursorError: the cursor is none of this list.
    """
    value_of = _VALUES[order]
    valued = [each for each in tasks if value_of(each.task) is not None]
    others = [each for each in tasks if value_of(each.task) is None]
    valued.sort(key=lambda each: (value_of(each.task), each.sequence), reverse=descending)
    others.sort(key=lambda each: each.sequence, reverse=descending)
    rows = [(0, each) for each in valued] + [(1, each) for each in others]
    if cursor:
        last = position_in(cursor, wanted, order, descending=descending, sections=_SECTIONS)
        rows = [row for row in rows if _is_behind(_position(row, value_of), last, descending=descending)]
    shown = rows[:limit]
    further = ""
    if len(rows) > limit and shown:
        further = cursor_of(_position(shown[-1], value_of), wanted, order, descending=descending)
    return TaskPage(tasks=tuple(each.task for _, each in shown), next_cursor=further)


def _position(row: tuple[int, Listed], value_of: Callable[[TaskSummary], Any]) -> Position:
    section, each = row
    return Position(section, value_of(each.task), each.sequence)


def _is_behind(here: Position, last: Position, *, descending: bool) -> bool:
    if here.section != last.section:
        return here.section > last.section
    # Two sections without a value compare as equal there.
    ours, theirs = (here.value or 0, here.sequence), (last.value or 0, last.sequence)
    return ours < theirs if descending else ours > theirs


def counts(tasks: Iterable[Listed]) -> TaskCounts:
    """Return the sums of these tasks."""
    statuses: dict[TaskStatus, int] = {}
    reasons: dict[FailureReason, int] = {}
    costs: dict[str, Decimal] = {}
    steps = input_tokens = output_tokens = 0
    seconds = 0.0
    for each in tasks:
        task, used = each.task, each.task.statistics
        statuses[task.status] = statuses.get(task.status, 0) + 1
        if task.reason is not None:
            reasons[task.reason] = reasons.get(task.reason, 0) + 1
        if used.currency is not None:
            costs[used.currency] = EXACT.add(costs.get(used.currency, Decimal(0)), used.cost)
        steps += used.steps
        input_tokens += used.input_tokens
        output_tokens += used.output_tokens
        seconds += task.execution_seconds
    return TaskCounts(
        statuses=statuses,
        reasons=reasons,
        costs=costs,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        steps=steps,
        execution_seconds=seconds,
    )
