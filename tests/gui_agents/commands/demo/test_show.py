"""The demo in this process, at full speed, with things going wrong on purpose."""

import signal

import pytest

from gui_agents.commands.demo import board, service, show
from gui_agents.commands.exits import ExitCode
from gui_agents.simulated.instructions import Instruction, answers, fails

SUM = Instruction("Calculate 1+2", "the result 3", answers("3"))
FLIGHT = Instruction("Book me a flight to Paris", "a failure that says so", fails("not understood"))


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setenv("GRPC_PORT", "0")
    monkeypatch.setenv("PROMETHEUS_PORT", "0")
    monkeypatch.setattr(service, "ACTION_SECONDS", 0)
    monkeypatch.setattr(show, "SETTLE_SECONDS", 0)
    monkeypatch.setattr(show, "INSTRUCTIONS", (SUM, FLIGHT))


async def test_what_has_to_fail_and_fails_is_well(monkeypatch, capsys):
    monkeypatch.setattr(show, "SETTLE_SECONDS", 5)
    assert await show.show(leaves=True) == ExitCode.DONE
    told = capsys.readouterr().out
    assert "2 tasks in " in told
    assert "1 completed, 1 failed" in told
    assert "2 of 2 led to the expected result" in told


async def test_an_answer_that_is_not_the_expected_one_fails_the_demo(monkeypatch, capsys):
    wrong = Instruction("Calculate 1+3", "the result 5", answers("5"))
    monkeypatch.setattr(show, "INSTRUCTIONS", (SUM, wrong))
    assert await show.show(leaves=True) == ExitCode.FAILED
    assert "Expected of 2: the result 5; completed: 4" in capsys.readouterr().out


async def test_metrics_that_tell_another_story_fail_the_demo(monkeypatch, capsys):
    def falsified(text):
        page = show_samples(text)
        page["agent_proxy_steps_total"] += 1
        del page["agent_tasks_active"]
        return page

    show_samples = show.samples
    monkeypatch.setattr(show, "samples", falsified)
    assert await show.show(leaves=True) == ExitCode.FAILED
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if "DIFFERENT" in line]
    assert ["0", "absent", "DIFFERENT", "agent_tasks_active"] in rows
    assert "agent_proxy_steps_total" in {row[-1] for row in rows}


async def test_ctrl_c_in_the_middle_ends_the_demo_in_order(monkeypatch, capsys):
    monkeypatch.setattr(service, "ACTION_SECONDS", 3600)
    monkeypatch.setattr(board.PlainBoard, "changed", lambda _board, _line: signal.raise_signal(signal.SIGINT))
    assert await show.show(leaves=False) == ExitCode.INTERRUPTED
    assert capsys.readouterr().out.endswith("The service has ended.\n")


async def test_ctrl_c_afterwards_is_a_good_end(monkeypatch, capsys):
    monkeypatch.setattr(show, "SETTLE_SECONDS", 5)
    inviting = show._invite

    def invited(console, running):
        inviting(console, running)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(show, "_invite", invited)
    assert await show.show(leaves=False) == ExitCode.DONE
    assert "Ctrl-C ends it." in capsys.readouterr().out
