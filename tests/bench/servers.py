"""Servers for benchmarks, each in a process of its own, so that its CPU time is its own."""

import asyncio
import contextlib
import multiprocessing
import signal
import sys
import tempfile
from collections.abc import Iterator
from multiprocessing.connection import Connection

import attrs
import grpc
import psutil
from google.protobuf.timestamp_pb2 import Timestamp

from gui_agents import config as configuration
from gui_agents.grpc_app import App, shorten_pauses
from gui_agents.proto import agent_pb2 as pb
from gui_agents.proto import agent_pb2_grpc as pb_grpc

STAGES = (("starting", "accepted"), ("step", "saw Desktop; decided done(message='')"), ("finished", "completed"))


class BareServicer(pb_grpc.AgentServicer):
    """What grpc.aio alone costs: the same messages, and nothing behind them."""

    async def GetAgentInfo(self, request, context):  # noqa: N802 - the contract's name
        return pb.AgentInfo(version="0.1.0", maxConcurrentTasks=5, log_level="INFO", domain="bench")

    async def RunAgentInstruction(self, request, context):  # noqa: N802 - the contract's name
        for stage, message in STAGES:
            yield pb.TaskStream(taskId="0" * 32, stage=stage, message=message, timestamp=Timestamp(seconds=1))


@attrs.frozen
class Running:
    """A server process that answers on `port`, and serves metrics on `metrics_port` where it does."""

    name: str
    port: int
    metrics_port: int | None
    process: psutil.Process

    def cpu_seconds(self) -> float:
        times = self.process.cpu_times()
        return times.user + times.system


@contextlib.contextmanager
def running(name: str, environment: dict[str, str] | None = None) -> Iterator[Running]:
    """Run the service with `environment`, or a bare one without, in a process of its own.

    A service without a RUNTIME_DIR gets one of its own, as only one at a time has the tasks in it.

    Raises:
        EOFError: it does not start.
    """
    with tempfile.TemporaryDirectory() as directory:
        yield from _running(name, None if environment is None else {"RUNTIME_DIR": directory, **environment})


def _running(name: str, environment: dict[str, str] | None) -> Iterator[Running]:
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_main, args=(theirs, environment), daemon=True)
    process.start()
    theirs.close()  # so that the end of the process ends the pipe
    try:
        port, metrics_port = ours.recv()
        yield Running(name, port, metrics_port, psutil.Process(process.pid))
    finally:
        process.terminate()
        process.join(15)
        if process.exitcode is None:
            process.kill()


def _main(pipe: Connection, environment: dict[str, str] | None) -> None:
    asyncio.run(_bare(pipe) if environment is None else _service(pipe, environment))


async def _bare(pipe: Connection) -> None:
    server = grpc.aio.server(options=(("grpc.so_reuseport", 0),))
    pb_grpc.add_AgentServicer_to_server(BareServicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    pipe.send((port, None))
    await _told()
    await server.stop(0)


async def _service(pipe: Connection, environment: dict[str, str]) -> None:
    app = App(configuration.load({"GRPC_PORT": "0", "PROMETHEUS_PORT": "0", **environment}))
    shorten_pauses()
    await app.start()
    pipe.send((app.service.port, app.metrics_port))
    await _told()
    await app.stop()


async def _told() -> None:
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    await told.wait()


if __name__ == "__main__":
    sys.exit("run a benchmark, such as: python -m tests.bench.bench_rpc")
