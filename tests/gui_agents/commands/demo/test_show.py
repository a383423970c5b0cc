"""The demo in this process, at full speed, with things going wrong on purpose."""

import io
import signal
from collections import Counter
from types import SimpleNamespace

import pytest
from rich.console import Console

from gui_agents.commands.demo import board, show, simulated
from gui_agents.commands.demo.counts import Counts
from gui_agents.commands.demo.simulated import SimulatedStage
from gui_agents.commands.exits import ExitCode
from gui_agents.domain.lifecycle import TaskStatus
from gui_agents.simulated.instructions import Instruction, answers, fails

SUM = Instruction("Calculate 1+2", "the result 3", answers("3"))
FLIGHT = Instruction("Book me a flight to Paris", "a failure that says so", fails("not understood"))


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setenv("GRPC_PORT", "0")
    monkeypatch.setenv("PROMETHEUS_PORT", "0")
    monkeypatch.setattr(simulated, "ACTION_SECONDS", 0)
    monkeypatch.setattr(show, "SETTLE_SECONDS", 0)


async def test_what_has_to_fail_and_fails_is_well(monkeypatch, capsys):
    monkeypatch.setattr(show, "SETTLE_SECONDS", 5)
    assert await show.show(SimulatedStage((SUM, FLIGHT)), leaves=True) == ExitCode.DONE
    told = capsys.readouterr().out
    assert "2 tasks in " in told
    assert "1 completed, 1 failed" in told
    assert "2 of 2 led to the expected result" in told


async def test_an_answer_that_is_not_the_expected_one_fails_the_demo(monkeypatch, capsys):
    wrong = Instruction("Calculate 1+3", "the result 5", answers("5"))
    assert await show.show(SimulatedStage((SUM, wrong)), leaves=True) == ExitCode.FAILED
    assert "Expected of 2: the result 5; completed: 4" in capsys.readouterr().out


async def test_metrics_that_tell_another_story_fail_the_demo(monkeypatch, capsys):
    def falsified(text):
        page = show_samples(text)
        page["agent_proxy_steps_total"] += 1
        del page["agent_tasks_active"]
        return page

    show_samples = show.samples
    monkeypatch.setattr(show, "samples", falsified)
    assert await show.show(SimulatedStage((SUM, FLIGHT)), leaves=True) == ExitCode.FAILED
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if "DIFFERENT" in line]
    assert ["0", "absent", "DIFFERENT", "agent_tasks_active"] in rows
    assert "agent_proxy_steps_total" in {row[-1] for row in rows}


async def test_ctrl_c_in_the_middle_ends_the_demo_in_order(monkeypatch, capsys):
    monkeypatch.setattr(simulated, "ACTION_SECONDS", 3600)
    monkeypatch.setattr(board.PlainBoard, "changed", lambda _board, _line: signal.raise_signal(signal.SIGINT))
    assert await show.show(SimulatedStage((SUM, FLIGHT)), leaves=False) == ExitCode.INTERRUPTED
    assert capsys.readouterr().out.endswith("The service has ended.\n")


async def test_ctrl_c_afterwards_is_a_good_end(monkeypatch, capsys):
    monkeypatch.setattr(show, "SETTLE_SECONDS", 5)
    inviting = show._invite

    def invited(console, running, example):
        inviting(console, running, example)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(show, "_invite", invited)
    assert await show.show(SimulatedStage((SUM, FLIGHT)), leaves=False) == ExitCode.DONE
    assert "Ctrl-C ends it." in capsys.readouterr().out


@pytest.mark.parametrize("terminal", [True, False])
def test_eighty_columns_break_no_line_and_a_pipe_gets_whole_samples(terminal):
    counts = Counts(calls=Counter(RunAgentInstruction=22, QueryTaskStatus=22), steps=133)
    counts.outcomes.update({TaskStatus.COMPLETED: 19, TaskStatus.FAILED: 3})
    page = dict(counts.expected()) | {"agent_memory_usage_bytes": 62_590_976.0}
    console = Console(file=io.StringIO(), width=80, force_terminal=terminal, color_system=None, highlight=False)
    service = SimpleNamespace(page_url="http://127.0.0.1:65535/", address="127.0.0.1:65535")
    show._tell(console, service, counts.compare(page), page)
    show._invite(console, service, SimulatedStage.example)
    lines = console.file.getvalue().splitlines()
    sample = 'agent_grpc_request_duration_seconds_count{method="RunAgentInstruction"}'
    assert (max(map(len, lines)) <= 80) == terminal
    assert any(line.endswith(sample) for line in lines) != terminal
