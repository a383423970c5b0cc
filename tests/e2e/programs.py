"""Programs of the stack, started on free ports in a directory of their own and ended by their process id."""

import asyncio
import contextlib
import http.client
import json
import multiprocessing
import os
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Callable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import grpc

from gui_agents.proto import agent_pb2, agent_pb2_grpc
from tests.e2e.instance import serve
from tests.ports import free_port
from tests.system_tools import require_program

STARTUP_SECONDS = 60
SPARING = {"GOGC": "400"}
"""Lets programs in Go take memory instead of a third of their time for collecting garbage."""
FORKS = multiprocessing.get_context("forkserver")
"""Makes instances from a process that has imported the service: a start from nothing takes a second of a core."""
FORKS.set_forkserver_preload(["tests.e2e.instance"])


def get(url: str) -> bytes:
    """Fetch an address of this machine."""
    with urllib.request.urlopen(url, timeout=10) as reply:  # noqa: S310 - all of this machine
        return reply.read()


def query(port: int, expr: str, at: float | None = None) -> list[dict[str, Any]]:
    """Ask Prometheus and return the samples."""
    parameters = {"query": expr} if at is None else {"query": expr, "time": str(at)}
    data = get(f"http://127.0.0.1:{port}/api/v1/query?{urllib.parse.urlencode(parameters)}")
    return json.loads(data)["data"]["result"]


async def until(condition: Callable[[], Any], what: str, seconds: float = STARTUP_SECONDS) -> Any:
    """Return the first true value of `condition`, which may fail to connect; asked ten times a second."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end:
        with contextlib.suppress(OSError, http.client.HTTPException):
            value = await asyncio.to_thread(condition)
            if value:
                return value
        await asyncio.sleep(0.1)
    raise AssertionError(f"not within {seconds:g} s: {what}")


def _spawn(command: Sequence[str], **more: Any) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, which no signal to the tests reaches."""
    return subprocess.Popen(command, env={**os.environ, **SPARING}, start_new_session=True, **more)


@contextlib.asynccontextmanager
async def running(directory: Path, name: str, *command: str, ready: str) -> AsyncIterator[subprocess.Popen[bytes]]:
    """Run a program until the block ends; the address `ready` must answer first."""
    log = (directory / f"{name}.log").open("wb")
    process = _spawn(command, cwd=directory, stdout=log, stderr=log)
    try:
        await until(lambda: process.poll() is not None or get(ready), f"{name} at {ready}")
        assert process.poll() is None, (directory / f"{name}.log").read_text("utf-8")
        yield process
    finally:
        process.terminate()
        try:
            await asyncio.to_thread(process.wait, 10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


@contextlib.asynccontextmanager
async def prometheus(directory: Path, config: Path, *options: str, name: str = "prometheus") -> AsyncIterator[int]:
    """Run Prometheus and yield its port."""
    port = free_port()
    command = (
        require_program("prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={directory / name}-data",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
        *options,
    )
    async with running(directory, name, *command, ready=f"http://127.0.0.1:{port}/-/ready"):
        yield port


@contextlib.asynccontextmanager
async def alertmanager(directory: Path, config: Path) -> AsyncIterator[int]:
    """Run Alertmanager and yield its port."""
    port = free_port()
    command = (
        require_program("prometheus-alertmanager"),
        f"--config.file={config}",
        f"--storage.path={directory / 'alertmanager-data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        "--log.level=warn",
    )
    async with running(directory, "alertmanager", *command, ready=f"http://127.0.0.1:{port}/-/ready"):
        yield port


class Instance:
    """One process of the service, which can be told to have faults, be killed, and start again on its port."""

    def __init__(self, directory: Path, name: str, **variables: object) -> None:
        self.runtime = directory / name
        self.log = directory / f"{name}.log"
        self._variables = {key.upper(): str(value) for key, value in variables.items()}
        self._process: BaseProcess | None = None
        self._orders: Connection | None = None
        self._channel: grpc.aio.Channel | None = None
        self.metrics_port = free_port()
        self._grpc_port = 0

    @property
    def target(self) -> str:
        """What Prometheus scrapes."""
        return f"127.0.0.1:{self.metrics_port}"

    @property
    def address(self) -> str:
        """Where it takes RPCs."""
        return f"127.0.0.1:{self._grpc_port}"

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        assert self._process.pid is not None
        return self._process.pid

    @property
    def agent(self) -> agent_pb2_grpc.AgentStub:
        """A client of it."""
        assert self._channel is not None
        return agent_pb2_grpc.AgentStub(self._channel)

    async def start(self) -> None:
        """Start it, also again, on its metrics port, and wait until it serves."""
        ports = self.runtime / "ports.json"
        ports.unlink(missing_ok=True)
        environment = {
            "PATH": os.environ["PATH"],
            "ENABLE_PROMETHEUS": "true",
            "GRPC_PORT": "0",
            "PROMETHEUS_PORT": str(self.metrics_port),
            "RUNTIME_DIR": str(self.runtime),
            "DRAIN_SECONDS": "0",
            **self._variables,
        }
        theirs, self._orders = FORKS.Pipe(duplex=False)
        self._process = FORKS.Process(target=serve, args=(environment, self.log, theirs), daemon=True)
        await asyncio.to_thread(self._process.start)
        theirs.close()
        found = json.loads(await until(lambda: ports.is_file() and ports.read_bytes(), f"{self.runtime.name} serves"))
        self._grpc_port = found["grpc"]
        self._channel = grpc.aio.insecure_channel(self.address)

    def tell(self, **faults: object) -> None:
        """Switch a fault on or off."""
        assert self._orders is not None
        self._orders.send(faults)

    async def kill(self) -> None:
        """End it at once."""
        if self._channel is not None:
            await self._channel.close()
            self._channel = None
        if self._process is not None:
            assert self._orders is not None
            self._process.kill()
            self._orders.close()
            await asyncio.to_thread(self._process.join)
            self._process = None

    async def submit(self, instruction: str = "Calculate 1+1", model: str | None = None, **more: Any) -> str:
        """Submit a task and return its id."""
        config = agent_pb2.CommonConfig()
        if model is not None:
            config.stageModelConfig.actionGeneratorModel.modelName = model
        request = agent_pb2.RunAgentInstructionRequest(
            instruction=instruction, runningConfig=config, destroySandbox=True, **more
        )
        reply = await self.agent.RunAgentInstructionAsync(request, timeout=20)
        return str(reply.taskId)
