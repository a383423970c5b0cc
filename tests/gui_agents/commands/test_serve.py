"""The verbs against the real service, in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from gui_agents import cli
from gui_agents.commands.exits import ExitCode

START_SECONDS = 30


def start(directory, **variables) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "gui_agents.cli", "serve"],
        cwd=directory,
        env={**os.environ, "GRPC_PORT": "0", "PROMETHEUS_PORT": "0", **variables},
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A running service: its process and its ports."""
    directory = tmp_path_factory.mktemp("served")
    ports = directory / "runtime" / "ports.json"
    with start(directory, ENABLE_PROMETHEUS="true", RUNTIME_DIR="runtime") as process:
        deadline = time.monotonic() + START_SECONDS
        while not (ports.is_file() and ports.read_text().endswith("}")):
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                pytest.fail(process.communicate()[1])
            time.sleep(0.02)
        yield process, json.loads(ports.read_text())
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.fixture
def verb(served, capsys):
    """Runs a verb against the service; returns its exit code and the JSON objects that it prints."""
    address = f"127.0.0.1:{served[1]['grpc']}"

    def run(*arguments):
        code = cli.main([*arguments, "--json", "--address", address])
        return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


def test_a_followed_task_tells_each_step_and_the_answer(verb):
    code, told = verb("run", "Calculate 12*7+5", "--follow")
    *messages, report = told
    stages = [message["stage"] for message in messages]
    assert (code, report["result"], report["status"]) == (ExitCode.DONE, "89", "completed")
    assert (stages[0], stages[-1]) == ("starting", "finished")
    assert stages.count("step") == report["statistics"]["steps"]


def test_a_task_that_cannot_be_done_fails(verb):
    code, told = verb("run", "Book me a flight to Paris", "--follow")
    assert (code, told[-1]["status"]) == (ExitCode.FAILED, "failed")
    assert "not understood" in told[-1]["message"]


def test_a_step_limit_is_sent_and_kept(verb):
    code, told = verb("run", "Calculate 12*7+5", "--follow", "--steps", "2")
    assert (code, told[-1]["statistics"]["steps"]) == (ExitCode.FAILED, 2)


def test_a_task_goes_on_by_itself_and_can_be_continued(verb):
    _, [started] = verb("run", "Delete todo.txt")
    code, [*_, first] = verb("watch", started["task_id"])
    assert (code, first["status"]) == (ExitCode.DONE, "completed")
    code, [*_, second] = verb("run", "How many files are there?", "--continue", started["task_id"], "--follow")
    assert (code, second["result"]) == (ExitCode.DONE, "31")


def test_an_ended_task_is_not_cancelled(verb):
    _, [*_, report] = verb("run", "What is 144 / 12?", "--follow")
    code, [reply] = verb("cancel", report["task_id"])
    assert (code, reply["cancelled"]) == (ExitCode.FAILED, False)
    code, [told] = verb("status", report["task_id"])
    assert (code, told | report) == (ExitCode.DONE, told)


@pytest.mark.parametrize("arguments", [("status", "nosuch"), ("watch", "nosuch"), ("cancel", "nosuch")])
def test_an_unknown_task_is_not_found(verb, arguments):
    assert verb(*arguments) == (ExitCode.NOT_FOUND, [])


def test_what_the_service_refuses_is_refused(verb):
    assert verb("run", "") == (ExitCode.REFUSED, [])
    assert verb("run", "Calculate 1+1", "--backend", "moon") == (ExitCode.REFUSED, [])


def test_the_doctor_sees_service_and_metrics(served, capsys, monkeypatch):
    _, ports = served
    monkeypatch.setenv("GRPC_PORT", str(ports["grpc"]))
    monkeypatch.setenv("PROMETHEUS_PORT", str(ports["metrics"]))
    assert cli.main(["doctor", "--json"]) == ExitCode.DONE
    found = {row["subject"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert "is healthy" in found["service"]["text"]
    assert found["metrics"]["verdict"] == "ok"


def test_a_wrong_configuration_ends_the_start_with_every_mistake(tmp_path):
    with start(tmp_path, TASK_STEPS="none", DEFAULT_BACKEND="moon") as process:
        _, told = process.communicate(timeout=START_SECONDS)
    assert process.returncode == ExitCode.USAGE
    assert [line.split()[0] for line in told.splitlines()] == ["TASK_STEPS", "DEFAULT_BACKEND"]


def test_ctrl_c_ends_the_service_in_order(served):
    process, _ = served
    process.send_signal(signal.SIGINT)
    _, log = process.communicate(timeout=30)
    assert process.returncode == ExitCode.DONE
    assert "Traceback" not in log
