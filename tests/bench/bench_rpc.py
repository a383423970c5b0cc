"""Server CPU of unary RPCs and of no-op tasks, against bare grpc.aio handlers of the same run.

python -m tests.bench.bench_rpc
"""

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable

import grpc

from gui_agents.proto import agent_pb2 as pb
from gui_agents.proto import agent_pb2_grpc as pb_grpc
from tests.bench.report import conditions, line, median_ratio
from tests.bench.servers import Running, running

ROUNDS = 9
UNARY_CALLS = 3000
TASKS = 600
CONCURRENCY = 32


async def _repeat(calls: int, call: Callable[[], Awaitable[object]]) -> None:
    left = calls

    async def worker() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await call()

    await asyncio.gather(*(worker() for _ in range(CONCURRENCY)))


async def _cpu(server: Running, calls: int, call: Callable[[], Awaitable[object]]) -> float:
    before = server.cpu_seconds()
    await _repeat(calls, call)
    return (server.cpu_seconds() - before) / calls


async def _drain(stream: grpc.aio.UnaryStreamCall) -> None:
    async for _ in stream:
        pass


async def measure(servers: list[Running]) -> dict[str, dict[str, list[float]]]:
    """Return server CPU seconds per call: {what: {server: [a number per round]}}."""
    results: dict[str, dict[str, list[float]]] = {"unary": {}, "task": {}}
    async with contextlib.AsyncExitStack() as stack:
        stubs = {}
        for server in servers:
            channel = await stack.enter_async_context(grpc.aio.insecure_channel(f"127.0.0.1:{server.port}"))
            stubs[server.name] = pb_grpc.AgentStub(channel)
        info, task = pb.GetAgentInfoRequest(), pb.RunAgentInstructionRequest(instruction="Do nothing")
        for number in range(ROUNDS + 1):
            for server in servers:
                stub = stubs[server.name]
                unary = await _cpu(server, UNARY_CALLS, lambda stub=stub: stub.GetAgentInfo(info))
                tasks = await _cpu(server, TASKS, lambda stub=stub: _drain(stub.RunAgentInstruction(task)))
                if number > 0:
                    results["unary"].setdefault(server.name, []).append(unary)
                    results["task"].setdefault(server.name, []).append(tasks)
    return results


def main() -> int:
    print(f"Server CPU per call, medians of {ROUNDS} interleaved rounds; {conditions()}")  # noqa: T201
    limits = {"TASK_MAX_TASKS": str(CONCURRENCY), "LOG_LEVEL": "WARNING"}
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        with (
            running("bare") as bare,
            running("off", limits) as off,
            running("on", {**limits, "ENABLE_PROMETHEUS": "true"}) as on,
        ):
            results = asyncio.run(measure([bare, off, on]))
    unary, task = results["unary"], results["task"]
    micro = {name: sorted(values)[len(values) // 2] * 1e6 for name, values in unary.items()}
    kept = [
        line(
            "unary RPC, monitoring on / bare handler",
            median_ratio(unary["on"], unary["bare"]),
            at_most=1.25,
            detail=f"{micro['on']:.0f} µs / {micro['bare']:.0f} µs",
        ),
        line("unary RPC, monitoring on / off", median_ratio(unary["on"], unary["off"]), at_most=1.05),
        line(
            "no-op task, monitoring on / bare stream of 3 messages",
            median_ratio(task["on"], task["bare"]),
            at_most=3.0,
            detail=f"{sorted(task['on'])[ROUNDS // 2] * 1e6:.0f} µs / {sorted(task['bare'])[ROUNDS // 2] * 1e6:.0f} µs",
        ),
    ]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
