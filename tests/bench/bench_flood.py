"""Memory: every bound filled at once, against the ceiling that docs/operating.md promises; and what is left afterwards.

python -m tests.bench.bench_flood
"""

import asyncio
import contextlib
import sys
import tempfile
import time
from pathlib import Path

import grpc
import psutil

from gui_agents.ceiling import MIB, ceiling
from gui_agents.config import load
from gui_agents.proto import agent_pb2 as pb
from gui_agents.proto import agent_pb2_grpc as pb_grpc
from tests.attack import calls, metrics_port, words
from tests.attack.attack import Attack, Target, attacking
from tests.attack.siege import fresh_service
from tests.bench.report import conditions, line

FLOOD = (words.fill, calls.watch, calls.send_headers_alone, calls.send_half, calls.connect, metrics_port.connect)
FLOOD_SECONDS = 60.0
REST_SECONDS = 20.0
"""Longer than a call of headers alone may last."""
CLIENTS = 50
SMALL_TASKS = 1_100
"""More than are retained: what the flood has left behind is forgotten."""
VICTIM = Attack(
    name="all at once",
    carry_out=words.fill,
    victim="heavy typists",
    environment={"TASK_TIMEOUT_SECONDS": "40", "SANDBOX_KEEP_SECONDS": "15"},
)


async def run_small_tasks(target: Target) -> None:
    """Run an ordinary load: so many tasks that nothing is retained but them, each followed by a client of its own."""
    async with grpc.aio.insecure_channel(target.address) as channel:
        stub = pb_grpc.AgentStub(channel)
        ended = 0

        async def client() -> None:
            nonlocal ended
            while ended < SMALL_TASKS:
                request = pb.RunAgentInstructionRequest(instruction="end", destroySandbox=True)
                with contextlib.suppress(grpc.aio.AioRpcError):
                    async for message in stub.RunAgentInstruction(request, timeout=30):
                        ended += message.stage == "finished"

        await asyncio.gather(*(client() for _ in range(CLIENTS)))


def main() -> int:
    print(f"Every bound at once for {FLOOD_SECONDS:g} s; {conditions()}", flush=True)  # noqa: T201
    with tempfile.TemporaryDirectory() as name, fresh_service(VICTIM, Path(name)) as (process, ports):
        target = Target(ports["grpc"], ports["metrics"], 1.0)
        memory = psutil.Process(process.pid)
        asyncio.run(run_small_tasks(target))
        time.sleep(REST_SECONDS)
        before = memory.memory_info().rss
        peak = 0
        with contextlib.ExitStack() as stack:
            for carry_out in FLOOD:
                stack.enter_context(attacking(Attack(name="", carry_out=carry_out), target))
            until = time.monotonic() + FLOOD_SECONDS
            while time.monotonic() < until:
                peak = max(peak, memory.memory_info().rss)
                time.sleep(0.05)
        time.sleep(REST_SECONDS)
        asyncio.run(run_small_tasks(target))
        time.sleep(REST_SECONDS)
        after = memory.memory_info().rss
    most = ceiling(load({"ENABLE_PROMETHEUS": "true"}))
    kept = [
        line("peak / ceiling", peak / most, at_most=1.0, detail=f"{peak / MIB:.0f} of {most / MIB:.0f} MiB"),
        line("after / before", after / before, at_most=1.5, detail=f"{before / MIB:.0f} -> {after / MIB:.0f} MiB"),
    ]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
