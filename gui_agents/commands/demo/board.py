"""The demo's live progress, one line for each task: redrawn in a terminal, appended otherwise."""

from types import TracebackType
from typing import Final, Protocol, Self

import attrs
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from gui_agents.commands.output import counted
from gui_agents.domain.lifecycle import TERMINAL, TaskStatus

STYLES: Final = {
    TaskStatus.PENDING: "dim",
    TaskStatus.RUNNING: "yellow",
    TaskStatus.COMPLETED: "green",
    TaskStatus.FAILED: "cyan",
    TaskStatus.CANCELLED: "magenta",
}


@attrs.define
class Line:
    """One task as the board shows it."""

    number: int
    instruction: str
    status: TaskStatus = TaskStatus.PENDING
    steps: int = 0
    answer: str = ""
    """The result, or the reason why there is none."""
    as_expected: bool = False
    """Whether the desktop and the answer are what the instruction should lead to."""

    @property
    def words(self) -> str:
        """The status, with a remark if the result is not as expected."""
        if self.status not in TERMINAL or (self.status is TaskStatus.COMPLETED and self.as_expected):
            return str(self.status)
        return f"{self.status}, as expected" if self.as_expected else f"{self.status}, UNEXPECTED"

    @property
    def style(self) -> str:
        """The colour of the status."""
        if self.status not in TERMINAL:
            return STYLES[self.status]
        if not self.as_expected:
            return "bold red"
        return STYLES[self.status]


class Board(Protocol):
    """Shows lines while they change."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def changed(self, line: Line) -> None:
        """Show that `line` has changed."""


class LiveBoard:
    """One table, redrawn in place."""

    def __init__(self, console: Console, lines: list[Line]) -> None:
        self._lines = lines
        self._live = Live(get_renderable=self._table, console=console, refresh_per_second=12)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def changed(self, line: Line) -> None:
        """Do nothing: the next redraw follows within a twelfth of a second."""

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False, expand=True)
        table.add_column("#", justify="right", style="dim")
        table.add_column("Instruction", ratio=5, no_wrap=True, overflow="ellipsis")
        table.add_column("Status", min_width=9, no_wrap=True)
        table.add_column("Steps", justify="right")
        table.add_column("Answer", ratio=4, no_wrap=True, overflow="ellipsis")
        for line in self._lines:
            table.add_row(
                str(line.number),
                Text(line.instruction),
                Text(line.words, style=line.style),
                str(line.steps),
                Text(line.answer),
            )
        return table


class PlainBoard:
    """A line for each change of status."""

    def __init__(self, console: Console, lines: list[Line]) -> None:
        self._console = console
        self._shown = {line.number: line.status for line in lines}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def changed(self, line: Line) -> None:
        """Print the line if its status has changed."""
        if self._shown[line.number] is line.status:
            return
        self._shown[line.number] = line.status
        ending = f" | {counted(line.steps, 'step')} | {line.answer}" if line.status in TERMINAL else ""
        text = f"{line.number:>3} {line.words:<20} {line.instruction}{ending}"
        self._console.print(Text(text), soft_wrap=True)


def board(console: Console, lines: list[Line]) -> Board:
    """Return the board that suits the console."""
    return LiveBoard(console, lines) if console.is_terminal else PlainBoard(console, lines)
