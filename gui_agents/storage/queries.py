"""Lists and sums of stored tasks, for every database.

Theory of operation. An order of a list has sections, one behind the other. The first one is sorted by a column, the
others hold the tasks without a value, in the order of their creation. A page goes on in the section where the one
before has ended, behind the value and the number of its last task. So nothing is seen twice or left out because tasks
are added meanwhile, and a page costs what it shows, however far down the list it is.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import attrs

from gui_agents.domain.lifecycle import FailureReason, TaskStatus
from gui_agents.domain.money import EXACT
from gui_agents.domain.storage import TaskCounts, TaskFilter, TaskOrder, TaskPage
from gui_agents.storage import codec
from gui_agents.storage.cursors import Position, cursor_of, position_in
from gui_agents.storage.dialect import Condition, Dialect, Fetch
from gui_agents.storage.rows import SUMMARY, summary_in


@attrs.frozen(kw_only=True)
class Section:
    """A part of an order."""

    condition: str = "1 = 1"
    """Which tasks it has."""
    column: str | None = None
    """What it is sorted by before the order of creation."""
    index: str
    """The index with this order."""


SECTIONS: Final[Mapping[TaskOrder, tuple[Section, ...]]] = {
    TaskOrder.CREATED: (Section(column="created_at", index="by_created"),),
    TaskOrder.ENDED: (
        Section(condition="ended_at IS NOT NULL", column="ended_at", index="by_ended"),
        Section(condition="ended_at IS NULL", index="live"),
    ),
    TaskOrder.DURATION: (
        Section(condition="seconds IS NOT NULL", column="seconds", index="by_seconds"),
        Section(condition="ended_at IS NULL", index="live"),
    ),
    TaskOrder.COST: (
        Section(condition="currency IS NOT NULL", column="cost", index="by_cost"),
        Section(condition="currency IS NULL", index="unpriced"),
    ),
    TaskOrder.STEPS: (Section(column="steps", index="by_steps"),),
}

_SUMS: Final = "sum(steps), sum(input_tokens), sum(output_tokens), sum(seconds)"
_NOTHING: Final = Decimal(0)

Source = Callable[[Section], str]
"""Returns the FROM of a section."""


def conditions(wanted: TaskFilter, dialect: Dialect) -> list[Condition]:
    """Return what a task must meet, each filter by itself."""
    found = [
        _any_of(column, values)
        for column, values in (
            ("status", wanted.statuses),
            ("reason", wanted.reasons),
            ("model", wanted.models),
            ("backend", wanted.backends),
        )
        if values
    ]
    if wanted.owner is not None:
        found.append(_any_of("owner", [wanted.owner]))
    bounds = (
        ("created_at >= ?", wanted.created_from),
        ("created_at < ?", wanted.created_before),
        ("seconds >= ?", wanted.min_seconds),
        ("seconds <= ?", wanted.max_seconds),
        ("currency IS NOT NULL AND cost >= ?", _money(wanted.min_cost, dialect)),
        ("currency IS NOT NULL AND cost <= ?", _money(wanted.max_cost, dialect)),
    )
    found += [Condition(sql=sql, parameters=(bound,)) for sql, bound in bounds if bound is not None]
    if wanted.id_prefix:
        found.append(_begins_with(wanted.id_prefix))
    text = codec.folded(wanted.text)
    return [*found, dialect.has_text(text)] if text else found


def _any_of(column: str, values: Any) -> Condition:
    marks = ", ".join("?" * len(values))
    return Condition(sql=f"{column} IN ({marks})", parameters=tuple(codec.text_of(value) for value in sorted(values)))


def _begins_with(prefix: str) -> Condition:
    """Return the condition that an id begins so, by which its index can be used."""
    if not (prefix.isascii() and prefix.isprintable()):
        return Condition(sql="1 = 0")  # no id has such characters
    behind = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    return Condition(sql="task_id >= ? AND task_id < ?", parameters=(prefix, behind))


def _money(amount: Decimal | None, dialect: Dialect) -> Any:
    return None if amount is None else dialect.write_money(amount)


def joined(all_of: Sequence[Condition]) -> Condition:
    """Return one condition that is met where all of these are."""
    return Condition(
        sql=" AND ".join(f"({each.sql})" for each in all_of) or "1 = 1",
        parameters=tuple(parameter for each in all_of for parameter in each.parameters),
    )


def page(
    fetch: Fetch,
    dialect: Dialect,
    wanted: TaskFilter,
    order: TaskOrder,
    *,
    descending: bool,
    limit: int,
    cursor: str,
    source: Source = lambda _section: "tasks",
    narrowed: Condition | None = None,
) -> TaskPage:
    """Return the next part of a list.

    `source` names the table of a section, and `narrowed` is a further condition that all wanted tasks meet.

    Raises:
        CursorError: the cursor is none of this list.
    """
    sections = SECTIONS[order]
    last = (
        position_in(cursor, wanted, order, descending=descending, sections=len(sections))
        if cursor
        else Position(0, None, 0)
    )
    all_of = conditions(wanted, dialect) + ([] if narrowed is None else [narrowed])
    rows: list[tuple[int, Sequence[Any]]] = []
    for number, section in enumerate(sections):
        missing = limit + 1 - len(rows)
        if number < last.section or missing <= 0:
            continue
        here = [Condition(sql=section.condition), *all_of]
        if cursor and number == last.section:
            here.append(_behind(section, last, dialect, descending=descending))
        found = joined(here)
        sql = (
            f"SELECT {SUMMARY}, sequence FROM {source(section)} WHERE {found.sql} "
            f"ORDER BY {_order(section, descending=descending)} LIMIT ?"
        )
        rows += [(number, row) for row in fetch(sql, (*found.parameters, missing))]
    shown = rows[:limit]
    tasks = tuple(summary_in(row[:-1], dialect) for _, row in shown)
    if len(rows) <= limit or not shown:
        return TaskPage(tasks=tasks, next_cursor="")
    number, row = shown[-1]
    position = Position(number, _value(sections[number], row, dialect), row[-1])
    return TaskPage(tasks=tasks, next_cursor=cursor_of(position, wanted, order, descending=descending))


_COLUMNS: Final = [name.strip() for name in SUMMARY.split(",")]


def _value(section: Section, row: Sequence[Any], dialect: Dialect) -> Any:
    """Return what a row is sorted by."""
    if section.column is None:
        return None
    value = row[_COLUMNS.index(section.column)]
    return dialect.read_money(value) if section.column == "cost" else value


def _behind(section: Section, last: Position, dialect: Dialect, *, descending: bool) -> Condition:
    sign = "<" if descending else ">"
    if section.column is None:
        return Condition(sql=f"sequence {sign} ?", parameters=(last.sequence,))
    value = dialect.write_money(last.value) if section.column == "cost" else last.value
    return Condition(sql=f"({section.column}, sequence) {sign} (?, ?)", parameters=(value, last.sequence))


def _order(section: Section, *, descending: bool) -> str:
    direction = "DESC" if descending else "ASC"
    columns = ["sequence"] if section.column is None else [section.column, "sequence"]
    return ", ".join(f"{column} {direction}" for column in columns)


def counts(fetch: Fetch, dialect: Dialect, wanted: TaskFilter, *, narrowed: Condition | None = None) -> TaskCounts:
    """Return the sums of the wanted tasks."""
    found = joined(conditions(wanted, dialect) + ([] if narrowed is None else [narrowed]))
    statuses: dict[TaskStatus, int] = {}
    reasons: dict[FailureReason, int] = {}
    sums = [0, 0, 0, 0.0]
    grouped = f"SELECT status, reason, count(*), {_SUMS} FROM tasks WHERE {found.sql} GROUP BY status, reason"
    for status, reason, number, *parts in fetch(grouped, found.parameters):
        statuses[TaskStatus(status)] = statuses.get(TaskStatus(status), 0) + number
        if reason is not None:
            reasons[FailureReason(reason)] = reasons.get(FailureReason(reason), 0) + number
        sums = [whole + (part or 0) for whole, part in zip(sums, parts, strict=True)]
    costs: dict[str, Decimal] = {}
    priced = f"SELECT {dialect.costs} FROM tasks WHERE currency IS NOT NULL AND {found.sql} {dialect.costs_grouped}"
    for currency, amount in fetch(priced, found.parameters):
        costs[currency] = EXACT.add(costs.get(currency, _NOTHING), dialect.read_money(amount))
    steps, input_tokens, output_tokens = map(int, sums[:3])
    return TaskCounts(
        statuses=statuses,
        reasons=reasons,
        costs=costs,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        steps=steps,
        execution_seconds=float(sums[3]),
    )
