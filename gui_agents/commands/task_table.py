"""A list of tasks as a table: as wide as the terminal, or as wide as it needs where there is none."""

import io
import sys
from collections.abc import Callable, Sequence
from typing import Final

import attrs
from rich.cells import cell_len
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from gui_agents.commands.moments import local
from gui_agents.commands.output import printable
from gui_agents.domain.lifecycle import TaskStatus
from gui_agents.domain.moment import lasted
from gui_agents.domain.money import shown, symbol
from gui_agents.domain.storage import TaskSummary
from gui_agents.domain.task import TaskStatistics

SHORT_ID: Final = 8
"""Characters of an id in a terminal; the other verbs take them."""
SHORT_MOMENT: Final = slice(5, 16)
"""The day and the minute of a moment."""
WIDE: Final = 170
"""Columns of a terminal that has room for everything."""
MIDDLE: Final = 120
"""Columns of a terminal that has room for the model, the owner and the steps."""
NARROW: Final = 80
"""Columns of a terminal that has room for the time and the cost."""
UNBOUNDED: Final = 10_000
GAP: Final = 2
"""Spaces between columns."""
STYLES: Final = {
    TaskStatus.PENDING: "dim",
    TaskStatus.RUNNING: "yellow",
    TaskStatus.COMPLETED: "green",
    TaskStatus.FAILED: "red",
    TaskStatus.CANCELLED: "magenta",
}


def print_table(tasks: Sequence[TaskSummary]) -> None:
    """Print a list of tasks."""
    if sys.stdout.isatty():
        console = Console(highlight=False)
        console.print(_table(tasks, console.width))
        return
    text = io.StringIO()
    Console(file=text, width=UNBOUNDED, highlight=False).print(_table(tasks, UNBOUNDED))
    print("\n".join(line.rstrip() for line in text.getvalue().splitlines()))


def _table(tasks: Sequence[TaskSummary], width: int) -> Table:
    bounded, wide = width < UNBOUNDED, width >= WIDE
    table = Table(box=None, pad_edge=False, header_style="bold")
    columns = [
        _Column("TASK", lambda task: task.task_id if wide else task.task_id[:SHORT_ID]),
        _Column("STATUS", standing, style=lambda task: STYLES[task.status]),
        _Column("CREATED", lambda task: local(task.created_at) if wide else local(task.created_at)[SHORT_MOMENT]),
    ]
    if width >= NARROW:
        columns += [
            _Column(
                "TIME", lambda task: "-" if task.started_at is None else lasted(task.execution_seconds), number=True
            ),
            _Column("COST", lambda task: cost_of(task.statistics), number=True),
        ]
    if width >= MIDDLE:
        columns.append(_Column("STEPS", lambda task: str(task.statistics.steps), number=True))
        columns.append(_Column("MODEL", lambda task: task.model, most=20))
        if any(task.owner for task in tasks):
            columns.append(_Column("OWNER", lambda task: task.owner, most=12))
    left = width
    for column in columns:
        longest = max(map(cell_len, [column.name, *(printable(column.cell(task)) for task in tasks)]))
        taken = longest if wide else min(longest, column.most)
        left -= taken + GAP
        justify: JustifyMethod = "right" if column.number else "left"
        table.add_column(column.name, no_wrap=True, overflow="ellipsis", justify=justify, width=taken)
    table.add_column("INSTRUCTION", no_wrap=True, overflow="ellipsis", width=max(1, left) if bounded else None)
    for task in tasks:
        cells = [Text(printable(column.cell(task)), column.style(task)) for column in columns]
        table.add_row(*cells, Text(printable(" ".join(task.instruction.split()))))
    return table


@attrs.frozen
class _Column:
    """One column of the table."""

    name: str
    cell: Callable[[TaskSummary], str]
    number: bool = attrs.field(default=False, kw_only=True)
    style: Callable[[TaskSummary], str] = attrs.field(default=lambda _: "", kw_only=True)
    most: int = attrs.field(default=WIDE, kw_only=True)
    """Characters that it has in a terminal that is not wide."""


def standing(task: TaskSummary) -> str:
    """Return how a task stands, with the reason of a failure."""
    return str(task.status) if task.reason is None else f"{task.status}: {task.reason}"


def cost_of(used: TaskStatistics) -> str:
    """Return what a task has cost, as far as it is known."""
    if used.currency is not None:
        return f"{symbol(used.currency)}{shown(used.cost)}"
    return "unknown" if used.input_tokens or used.output_tokens else "-"
