"""A thousand tasks at once on models that wait, in one process: all of them run, and scrapes stay quick.

python -m tests.bench.bench_parallel
"""

import asyncio
import http.client
import sys
import tempfile
import time
from statistics import median

import grpc

from gui_agents import config as configuration
from gui_agents.domain.actions import Done, Wait
from gui_agents.domain.model import Calls, Decision, DecisionRequest
from gui_agents.domain.spec import ModelChoice
from gui_agents.domain.usage import CallOutcome, ModelCall, Usage
from gui_agents.grpc_app import App
from gui_agents.proto import agent_pb2 as pb
from gui_agents.proto import agent_pb2_grpc as pb_grpc
from gui_agents.service import Parts
from tests.bench.report import conditions, line

TASKS = 1000
SCRAPES = 200
THINKING_SECONDS = 2.0
STEPS = 3


class SlowModel:
    """Thinks for seconds, as a remote model does, and is done after a few steps."""

    provider = "builtin"
    takes_screenshots = False

    async def decide(self, request: DecisionRequest, calls: Calls) -> Decision:
        await asyncio.sleep(THINKING_SECONDS)
        calls.model_called(ModelCall("builtin", "slow", CallOutcome.OK, Usage(1000, 0, 10), THINKING_SECONDS))
        last = len(request.history) == STEPS - 1
        return Decision((Done("done") if last else Wait(0.01),), "thinking")

    async def close(self) -> None:
        pass


class SlowModels:
    def choose(self, *_: object) -> ModelChoice:
        return ModelChoice("builtin", "slow")

    def create(self, _: ModelChoice) -> SlowModel:
        return SlowModel()


def scrape_latencies(port: int) -> list[float]:
    """Return the milliseconds of scrapes over one kept connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    latencies = []
    for _ in range(SCRAPES):
        began = time.perf_counter()
        connection.request("GET", "/metrics")
        connection.getresponse().read()
        latencies.append((time.perf_counter() - began) * 1e3)
    connection.close()
    return latencies


async def measure(directory: str) -> tuple[int, float, list[float]]:
    """Return the most tasks that ran at once, the seconds that all took, and scrape latencies while they ran."""
    config = configuration.load(
        {
            "ENABLE_PROMETHEUS": "true",
            "GRPC_PORT": "0",
            "PROMETHEUS_PORT": "0",
            "TASK_MAX_TASKS": str(TASKS),
            "RUNTIME_DIR": directory,
        }
    )
    app = App(config, Parts(models=SlowModels()))
    await app.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{app.service.port}") as channel:
            stub = pb_grpc.AgentStub(channel)
            request = pb.RunAgentInstructionRequest(instruction="think")
            began = time.perf_counter()
            streams = asyncio.gather(*(_drained(stub.RunAgentInstruction(request)) for _ in range(TASKS)))
            while app.service.state.snapshot().tasks.live["running"] < TASKS:
                await asyncio.sleep(0.05)
            scraping = asyncio.to_thread(scrape_latencies, app.metrics_port)
            latencies, _ = await asyncio.gather(scraping, streams)
            seconds = time.perf_counter() - began
            most = app.service.state.snapshot().tasks.created["completed"]
    finally:
        await app.stop()
    return most, seconds, latencies


async def _drained(stream: grpc.aio.UnaryStreamCall) -> None:
    async for _ in stream:
        pass


def main() -> int:
    print(f"{TASKS} tasks of {STEPS} steps on models that think {THINKING_SECONDS:g} s a step; {conditions()}")  # noqa: T201
    with tempfile.TemporaryDirectory() as directory:
        completed, seconds, latencies = asyncio.run(measure(directory))
    alone = STEPS * THINKING_SECONDS
    kept = [
        line("tasks completed / started, all at once", completed / TASKS, at_least=1.0),
        line(
            "seconds for all / seconds for one", seconds / alone, at_most=2.0, detail=f"{seconds:.1f} s / {alone:.1f} s"
        ),
        line(
            "median scrape while they run / 20 ms",
            median(latencies) / 20,
            at_most=1.0,
            detail=f"{median(latencies):.2f} ms, worst {max(latencies):.1f} ms",
        ),
    ]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
