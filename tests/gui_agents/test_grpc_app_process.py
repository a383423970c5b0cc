"""The service as operators run it: a process with an environment, signals, exit statuses and what it writes."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import grpc.aio
import psutil
import pytest

from gui_agents.commands.exits import ExitCode
from gui_agents.domain.packages import install_command
from gui_agents.proto import agent_pb2 as pb
from gui_agents.proto import agent_pb2_grpc as pb_grpc
from tests.scripted_model import running_in_thread, tool_call
from tests.serving import SECONDS, scrape, until

COMMAND = (sys.executable, "-W", "error", "-m", "gui_agents.grpc_app")
DONE = tool_call({"action": "done", "message": "done"})


@attrs.define
class Process:
    """A service in a process of its own."""

    popen: subprocess.Popen[bytes]
    directory: Path

    @property
    def ports_file(self) -> Path:
        return self.directory / "runtime" / "ports.json"

    @property
    def log(self) -> str:
        """Everything that it has written to stderr so far."""
        return (self.directory / "stderr").read_text()

    async def started(self) -> dict[str, int | None]:
        """Return its ports, once it serves."""
        await until(lambda: self.popen.poll() is not None or bool(self.ports_file.exists() and self._ports()))
        assert self.popen.poll() is None, self.log
        return self._ports()

    def _ports(self) -> dict[str, int | None]:
        text = self.ports_file.read_text()
        return json.loads(text) if text else {}

    async def ended(self) -> int:
        """Return its exit status."""
        return await asyncio.to_thread(self.popen.wait, SECONDS)


@contextmanager
def process(directory: Path, **environment: str) -> Iterator[Process]:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    root = str(Path(__file__).parents[2])
    defaults = {"GRPC_PORT": "0", "PROMETHEUS_PORT": "0", "PYTHONPATH": root}
    with (directory / "stderr").open("wb") as stderr:
        popen = subprocess.Popen(
            COMMAND, cwd=directory, stdout=stderr, stderr=stderr, env={**inherited, **defaults, **environment}
        )
    try:
        yield Process(popen, directory)
    finally:
        if popen.poll() is None:
            popen.kill()
            popen.wait()


def complaints(log: str) -> list[str]:
    """Return the lines of a log that a clean end does not write."""
    signs = ("Traceback", "WARNING", "ERROR", "Warning", "never retrieved", "destroyed", "Exception")
    return [line for line in log.splitlines() if any(sign in line for sign in signs)]


async def stages(agent: pb_grpc.AgentStub, task_id: str) -> list[str]:
    call = agent.GetAgentTaskStream(pb.GetAgentTaskStreamRequest(taskId=task_id))
    return [message.taskStream.stage async for message in call]


async def test_the_log_as_json_is_an_object_a_line(tmp_path):
    (tmp_path / ".env").write_text("TASK_MAX_TASK=3\n")
    environment = {"LOG_FORMAT": "json", "DEFAULT_MODEL": "openai/none", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    with process(tmp_path, MODEL_MAX_ATTEMPTS="1", **environment) as service:
        ports = await service.started()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{ports['grpc']}") as channel:
            agent = pb_grpc.AgentStub(channel)
            task = (await agent.RunAgentInstructionAsync(pb.RunAgentInstructionRequest(instruction="private"))).taskId
            assert (await stages(agent, task))[-1] == "error"
        service.popen.terminate()
        assert await service.ended() == 0
    events = [json.loads(line) for line in service.log.splitlines()]
    assert events[0]["message"].startswith("TASK_MAX_TASK has no effect: ")
    told = [event["message"] for event in events if event.get("task_id") == task]
    assert [line.partition(task)[2].split()[0] for line in told] == ["accepted,", "started", "failed"]
    assert told[-1].startswith(f"task {task} failed (model_error: ")
    assert "private" not in service.log


async def test_a_default_model_that_cannot_be_called_is_told_at_the_start(tmp_path):
    with process(tmp_path, DEFAULT_MODEL="openai/gpt-4o") as service:
        await service.started()
        await until(lambda: "gRPC on" in service.log)
        service.popen.terminate()
        assert await service.ended() == 0
    (line,) = complaints(service.log)
    missing = "set OPENAI_API_KEY: there is no key for https://api.openai.com/v1"
    assert line.endswith(f" DEFAULT_MODEL=openai/gpt-4o cannot be called: {missing}")


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    root = str(Path(__file__).parents[2])
    return subprocess.run(
        [sys.executable, "-m", "gui_agents.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])},
    )


ASKING = {
    "health": ["health"],
    "run": ["run", "do it"],
    "run --follow": ["run", "do it", "--follow"],
    "watch": ["watch", "any"],
    "status": ["status", "any"],
    "cancel": ["cancel", "any"],
    "top": ["top", "--once"],
    "doctor": ["doctor"],
}


async def test_a_service_that_is_stopped_hangs_and_is_not_taken_for_another_program(tmp_path, monkeypatch):
    with process(tmp_path, ENABLE_PROMETHEUS="true") as service:
        ports = await service.started()
        monkeypatch.setenv("GRPC_PORT", str(ports["grpc"]))
        monkeypatch.setenv("PROMETHEUS_PORT", str(ports["metrics"]))
        service.popen.send_signal(signal.SIGSTOP)
        try:
            asked = [asyncio.to_thread(command, *words) for words in ASKING.values()]
            ended = dict(zip(ASKING, await asyncio.gather(*asked), strict=True))
        finally:
            service.popen.send_signal(signal.SIGCONT)
    doctor = ended.pop("doctor")
    assert {verb: verdict.returncode for verb, verdict in ended.items()} == dict.fromkeys(ended, ExitCode.UNREACHABLE)
    said = re.compile("accepts connections and does not answer( within 5 s)?: the service hangs or is stopped")
    assert [verb for verb, verdict in ended.items() if not said.search(verdict.stderr)] == []
    hanging = [line for line in doctor.stdout.splitlines() if "accepts connections and does not answer" in line]
    assert [line.split()[:2] for line in hanging] == [["problem", "service"], ["problem", "metrics"]]
    assert "taken by" not in doctor.stdout


async def test_a_followed_task_ends_once_when_the_service_stops(tmp_path):
    with running_in_thread([DONE.on_release()]) as model:
        environment = {"DEFAULT_MODEL": "openai/scripted", "OPENAI_BASE_URL": model.base_url, "DRAIN_SECONDS": "0.2"}
        with process(tmp_path, **environment) as service:
            ports = await service.started()
            run = ("run", "do it", "--follow", "--address", f"127.0.0.1:{ports['grpc']}")
            following = asyncio.create_task(asyncio.to_thread(command, *run))
            await until(lambda: len(model.requests) == 1)
            service.popen.terminate()
            followed = await following
            assert await service.ended() == 0
    assert followed.returncode == ExitCode.FAILED
    assert followed.stderr == ""
    assert followed.stdout.count("interrupted: the service is shutting down") in {1, 2}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_the_streams_and_the_process(tmp_path, number):
    with running_in_thread([DONE.on_release()] * 2) as model:
        environment = {
            "ENABLE_PROMETHEUS": "true",
            "TASK_MAX_TASKS": "2",
            "DEFAULT_MODEL": "openai/scripted",
            "OPENAI_BASE_URL": model.base_url,
            "DRAIN_SECONDS": "1",
            "LOG_LEVEL": "DEBUG",
        }
        with process(tmp_path, **environment) as service:
            ports = await service.started()
            async with grpc.aio.insecure_channel(f"127.0.0.1:{ports['grpc']}") as channel:
                agent = pb_grpc.AgentStub(channel)
                request = pb.RunAgentInstructionRequest(instruction="do it")
                tasks = [(await agent.RunAgentInstructionAsync(request)).taskId for _ in range(3)]
                streams = [asyncio.create_task(stages(agent, task)) for task in tasks]
                await until(lambda: len(model.requests) == 2)
                await until(lambda: scrape(ports["metrics"]).one("agent_stream_subscribers") == 3)

                service.popen.send_signal(number)

                with pytest.raises(grpc.aio.AioRpcError) as waiting:
                    await streams[2]
                assert waiting.value.code() is grpc.StatusCode.UNAVAILABLE
                assert waiting.value.details() == (
                    "the service is shutting down and the task waits: it goes on after the next start"
                )
                page = scrape(ports["metrics"])
                assert page.by("agent_tasks") == {"running": 2, "pending": 1}
                assert page.by("agent_task_failures_total") == {}
                with pytest.raises(grpc.aio.AioRpcError) as refusal:
                    await agent.RunAgentInstructionAsync(request)
                assert refusal.value.code() is grpc.StatusCode.UNAVAILABLE
                if number is signal.SIGINT:
                    model.release()
                last = "finished" if number is signal.SIGINT else "error"
                assert [(await stream)[-1] for stream in streams[:2]] == [last] * 2
            assert await service.ended() == 0
            assert not service.ports_file.exists()
            with pytest.raises(urllib.error.URLError):
                scrape(ports["metrics"])
            assert complaints(service.log) == []
            # The library that calls the model logs each request; only our own lines may name an address.
            assert [line for line in service.log.splitlines() if "http" in line and " gui_agents: " not in line] == []
            assert service.log.splitlines()[-1].endswith("ended")


async def test_a_second_signal_ends_the_process_at_once(tmp_path):
    with running_in_thread([DONE.on_release()]) as model:
        environment = {"DEFAULT_MODEL": "openai/scripted", "OPENAI_BASE_URL": model.base_url, "DRAIN_SECONDS": "600"}
        with process(tmp_path, **environment) as service:
            ports = await service.started()
            async with grpc.aio.insecure_channel(f"127.0.0.1:{ports['grpc']}") as channel:
                request = pb.RunAgentInstructionRequest(instruction="do it")
                await pb_grpc.AgentStub(channel).RunAgentInstructionAsync(request)
                await until(lambda: len(model.requests) == 1)
                service.popen.send_signal(signal.SIGINT)
                await until(lambda: "shutting down" in service.log)
                service.popen.send_signal(signal.SIGINT)
                assert await service.ended() == 130


async def test_taken_ports_end_the_start_with_a_line_each(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
        taken = [str(server.getsockname()[1]) for server in (first, second)]
        environment = {"ENABLE_PROMETHEUS": "yes", "GRPC_PORT": taken[0], "PROMETHEUS_PORT": taken[1]}
        with process(tmp_path, **environment) as service:
            assert await service.ended() == 2
            metrics, agent = service.log.splitlines()
    assert metrics.startswith("PROMETHEUS_PORT: ")
    assert agent.startswith("GRPC_PORT: ")


async def test_a_wrong_configuration_ends_the_start_with_a_line_for_each_mistake(tmp_path):
    (tmp_path / ".env").write_text("TASK_QUEUE_SIZE=-1\nLOG_LEVEL=LOUD\n")
    wrong = {"TASK_MAX_TASKS": "none", "DEFAULT_BACKEND": "nope", "TASK_STORAGE_BACKEND": "floppy", "LOG_LEVEL": "info"}
    with process(tmp_path, **wrong) as service:
        assert await service.ended() == 2
        variables = [line.split(" ")[0] for line in service.log.splitlines()]
    assert variables == ["TASK_MAX_TASKS", "TASK_QUEUE_SIZE", "TASK_STORAGE_BACKEND", "DEFAULT_BACKEND"]


async def test_an_unknown_family_to_disable_ends_the_start(tmp_path):
    with process(tmp_path, ENABLE_PROMETHEUS="1", PROMETHEUS_DISABLE="nope") as service:
        assert await service.ended() == 2
        assert len(service.log.splitlines()) == 1
        assert "nope" in service.log


LIST_MODULES = """
import atexit, sys
atexit.register(lambda: print("MODULES", *sorted(sys.modules), file=sys.stderr))
"""
BLOCK_PACKAGES = """
import sys
import time
for name in ("prometheus_client", "psutil", "h11"):
    sys.modules[name] = None
"""


@pytest.mark.parametrize("monitoring", ["off", "on, but not installed"])
async def test_without_monitoring_nothing_of_it_is_imported_and_nothing_listens(tmp_path, monitoring):
    code = LIST_MODULES + (BLOCK_PACKAGES if monitoring != "off" else "")
    (tmp_path / "sitecustomize.py").write_text(code)
    path = f"{tmp_path}{os.pathsep}{Path(__file__).parents[2]}"
    with process(tmp_path, PYTHONPATH=path, ENABLE_PROMETHEUS=str(monitoring != "off")) as service:
        ports = await service.started()
        assert ports["metrics"] is None
        listening = [
            connection.laddr.port
            for connection in psutil.Process(service.popen.pid).net_connections(kind="inet")
            if connection.status == psutil.CONN_LISTEN
        ]
        assert set(listening) == {ports["grpc"]}
        async with grpc.aio.insecure_channel(f"127.0.0.1:{ports['grpc']}") as channel:
            agent = pb_grpc.AgentStub(channel)
            task = (
                await agent.RunAgentInstructionAsync(pb.RunAgentInstructionRequest(instruction="What is 1+1?"))
            ).taskId
            assert (await stages(agent, task))[-1] == "finished"
            assert (await agent.QueryTaskStatus(pb.QueryTaskStatusRequest(taskId=task))).result == "2"
        service.popen.terminate()
        assert await service.ended() == 0
        *log, modules = service.log.splitlines()
    roots = {name.partition(".")[0] for name in modules.split()}
    assert "gui_agents" in roots
    if monitoring == "off":
        assert roots & {"prometheus_client", "collectors", "psutil", "h11"} == set()
        assert complaints("\n".join(log)) == []
    else:
        (warning,) = complaints("\n".join(log))
        assert f"is not installed; run: {install_command('prometheus')}" in warning


def test_a_process_that_serves_pauses_for_no_imported_object_and_hands_over_soon(tmp_path):
    script = """
import asyncio, gc, os, signal, sys
from gui_agents import config, grpc_app

async def main():
    serving = asyncio.create_task(grpc_app.serve(config.load({"GRPC_PORT": "0", "RUNTIME_DIR": sys.argv[1]})))
    while not os.path.exists(os.path.join(sys.argv[1], "ports.json")):
        await asyncio.sleep(0.01)
    print(gc.get_freeze_count(), sys.getswitchinterval())
    os.kill(os.getpid(), signal.SIGTERM)
    await serving

asyncio.run(main())
"""
    told = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, check=True, timeout=SECONDS
    )
    frozen, switch_seconds = map(float, told.stdout.split())
    assert frozen > 10_000
    assert switch_seconds == pytest.approx(0.001)


STUBBORN = """
import asyncio, threading, time
from gui_agents.simulated import SimulatedSandbox

async def swallows(self, **_):
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            pass

async def sits_in_a_thread(self, **_):
    await asyncio.to_thread(time.sleep, 3600)

async def blocks(self, **_):
    while True:
        pass

SimulatedSandbox.observe = {way}
"""


@pytest.mark.parametrize("way", ["swallows", "sits_in_a_thread", "blocks"])
async def test_sigterm_ends_the_process_in_time_whatever_a_sandbox_does(tmp_path, way):
    (tmp_path / "sitecustomize.py").write_text(STUBBORN.format(way=way))
    path = f"{tmp_path}{os.pathsep}{Path(__file__).parents[2]}"
    with process(tmp_path, PYTHONPATH=path, DRAIN_SECONDS="0.5") as service:
        ports = await service.started()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{ports['grpc']}") as channel:
            request = pb.RunAgentInstructionRequest(instruction="do it")
            await pb_grpc.AgentStub(channel).RunAgentInstructionAsync(request, timeout=20)
            await until(lambda: "started" in service.log)
            began = time.monotonic()
            service.popen.send_signal(signal.SIGTERM)
            status = await asyncio.to_thread(service.popen.wait, 30)
            assert time.monotonic() - began < 0.5 + 5
        assert (status, service.ports_file.exists()) == (1 if way == "blocks" else 0, False)


async def test_a_second_signal_removes_the_file_of_the_ports(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(STUBBORN.format(way="swallows"))
    path = f"{tmp_path}{os.pathsep}{Path(__file__).parents[2]}"
    with process(tmp_path, PYTHONPATH=path, DRAIN_SECONDS="600") as service:
        ports = await service.started()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{ports['grpc']}") as channel:
            await pb_grpc.AgentStub(channel).RunAgentInstructionAsync(
                pb.RunAgentInstructionRequest(instruction="do it")
            )
            service.popen.send_signal(signal.SIGTERM)
            await until(lambda: "shutting down" in service.log)
            service.popen.send_signal(signal.SIGTERM)
            assert await service.ended() == 128 + signal.SIGTERM
        assert not service.ports_file.exists()


async def test_an_unread_stderr_stops_nothing(tmp_path):
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {**inherited, "PYTHONPATH": str(Path(__file__).parents[2]), "GRPC_PORT": "0", "LOG_LEVEL": "DEBUG"}
    popen = subprocess.Popen(COMMAND, cwd=tmp_path, stderr=subprocess.PIPE, env=environment)  # noqa: ASYNC220
    try:
        service = Process(popen, tmp_path)
        ports = await service.started()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{ports['grpc']}") as channel:
            agent = pb_grpc.AgentStub(channel)
            request = pb.RunAgentInstructionRequest(instruction="say something that nobody understands")
            # A refused task writes lines enough to fill a pipe of 64 KiB some times over.
            for _ in range(600):
                (await agent.RunAgentInstructionAsync(request)).taskId  # noqa: B018
                await until(lambda: True)
            popen.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(popen.wait, 30) == 0
    finally:
        popen.kill()
        popen.stderr.close()
        popen.wait()
