"""Scrapers on a busy service, for ten minutes: every scrape keeps the snapshot's promises, and nothing grows.

Memory, open files, threads, the files of the runtime directory, the database and the entries that wait to be written
are compared after the warm-up and at the end. The storage keeps few bytes, so that old tasks are deleted all the time.

SOAK_SECONDS=60 python -m tests.bench.soak
"""

import asyncio
import contextlib
import multiprocessing
import os
import re
import sys
import tempfile
import time
from collections.abc import Mapping
from itertools import count
from pathlib import Path

import attrs
import grpc

from gui_agents.proto import agent_pb2 as pb
from gui_agents.proto import agent_pb2_grpc as pb_grpc
from tests.bench.report import conditions, line
from tests.bench.servers import Running, running

SCRAPERS = 20
SCRAPE_INTERVAL_SECONDS = 1.0
SLOTS = 8
WORKERS = 12
WARM_UP_SHARE = 0.25
LOOK_SECONDS = 1.0
PRINTED = 15
"""One look of so many is printed."""
PAUSE_SECONDS = 0.1
"""Between two tasks of a client: a busy service, and not a saturated one."""
STORED_BYTES = 2**22
FLAT = {
    "memory": 1.05,
    "open files": 1.2,
    "threads": 1.2,
    "files": 1.2,
    "database": 1.5,
    "stored bytes": 1.5,
    "entries to write": 3.0,
}
"""What is held -> how much more of it there may be late than after the warm-up."""
INSTRUCTIONS = ("Do nothing", "Calculate 12*7+5", "turn on Bluetooth", "How many files are there?")

_SAMPLE = re.compile(r"^([a-z_]+)(\{.*\})? (\S+)$", re.MULTILINE)

Samples = Mapping[str, float]


def samples(page: str) -> dict[str, float]:
    return {f"{name}{labels or ''}": float(value) for name, labels, value in _SAMPLE.findall(page)}


def broken_promises(now: Samples, before: Samples) -> list[str]:
    """Return what a scrape says that cannot be true of one instant, or of time going forward."""
    created = {status: now[f'agent_tasks_created_total{{status="{status}"}}'] for status in _STATUSES}
    ended = created["completed"] + created["failed"] + created["cancelled"]
    pending, active = now['agent_tasks{status="pending"}'], now["agent_tasks_active"]
    ran = created["running"] - active
    equations = {
        "created": (created["pending"], pending + active + ended),
        "queue wait": (now["agent_task_queue_wait_duration_seconds_count"], created["pending"] - pending),
        "execution": (now["agent_task_execution_duration_seconds_count"], ran),
        "steps": (now["agent_task_steps_count"], ran),
        "latency": (now["agent_task_latency_seconds_count"], ran),
        "failures": (_sum(now, "agent_task_failures_total"), created["failed"]),
        "handled": (_sum(now, "agent_grpc_handled_total"), _sum(now, "agent_grpc_request_duration_seconds_count")),
        "sections": (_sum(now, "agent_collector_success"), _count(now, "agent_collector_success")),
    }
    broken = [f"{what}: {left} is not {right}" for what, (left, right) in equations.items() if left != right]
    broken += [
        f"{name} fell from {before[name]} to {value}"
        for name, value in now.items()
        if "_total" in name and value < before.get(name, 0.0)
    ]
    return broken


_STATUSES = ("pending", "running", "completed", "failed", "cancelled")


def _sum(now: Samples, name: str) -> float:
    return sum(value for key, value in now.items() if key.startswith(name))


def _count(now: Samples, name: str) -> int:
    return sum(1 for key in now if key.startswith(name))


@attrs.define
class Findings:
    """What the scrapers saw."""

    latencies: list[float] = attrs.field(factory=list)
    """Seconds of each scrape."""
    broken: list[str] = attrs.field(factory=list)
    held: dict[str, list[tuple[float, float]]] = attrs.field(factory=lambda: {name: [] for name in FLAT})
    """What the service holds by name: share of the time that has passed, and how much."""

    def halves(self, name: str) -> tuple[list[float], list[float]]:
        """Return what was held in the first half after the warm-up, and in the second one."""
        middle = (1 + WARM_UP_SHARE) / 2
        early = [size for share, size in self.held[name] if WARM_UP_SHARE < share <= middle]
        return early, [size for share, size in self.held[name] if share > middle]


async def scrape(port: int, number: int, until: float, seconds: float, findings: Findings) -> None:
    """Scrape over one kept connection until the time is over; scrapers begin one after the other."""
    await asyncio.sleep(SCRAPE_INTERVAL_SECONDS * number / SCRAPERS)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    before: Samples = {}
    while (left := until - time.monotonic()) > 0:
        began = time.perf_counter()
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
        page = (await reader.readexactly(length)).decode()
        findings.latencies.append(time.perf_counter() - began)
        now = samples(page)
        findings.broken += broken_promises(now, before)
        share = 1 - left / seconds
        findings.held["memory"].append((share, now["agent_memory_usage_bytes"]))
        findings.held["stored bytes"].append((share, now["agent_storage_bytes"]))
        findings.held["entries to write"].append((share, now["agent_storage_queue"]))
        before = now
        await asyncio.sleep(SCRAPE_INTERVAL_SECONDS)
    writer.close()


async def work(stub: pb_grpc.AgentStub, until: float, number: int) -> None:
    """Run tasks, some of which are left early, until the time is over."""
    turn = number
    while time.monotonic() < until:
        turn += 1
        request = pb.RunAgentInstructionRequest(instruction=INSTRUCTIONS[turn % len(INSTRUCTIONS)])
        timeout = 0.005 if turn % 7 == 0 else None
        await asyncio.sleep(PAUSE_SECONDS)
        with contextlib.suppress(grpc.aio.AioRpcError):
            async for message in stub.RunAgentInstruction(request, timeout=timeout):
                await stub.QueryTaskStatus(pb.QueryTaskStatusRequest(taskId=message.taskId))


async def keep_busy(port: int, seconds: float) -> None:
    """Run clients until the time is over; in a process of its own, so that it delays no scrape's measurement."""
    until = time.monotonic() + seconds
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = pb_grpc.AgentStub(channel)
        await asyncio.gather(*(work(stub, until, number) for number in range(WORKERS)))


def busy(port: int, seconds: float) -> None:
    asyncio.run(keep_busy(port, seconds))


async def soak(server: Running, directory: Path, seconds: float) -> Findings:
    findings = Findings()
    until = time.monotonic() + seconds
    clients = multiprocessing.get_context("spawn").Process(target=busy, args=(server.port, seconds), daemon=True)
    clients.start()
    looking = asyncio.create_task(_look(server, directory, until, seconds, findings))
    await asyncio.gather(*(scrape(server.metrics_port, number, until, seconds, findings) for number in range(SCRAPERS)))
    assert not looking.done(), looking.exception()
    looking.cancel()
    clients.join()
    return findings


def _held(server: Running, directory: Path) -> dict[str, int]:
    return {
        "open files": server.process.num_fds(),
        "threads": server.process.num_threads(),
        # Pictures are deleted meanwhile, which `walk` does not mind.
        "files": sum(len(files) for _, _, files in os.walk(directory)),
        "database": sum(path.stat().st_size for path in directory.glob("tasks.sqlite*")),
    }


async def _look(server: Running, directory: Path, until: float, seconds: float, findings: Findings) -> None:
    """Count what a scrape does not tell, and print how it goes."""
    for number in count():
        left = until - time.monotonic()
        held = await asyncio.to_thread(_held, server, directory)
        for name, number_held in held.items():
            findings.held[name].append((1 - left / seconds, number_held))
        if number % PRINTED == 0:
            told = ", ".join(f"{name} {number_held}" for name, number_held in held.items())
            print(f"  {left:4.0f} s left, {len(findings.latencies)} scrapes, {told}", flush=True)  # noqa: T201
        await asyncio.sleep(LOOK_SECONDS)


def main() -> int:
    seconds = float(os.environ.get("SOAK_SECONDS", "600"))
    print(f"{SCRAPERS} scrapers and {WORKERS} clients for {seconds:g} s; {conditions()}")  # noqa: T201
    environment = {
        "ENABLE_PROMETHEUS": "true",
        "TASK_MAX_TASKS": str(SLOTS),
        "TASK_STORAGE_BYTES": str(STORED_BYTES),
        "LOG_LEVEL": "WARNING",
    }
    with (
        tempfile.TemporaryDirectory() as directory,
        running("service", environment | {"RUNTIME_DIR": directory}) as one,
    ):
        findings = asyncio.run(soak(one, Path(directory), seconds))
    for text in findings.broken[:20]:
        print(f"BROKEN {text}")  # noqa: T201
    latencies = sorted(findings.latencies)
    kept = [
        line("broken promises", len(findings.broken), at_most=0, detail=f"in {len(latencies)} scrapes"),
        line("p99.9 of scrapes / 100 ms", latencies[int(len(latencies) * 0.999)] / 0.1, at_most=1.0),
        line("worst scrape / 1 s", latencies[-1], at_most=1.0),
    ]
    for name, limit in FLAT.items():
        early, late = findings.halves(name)
        ratio = (sum(late) / len(late)) / max(1.0, sum(early) / len(early))
        detail = f"{late[-1]:,.0f} at the end, {max(early + late):,.0f} at most"
        kept.append(line(f"{name} late / {name} after the warm-up", ratio, at_most=limit, detail=detail))
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
