"""Real desktops and browsers: how long tasks wait for warm and cold ones, and many of both at once.

Everything goes through the service, with the built-in decider. The lag is that of the service's own event loop.

python -m tests.bench.bench_sandboxes
"""

import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from statistics import median
from typing import Final

import attrs
import psutil

from gui_agents.commands.demo.site import Site
from gui_agents.config import load
from gui_agents.domain.lifecycle import TERMINAL, TaskStatus
from gui_agents.service import Service
from tests.bench.lag import lagging, p99_milliseconds
from tests.bench.report import conditions, line
from tests.fakes import a_spec

OPENINGS = 5
DESKTOPS = 10
BROWSERS = 5
LIMIT_SECONDS: Final = 240.0
MIB: Final = 2**20
WAITS: Final = {
    "x11": "Open mousepad",
    "chromium": "Go to http://{site}/99/contact",
}
"""What tasks do that are there for the opening of their sandbox."""


@attrs.frozen
class Crowd:
    """What many real tasks at once took."""

    right: int
    """Tasks that ended with what they had to lead to."""
    seconds: float
    lag_p99_milliseconds: float
    memory_bytes: int
    """The most that all processes below this one had together; shared pages are counted once."""
    openings: dict[str, float]
    """Mean seconds that a task waited for its sandbox, by type."""
    wrong: list[str]


@contextlib.asynccontextmanager
async def serving(directory: Path, site: Site, **variables: str) -> AsyncIterator[Service]:
    """Start a service, and stop it."""
    own = {"RUNTIME_DIR": str(directory), "GRPC_PORT": "0", "EGRESS_ALLOW": site.address, "SANDBOX_KEEP": "0"}
    service = Service(load({**own, **variables}))
    await service.start()
    try:
        yield service
    finally:
        await service.stop()


async def ended(service: Service, *ids: str) -> None:
    """Wait until tasks have ended, and their sandboxes are closed."""
    async with asyncio.timeout(LIMIT_SECONDS):
        while any(service.state.status(task_id) not in TERMINAL for task_id in ids):
            await asyncio.sleep(0.02)


async def waits(directory: Path, site: Site, backend: str, *, warm: bool) -> list[float]:
    """Return the milliseconds that tasks waited, one after the other, for a sandbox."""
    async with serving(directory, site, DEFAULT_BACKEND=backend, SANDBOX_WARM="1" if warm else "0") as service:
        waited, told = [], 0.0
        for _ in range(OPENINGS):
            if warm:
                async with asyncio.timeout(LIMIT_SECONDS):
                    while not service.state.snapshot().sandboxes.warm:
                        await asyncio.sleep(0.02)
            instruction = WAITS[backend].format(site=site.address)
            await ended(service, service.runner.submit(a_spec(instruction, backend=backend, destroy_sandbox=True)))
            openings = service.state.snapshot().sandboxes.openings
            start = "warm" if warm else "cold"
            total = sum(point.sum for (_, kind), point in openings.items() if kind == start)
            waited.append((total - told) * 1000)
            told = total
        counted = sum(point.count for (_, kind), point in openings.items() if kind == start)
        assert counted == OPENINGS, f"{counted} of {OPENINGS} tasks had a {start} sandbox"
        return waited


async def crowd(directory: Path, site: Site) -> Crowd:
    """Run desktops and browsers at once, each with a task that reads back what it has written."""
    many = str(DESKTOPS + BROWSERS)
    async with serving(directory, site, TASK_MAX_TASKS=many) as service:
        texts = {f"words of desktop {number}": "x11" for number in range(DESKTOPS)}
        texts |= {f"visitor{number}@example.com": "chromium" for number in range(BROWSERS)}
        tasks, began = {}, time.monotonic()
        async with lagging() as lags:
            for number, (text, backend) in enumerate(texts.items()):
                spec = a_spec(_instruction(site, backend, number, text), backend=backend, destroy_sandbox=True)
                tasks[service.runner.submit(spec)] = text
            weights: list[int] = []
            weighing = asyncio.create_task(_weigh(weights))
            await ended(service, *tasks)
        seconds = time.monotonic() - began
        weighing.cancel()
        wrong = []
        for number, (task_id, text) in enumerate(tasks.items()):
            record = service.state.record(task_id)
            if texts[text] == "x11":
                proven = record.ending is not None and record.ending.result == text
            else:
                proven = site.visits[number].letters == [{"email": text, "monthly": "yes"}]
            if record.status is not TaskStatus.COMPLETED or not proven:
                wrong.append(f"{record.status}: {record.ending}")
        openings = {
            kind: point.sum / point.count
            for (kind, _), point in service.state.snapshot().sandboxes.openings.items()
            if point.count
        }
        return Crowd(len(tasks) - len(wrong), seconds, p99_milliseconds(lags), max(weights, default=0), openings, wrong)


def _instruction(site: Site, backend: str, number: int, text: str) -> str:
    if backend == "x11":
        return f'Open mousepad, type "{text}", then read the text'
    return (
        f"Open http://{site.address}/{number}/newsletter, type {text} into the Your email field, "
        "check Only one letter a month and click Subscribe"
    )


async def _weigh(weights: list[int]) -> None:
    """Sum up the memory of all processes below this one, every now and then, off the event loop."""
    while True:
        weights.append(await asyncio.to_thread(_memory_bytes))
        await asyncio.sleep(2.0)


def _memory_bytes() -> int:
    total = 0
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error, OSError):
            total += process.memory_full_info().pss
    return total


def main() -> int:
    print(conditions())  # noqa: T201
    site = Site()
    site.start()
    kept = []
    try:
        with tempfile.TemporaryDirectory() as name:
            for backend in WAITS:
                cold = asyncio.run(waits(Path(name, backend, "cold"), site, backend, warm=False))
                warm = asyncio.run(waits(Path(name, backend, "warm"), site, backend, warm=True))
                detail = f"cold {median(cold):.0f} ms"
                what = f"ms that a task waits for a warm {backend}, the longest"
                kept.append(line(what, max(warm), at_most=50, detail=detail))
            both = asyncio.run(crowd(Path(name, "crowd"), site))
    finally:
        site.stop()
    opened = ", ".join(f"{kind} open in {seconds:.1f} s" for kind, seconds in sorted(both.openings.items()))
    detail = f"in {both.seconds:.1f} s, {both.memory_bytes / MIB:.0f} MiB, {opened}"
    total = DESKTOPS + BROWSERS
    what = f"of {DESKTOPS} desktops and {BROWSERS} browsers at once, right"
    kept.append(line(what, both.right, at_least=total, detail=detail))
    kept.append(line("event-loop lag p99 in ms meanwhile", both.lag_p99_milliseconds, at_most=60))
    for wrong in both.wrong:
        print(wrong)  # noqa: T201
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
