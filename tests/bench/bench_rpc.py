"""Server CPU of unary RPCs and of no-op tasks, against bare grpc.aio handlers of the same run; and what TLS adds.

python -m tests.bench.bench_rpc
"""

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import grpc

from gui_agents.access.token_file import added
from gui_agents.access.tokens import TokenLine, digest, new_token
from gui_agents.credentials import PLAIN, Credentials
from gui_agents.domain.access import Quotas, Role
from gui_agents.proto import agent_pb2 as pb
from gui_agents.proto import agent_pb2_grpc as pb_grpc
from tests.bench.report import conditions, line, median_ratio
from tests.bench.servers import Running, running
from tests.certificates import Authority

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


def _channel(server: Running, secured: Mapping[str, Credentials]) -> grpc.aio.Channel:
    return secured.get(server.name, PLAIN).channel(f"127.0.0.1:{server.port}", [])


async def measure(servers: list[Running], secured: Mapping[str, Credentials]) -> dict[str, dict[str, list[float]]]:
    """Return server CPU seconds per call: {what: {server: [a number per round]}}.

    The servers in `secured` are called with credentials.
    """
    results: dict[str, dict[str, list[float]]] = {"unary": {}, "task": {}}
    async with contextlib.AsyncExitStack() as stack:
        stubs = {}
        for server in servers:
            channel = await stack.enter_async_context(_channel(server, secured))
            stubs[server.name] = pb_grpc.AgentStub(channel)
        info, task = pb.GetAgentInfoRequest(), pb.RunAgentInstructionRequest(instruction="Do nothing")
        for number in range(ROUNDS + 1):
            for server in servers:
                stub, brought = stubs[server.name], secured.get(server.name, PLAIN).metadata

                def ask(stub=stub, brought=brought):
                    return stub.GetAgentInfo(info, metadata=brought)

                def run(stub=stub, brought=brought):
                    return _drain(stub.RunAgentInstruction(task, metadata=brought))

                unary = await _cpu(server, UNARY_CALLS, ask)
                tasks = await _cpu(server, TASKS, run)
                if number > 0:
                    results["unary"].setdefault(server.name, []).append(unary)
                    results["task"].setdefault(server.name, []).append(tasks)
    return results


def main() -> int:
    print(f"Server CPU per call, medians of {ROUNDS} interleaved rounds; {conditions()}")  # noqa: T201
    # What the storage adds to a task is in bench_writer.
    limits = {"TASK_MAX_TASKS": str(CONCURRENCY), "LOG_LEVEL": "WARNING", "TASK_STORAGE_BACKEND": "memory"}
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        authority = Authority(Path(directory))
        token, tokens = new_token().reveal(), Path(directory, "tokens")
        added(tokens, TokenLine("bench", digest(token), frozenset({Role.SUBMIT}), Quotas()))
        locked = {"secured": Credentials(tls_ca=authority.file, token=token)}
        guarded = {**authority.issue().of_service, "ACCESS_TOKENS_FILE": str(tokens)}
        with (
            running("bare") as bare,
            running("off", limits) as off,
            running("on", {**limits, "ENABLE_PROMETHEUS": "true"}) as on,
            running("secured", {**limits, **guarded}) as secured,
        ):
            results = asyncio.run(measure([bare, off, on, secured], locked))
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
            "unary RPC, TLS and a token / plain",
            median_ratio(unary["secured"], unary["off"]),
            at_most=1.3,
            detail=f"{micro['secured']:.0f} µs / {micro['off']:.0f} µs",
        ),
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
