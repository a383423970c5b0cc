"""What it costs to store tasks: acknowledged submissions a second, and the CPU time of a task that does nothing.

python -m tests.bench.bench_writer
"""

import asyncio
import contextlib
import os
import sys
import tempfile
import time
from itertools import count
from pathlib import Path

import grpc

from gui_agents.domain.journal import FIRST_ATTEMPT, MessagePublished, TaskCreated
from gui_agents.domain.storage import StorageOperation, StorageOutcome
from gui_agents.domain.stream import Stage, StreamMessage
from gui_agents.proto import agent_pb2 as pb
from gui_agents.proto import agent_pb2_grpc as pb_grpc
from gui_agents.storage.sqlite.store import SqliteStore
from gui_agents.storage.writer import Writer
from tests.bench.bench_verbs import spec
from tests.bench.report import conditions, line, median_ratio
from tests.bench.servers import Running, running

SECONDS = 3.0
CALLERS = (1, 16, 64)
ASKED, ASKED_CALLERS = 3000.0, 16
"""Submissions a second by so many callers, unless the disk is too slow for that."""
SLOW_DISK = 0.4
"""The share of the disk's syncs that transactions get on a slow one; each writes several pages."""
SYNCS = 100
ROUNDS = 7
TASKS = 400
CONCURRENCY = 32
MOST_ADDED = 1.15
ACCEPTED = StreamMessage(Stage.STARTING, "accepted", 0.0)


class _Counts:
    commits = 0

    def storage_committed(self, _: float) -> None:
        self.commits += 1

    def storage_done(self, operation: StorageOperation, outcome: StorageOutcome) -> None:
        assert operation is not StorageOperation.COMMIT, outcome

    def storage_measured(self, size_bytes: int) -> None:
        pass


async def submissions(directory: Path, callers: int) -> tuple[float, float]:
    """Return how many tasks are acknowledged in a second, and with how many in one transaction."""
    writer, counts, numbers = Writer(SqliteStore(directory)), _Counts(), count()
    await writer.start(counts)
    request = spec()
    began = time.perf_counter()

    async def submit() -> int:
        acknowledged = 0
        while time.perf_counter() - began < SECONDS:
            task_id = f"{next(numbers):032}"
            writer.append(TaskCreated(task_id=task_id, attempt=FIRST_ATTEMPT, spec=request, created_at=0.0))
            writer.append(MessagePublished(task_id=task_id, attempt=FIRST_ATTEMPT, position=0, message=ACCEPTED))
            written = writer.written()
            if written is not None:
                await written
            acknowledged += 1
        return acknowledged

    total = sum(await asyncio.gather(*(submit() for _ in range(callers))))
    seconds = time.perf_counter() - began
    await writer.close(SECONDS)
    return total / seconds, total / counts.commits


def syncs(directory: Path) -> float:
    """Return how many appended pages the disk makes durable in a second, one after the other."""
    with (directory / "pages").open("wb", buffering=0) as file:
        began = time.perf_counter()
        for _ in range(SYNCS):
            file.write(bytes(4096))
            os.fdatasync(file)
        return SYNCS / (time.perf_counter() - began)


async def _tasks(server: Running) -> float:
    """Return the CPU seconds of the server for a task that does nothing."""
    request = pb.RunAgentInstructionRequest(instruction="Do nothing")
    left = iter(range(TASKS))
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        agent = pb_grpc.AgentStub(channel)

        async def caller() -> None:
            for _ in left:
                async for _ in agent.RunAgentInstruction(request):
                    pass

        before = server.cpu_seconds()
        await asyncio.gather(*(caller() for _ in range(CONCURRENCY)))
        return (server.cpu_seconds() - before) / TASKS


async def _measured(servers: list[Running]) -> dict[str, list[float]]:
    results: dict[str, list[float]] = {server.name: [] for server in servers}
    for number in range(ROUNDS + 1):
        for server in servers:
            seconds = await _tasks(server)
            if number > 0:
                results[server.name].append(seconds)
    return results


def main() -> int:
    print(f"SQLite on the disk of the temporary directory; {conditions()}")  # noqa: T201
    kept = []
    for callers in CALLERS:
        with tempfile.TemporaryDirectory() as directory:
            disk = syncs(Path(directory))
            rate, together = asyncio.run(submissions(Path(directory), callers))
        asked = min(ASKED, callers * disk * SLOW_DISK) if callers == ASKED_CALLERS else 0
        what = f"acknowledged submissions a second, {callers} callers"
        detail = f"{together:.1f} in a transaction; the disk makes {disk:.0f} pages a second durable"
        kept.append(line(what, rate, at_least=round(asked), detail=detail))
    common = {"TASK_MAX_TASKS": str(CONCURRENCY), "LOG_LEVEL": "WARNING"}
    with contextlib.ExitStack() as stack:
        servers = []
        for name in ("memory", "sqlite"):
            directory = stack.enter_context(tempfile.TemporaryDirectory())
            settings = {**common, "RUNTIME_DIR": directory, "TASK_STORAGE_BACKEND": name}
            servers.append(stack.enter_context(running(name, settings)))
        results = asyncio.run(_measured(servers))
    memory, sqlite = results["memory"], results["sqlite"]
    detail = f"{min(memory) * 1e3:.2f} and {min(sqlite) * 1e3:.2f} ms"
    kept.append(
        line("CPU of a no-op task, sqlite / memory", median_ratio(sqlite, memory), at_most=MOST_ADDED, detail=detail)
    )
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
