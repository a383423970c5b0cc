import asyncio
import io
import re

import pytest

from gui_agents.commands import ticking as module
from gui_agents.commands.output import Output
from gui_agents.commands.ticking import WaitingLine, clock, ticking
from tests.fakes import FakeClock


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "0:00"), (7.9, "0:07"), (60.0, "1:00"), (3599.9, "59:59"), (3723.0, "1:02:03")]
)
def test_a_duration_reads_as_on_a_clock(seconds, text):
    assert clock(seconds) == text


@pytest.fixture
def terminal(monkeypatch):
    """A wide terminal, as a text."""
    monkeypatch.setenv("COLUMNS", "80")
    return io.StringIO()


def test_time_passes_visibly_and_a_message_takes_the_lines_place(terminal):
    now = FakeClock()
    line = WaitingLine(terminal, now.monotonic)
    now.advance(58.0)
    line.draw()
    line.message_came()
    terminal.write("a message\n")
    now.advance(3.0)
    line.draw()
    line.erase()
    line.erase()
    assert terminal.getvalue().split("\r\x1b[K") == [
        "",
        "0:58 since the last message, 0:58 in all",
        "a message\n",
        "0:03 since the last message, 1:01 in all",
        "",
    ]


def test_the_line_never_wraps(terminal, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    WaitingLine(terminal).draw()
    assert len(terminal.getvalue().removeprefix("\r\x1b[K")) == 19


async def test_it_is_drawn_again_and_again_and_gone_in_the_end(terminal, monkeypatch):
    monkeypatch.setattr(module, "TICK_SECONDS", 0.001)
    async with ticking(WaitingLine(terminal)):
        while terminal.getvalue().count("in all") < 3:
            await asyncio.sleep(0.001)
    assert terminal.getvalue().endswith("\r\x1b[K")
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


async def test_without_a_terminal_there_are_only_messages(capsys):
    output = Output(as_json=False)
    assert output.line is None
    async with ticking(output.line):
        output.remark("a remark")
    assert capsys.readouterr().out == "a remark\n"


@pytest.mark.parametrize(
    ("term", "as_json", "shown"), [("xterm", False, True), ("dumb", False, False), ("xterm", True, False)]
)
def test_only_a_terminal_that_can_erase_a_line_gets_it(monkeypatch, term, as_json, shown):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", term)
    assert (Output(as_json=as_json).line is not None) == shown


def test_a_message_is_printed_where_the_line_was(monkeypatch, capsys):
    output = Output(as_json=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    output = Output(as_json=False)
    output.line.draw()
    output.remark("Cancelling")
    assert re.search(r"in all\r\x1b\[KCancelling\n$", capsys.readouterr().out)
