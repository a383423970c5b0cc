"""The verbs that talk to a service: run, watch, status, cancel."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from http.server import HTTPServer, SimpleHTTPRequestHandler

import pytest

from gui_agents import cli, client
from gui_agents.client import CallError, Statistics
from gui_agents.commands.exits import ExitCode, of_call
from gui_agents.commands.output import counted, used
from tests.web_servers import full


def lines_of(capsys) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_run_prints_the_id_of_a_task_that_goes_on(service, capsys):
    _, address = service
    assert cli.main(["run", "works", "--address", address]) == ExitCode.DONE
    assert lines_of(capsys) == ["works"]


def test_run_sends_its_options(service):
    agent, address = service
    options = "--steps 7 --timeout 60 --backend simulated --model openai/some/name --destroy-sandbox --continue before"
    assert cli.main(["run", "works", "--address", address, *options.split()]) == ExitCode.DONE
    request = agent.requests[0]
    model = request.runningConfig.stageModelConfig.actionGeneratorModel
    assert (request.runningConfig.steps, request.runningConfig.taskTimeout) == (7, 60)
    assert request.runningConfig.backend == "simulated"
    assert (model.provider, model.modelName) == ("openai", "some/name")
    assert (request.destroySandbox, request.previousTaskId) == (True, "before")


def test_run_without_options_leaves_the_choice_to_the_service(service):
    agent, address = service
    cli.main(["run", "works", "--address", address])
    request = agent.requests[0]
    assert not request.HasField("runningConfig")
    assert not request.HasField("previousTaskId")


def test_a_model_without_a_provider_is_sent_as_a_name(service):
    agent, address = service
    cli.main(["run", "works", "--address", address, "--model", "some-model"])
    model = agent.requests[0].runningConfig.stageModelConfig.actionGeneratorModel
    assert (model.modelName, model.HasField("provider")) == ("some-model", False)


@pytest.mark.parametrize(
    ("instruction", "code"), [("works", 0), ("fails", 1), ("forgotten", 0)], ids=["completed", "failed", "forgotten"]
)
def test_run_follow_ends_with_the_outcome(service, capsys, instruction, code):
    _, address = service
    assert cli.main(["run", instruction, "--follow", "--address", address]) == code
    stages = [line.split()[1] for line in lines_of(capsys)[:3]]
    assert stages[:2] == ["starting", "step"]


@pytest.mark.parametrize("verb", [["run", "--follow"], ["watch"]], ids=["run", "watch"])
def test_a_service_that_stops_with_a_task_is_one_ending(service, capsys, verb):
    _, address = service
    assert cli.main([*verb, "stops", "--address", address]) == ExitCode.FAILED
    printed = capsys.readouterr()
    assert printed.out.splitlines()[-1].split()[1:] == ["error", "the", "end"]
    assert printed.err == ""


def test_a_service_that_stops_before_the_end_is_told_so(service, capsys):
    _, address = service
    assert cli.main(["run", "breaks off", "--follow", "--address", address]) == ExitCode.UNREACHABLE
    assert capsys.readouterr().err == f"gui-agents: the service at {address} stopped before the task had ended\n"


def test_run_follow_as_json_prints_messages_and_the_report(service, capsys):
    _, address = service
    cli.main(["run", "works", "--follow", "--json", "--address", address])
    *messages, report = map(json.loads, lines_of(capsys))
    assert [message["stage"] for message in messages] == ["starting", "step", "finished"]
    assert messages[0]["at"] == "2023-11-14T22:13:20+00:00"
    assert (report["status"], report["result"], report["statistics"]["total_tokens"]) == ("completed", "89", 120)


def test_a_refusal_shows_its_details_in_one_line(service, capsys):
    _, address = service
    assert cli.main(["run", "full", "--follow", "--address", address]) == ExitCode.REFUSED
    assert capsys.readouterr().err == (
        "gui-agents: the service refused: no place (RESOURCE_EXHAUSTED)"
        " [QUEUE_FULL (capacity=100)] [retry after 1 s] [steps: too many] [google.rpc.DebugInfo]\n"
    )


def test_watch_shows_past_and_present(service, capsys):
    _, address = service
    assert cli.main(["watch", "works", "--address", address]) == ExitCode.DONE
    assert lines_of(capsys)[-5:] == [
        "task     works",
        "status   completed",
        "message  it finished",
        "answer   89",
        "used     2 steps, 1 s, 120 tokens, $0.0125",
    ]


@pytest.mark.parametrize("verb", ["watch", "status", "cancel"])
def test_an_unknown_id_has_its_own_exit_code_and_text(service, capsys, verb):
    _, address = service
    assert cli.main([verb, "unknown", "--address", address]) == ExitCode.NOT_FOUND
    printed = capsys.readouterr()
    said = "the service does not know the task 'unknown': it is unknown, or no longer stored"
    assert (printed.out, printed.err) == ("", f"gui-agents: {said}\n")


@pytest.mark.parametrize(("task_id", "code"), [("works", 0), ("runs", 0), ("fails", 1), ("waits", 130)], ids=str)
def test_status_tells_the_outcome_by_its_exit_code(service, task_id, code):
    _, address = service
    assert cli.main(["status", task_id, "--address", address]) == code


def test_status_of_a_running_task_has_no_statistics(service, capsys):
    _, address = service
    cli.main(["status", "runs", "--json", "--address", address])
    assert json.loads(capsys.readouterr().out) == {
        "task_id": "runs",
        "status": "running",
        "message": "step 1",
        "result": "",
        "statistics": None,
    }


@pytest.mark.parametrize(("task_id", "code"), [("waits", 0), ("works", 1)], ids=["live", "ended"])
def test_cancel_tells_whether_it_won(service, capsys, task_id, code):
    _, address = service
    assert cli.main(["cancel", task_id, "--json", "--address", address]) == code
    assert json.loads(capsys.readouterr().out)["cancelled"] is (code == 0)


@pytest.mark.parametrize("verb", ["status", "watch", "cancel"])
def test_no_service_is_told_in_one_line(capsys, unused_tcp_port, verb):
    assert cli.main([verb, "any", "--address", f"127.0.0.1:{unused_tcp_port}"]) == ExitCode.UNREACHABLE
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"gui-agents: no service answers at 127.0.0.1:{unused_tcp_port}")


@pytest.fixture
def silent_port():
    """A port where connections are accepted and nobody answers, as with a process that was stopped."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


VERBS = {
    "health": ["health"],
    "run": ["run", "works"],
    "run --follow": ["run", "works", "--follow"],
    "watch": ["watch", "works"],
    "status": ["status", "works"],
    "cancel": ["cancel", "works"],
}


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_a_service_that_hangs_is_not_taken_for_one_that_is_not_there(silent_port, capsys, monkeypatch, verb):
    monkeypatch.setattr(client, "CONNECT_SECONDS", 0.1)
    address = f"127.0.0.1:{silent_port}"
    assert cli.main([*verb, "--address", address]) == ExitCode.UNREACHABLE
    error = capsys.readouterr().err
    assert error.startswith(f"gui-agents: {address} accepts connections and does not answer: the service hangs")
    assert "start one" not in error


def test_a_service_that_takes_no_more_connections_may_hang(capsys, monkeypatch):
    monkeypatch.setattr(client, "CONNECT_SECONDS", 0.1)
    with full() as port:
        assert cli.main(["status", "works", "--address", f"127.0.0.1:{port}"]) == ExitCode.UNREACHABLE
    assert f"gui-agents: 127.0.0.1:{port} accepts no connection within 1 s: " in capsys.readouterr().err


def test_a_service_that_breaks_off_a_call_is_there(service):
    _, address = service
    lost = CallError(address=address, code="UNAVAILABLE", text="Socket closed")
    assert str(of_call(lost)) == f"{address} has not carried out the call: Socket closed (UNAVAILABLE)"


def test_another_program_at_the_address_is_told(capsys, web_page):
    assert cli.main(["health", "--address", web_page]) == ExitCode.UNREACHABLE
    assert f"gui-agents: {web_page} is taken, and no gRPC service answers there: " in capsys.readouterr().err


@pytest.fixture
def web_page():
    """The address of an HTTP server."""
    with HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_address_comes_from_the_environment(service, capsys, monkeypatch):
    _, address = service
    monkeypatch.setenv("GRPC_HOST", "0.0.0.0")  # noqa: S104 - what a service listens on, a client cannot call
    monkeypatch.setenv("GRPC_PORT", address.rpartition(":")[2])
    assert cli.main(["status", "works"]) == ExitCode.DONE


def test_the_address_comes_from_dotenv(service, tmp_path):
    _, address = service
    (tmp_path / ".env").write_text(f"GRPC_PORT={address.rpartition(':')[2]}\n")
    assert cli.main(["status", "works"]) == ExitCode.DONE


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
@pytest.mark.parametrize("address", ["nonsense", ":1", "host:99999", "http://127.0.0.1:1", "::1:50051", "a..b:1"])
def test_a_wrong_address_is_a_usage_error(capsys, verb, address):
    assert cli.main([*verb, "--address", address]) == ExitCode.USAGE
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("gui-agents: --address must be ")
    assert line.endswith(f", not {address!r}")


@pytest.mark.parametrize("host", ["http://127.0.0.1", "127.0.0.1:50051"])
def test_a_wrong_host_of_the_environment_is_a_usage_error(capsys, monkeypatch, host):
    monkeypatch.setenv("GRPC_HOST", host)
    assert cli.main(["status", "any"]) == ExitCode.USAGE
    assert "gui-agents: GRPC_HOST must be a host name or an address" in capsys.readouterr().err


def test_a_password_in_an_address_is_not_shown(capsys):
    cli.main(["status", "any", "--address", "http://user:secret@127.0.0.1:1"])
    assert "secret" not in capsys.readouterr().err


def test_a_chosen_port_must_be_named(capsys, monkeypatch):
    monkeypatch.setenv("GRPC_PORT", "0")
    assert cli.main(["status", "any"]) == ExitCode.USAGE
    assert "GRPC_PORT is 0" in capsys.readouterr().err


def test_used_speaks_of_one_step_and_free_models():
    statistics = Statistics(1, 0, 0, 0, 0, 0.0, "$")
    assert used(statistics) == "1 step, 0 s, 0 tokens, $0"


@pytest.mark.parametrize(
    ("tokens", "said"), [(0, "1 step, 3 s, 0 tokens, cost unknown"), (20, "1 step, 3 s, 20 tokens, cost unknown")]
)
def test_a_cost_without_a_price_is_unknown_and_not_zero(tokens, said):
    assert used(Statistics(1, 3, tokens, 0, tokens, 0.0, "")) == said
    assert counted(1234, "token") == "1,234 tokens"


def start(address: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "gui_agents.cli", *arguments, "--address", address],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


def interrupted_after_the_first_line(process: subprocess.Popen[str]) -> str:
    with process:
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=30)
    assert errors == ""
    return first + rest


def test_ctrl_c_cancels_a_followed_task_and_shows_its_end(service):
    agent, address = service
    process = start(address, "run", "waits", "--follow")
    output = interrupted_after_the_first_line(process)
    assert process.returncode == ExitCode.INTERRUPTED
    assert "Cancelling the task; Ctrl-C again leaves at once." in output
    assert "status   cancelled" in output
    assert agent.cancelled.is_set()


def test_ctrl_c_leaves_a_watched_task_alone(service):
    agent, address = service
    process = start(address, "watch", "waits")
    output = interrupted_after_the_first_line(process)
    assert process.returncode == ExitCode.INTERRUPTED
    assert "Left; the task goes on. Cancel it with: gui-agents cancel waits" in output
    assert not agent.cancelled.is_set()
