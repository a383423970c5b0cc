import io

import pytest
from rich.console import Console

from gui_agents.commands.demo.board import Line, LiveBoard, PlainBoard, board
from gui_agents.domain.lifecycle import TaskStatus


def console(*, terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=100, height=30)


def shown(on: Console) -> str:
    assert isinstance(on.file, io.StringIO)
    return on.file.getvalue()


@pytest.mark.parametrize(("terminal", "kind"), [(True, LiveBoard), (False, PlainBoard)])
def test_the_board_suits_the_console(terminal, kind):
    assert type(board(console(terminal=terminal), [])) is kind


@pytest.mark.parametrize(
    ("status", "as_expected", "words"),
    [
        (TaskStatus.PENDING, False, "pending"),
        (TaskStatus.RUNNING, False, "running"),
        (TaskStatus.COMPLETED, True, "completed"),
        (TaskStatus.COMPLETED, False, "completed, UNEXPECTED"),
        (TaskStatus.FAILED, True, "failed, as expected"),
        (TaskStatus.FAILED, False, "failed, UNEXPECTED"),
    ],
)
def test_a_line_says_what_to_think_of_its_end(status, as_expected, words):
    assert Line(1, "Do", status=status, as_expected=as_expected).words == words


def test_elsewhere_than_in_a_terminal_each_status_is_one_line():
    on = console(terminal=False)
    line = Line(7, "Do [this]")
    with board(on, [line]) as plain:
        line.status, line.steps = TaskStatus.RUNNING, 1
        plain.changed(line)
        line.steps = 2
        plain.changed(line)
        line.status, line.answer, line.as_expected = TaskStatus.COMPLETED, "89", True
        plain.changed(line)
    assert shown(on).splitlines() == [
        "  7 running              Do [this]",
        "  7 completed            Do [this] | 2 steps | 89",
    ]


def test_a_terminal_shows_every_line_at_the_end():
    on = console(terminal=True)
    line = Line(7, "Do [this]")
    with board(on, [line]) as live:
        line.status, line.steps, line.answer, line.as_expected = TaskStatus.FAILED, 2, "not possible", True
        live.changed(line)
    last = shown(on).splitlines()[-2]
    assert all(word in last for word in ("7", "Do [this]", "failed, as expected", "2", "not possible"))
