"""The demo as a user starts it."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from gui_agents import cli
from gui_agents.commands.demo import service
from gui_agents.commands.demo.simulated import SimulatedStage
from gui_agents.commands.exits import ExitCode
from gui_agents.domain.packages import install_command
from gui_agents.simulated.instructions import INSTRUCTIONS


@pytest.fixture
def taken_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def start(*options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "gui_agents.cli", "demo", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "GRPC_PORT": "0", "PROMETHEUS_PORT": "0", "PYTHONUNBUFFERED": "1"},
    )


def test_the_demo_runs_every_instruction_and_stays_up_until_ctrl_c():
    lines = []
    with start() as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stdout:
            lines.append(line.rstrip())
            if line.startswith("  curl "):
                with urllib.request.urlopen(line.split()[1], timeout=10) as page:  # noqa: S310 - always http
                    assert b'\nagent_tasks_created_total{status="pending"}' in page.read()
                process.send_signal(signal.SIGINT)
        assert (process.wait(30), process.stderr.read()) == (ExitCode.DONE, "")
    number = len(INSTRUCTIONS)
    assert f"{number} of {number} led to the expected result, judged by the desktops they left behind." in lines
    assert sum("  equal  " in line for line in lines) > 15
    assert not any("DIFFERENT" in line or "UNEXPECTED" in line for line in lines)
    assert lines[-1] == "The service has ended."


def test_a_reader_that_leaves_ends_the_demo_in_order():
    with start("--exit") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith("Service: gRPC at 127.0.0.1:")
        process.stdout.close()
        assert (process.wait(30), process.stderr.read()) == (ExitCode.INTERRUPTED, "")


def test_taken_ports_that_the_user_named_are_told_at_once(monkeypatch, capsys, taken_port):
    monkeypatch.setenv("GRPC_PORT", str(taken_port))
    monkeypatch.setenv("PROMETHEUS_PORT", "0")
    assert cli.main(["demo", "--exit"]) == ExitCode.USAGE
    assert capsys.readouterr().err == (
        f"gui-agents: GRPC_PORT={taken_port}: that port is taken; name another one, or none to get a free one\n"
    )


def test_a_default_port_that_is_taken_gives_way_to_a_free_one(monkeypatch, tmp_path):
    monkeypatch.setattr(service, "port_is_free", lambda _host, _port: False)
    effective = service.demo_config({"TASK_MAX_TASKS": "2", "TASK_STEPS": "1"}, tmp_path, SimulatedStage())
    assert (effective.rpc.port, effective.monitoring.port) == (0, 0)
    assert (effective.monitoring.enable_prometheus, effective.tasks.slots, effective.tasks.steps) == (True, 2, 50)


def test_a_wrong_switch_is_a_usage_error(monkeypatch, capsys):
    monkeypatch.setenv("DEMO_EXIT", "perhaps")
    assert cli.main(["demo"]) == ExitCode.USAGE
    assert "DEMO_EXIT must be true or false" in capsys.readouterr().err


def test_without_the_extra_the_command_that_installs_it_is_told(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "collectors", None)
    assert cli.main(["demo", "--exit"]) == ExitCode.USAGE
    assert f"is not installed; run: {install_command('prometheus')}" in capsys.readouterr().err
