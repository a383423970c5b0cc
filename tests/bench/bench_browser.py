"""A step on chromium against the bare DevTools commands that it makes, in two browsers of one run.

python -m tests.bench.bench_browser
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median

import attrs

from gui_agents.commands.demo.site import Site
from gui_agents.domain.actions import Click, Navigate
from gui_agents.sandboxes.chromium.sandbox import ChromiumSandbox
from tests.bench.cdp import BareClient, Recorder
from tests.bench.report import conditions, line, median_ratio
from tests.gui_agents.sandboxes.chromium.browsers import browsing

ROUNDS = 15
STEPS = 8
"""Of each side in a round."""


@attrs.frozen
class Cost:
    """What a step takes, in milliseconds."""

    wall: float
    cpu: float
    """Of this process alone."""


async def step(sandbox: ChromiumSandbox, click: Click) -> None:
    """Make one step: look with a picture, and act."""
    await sandbox.observe(screenshot=True)
    await sandbox.act(click)


async def cost(work: Callable[[], Awaitable[None]]) -> Cost:
    """Return what one of several steps in a row takes."""
    began, cpu = time.perf_counter(), time.process_time()
    for _ in range(STEPS):
        await work()
    wall, used = time.perf_counter() - began, time.process_time() - cpu
    return Cost(wall * 1000 / STEPS, used * 1000 / STEPS)


async def compared(directory: Path, address: str) -> tuple[list[Cost], list[Cost]]:
    """Return what steps of a sandbox cost in each round, and the same commands without it."""
    async with browsing(directory / "ours", address) as ours, browsing(directory / "bare", address) as bare:
        for browser in (ours, bare):
            await browser.act(Navigate(f"http://{address}/1/contact"))
        field = await bare.find("textbox", "Name *")
        click = Click(*field.bounds.center)
        for browser in (ours, bare):
            await step(browser.sandbox, click)
        recorder = Recorder(bare.sandbox)
        await step(bare.sandbox, click)
        commands = recorder.stop()
        client = await BareClient.taking_over(bare.sandbox)
        with_us, without = [], []
        for _ in range(ROUNDS + 1):
            with_us.append(await cost(lambda: step(ours.sandbox, click)))
            without.append(await cost(lambda: client.step(commands)))
        return with_us[1:], without[1:]


def main() -> int:
    print(conditions())  # noqa: T201
    site = Site()
    site.start()
    try:
        with tempfile.TemporaryDirectory() as name:
            ours, bare = asyncio.run(compared(Path(name), site.address))
    finally:
        site.stop()
    wall = median_ratio([each.wall for each in ours], [each.wall for each in bare])
    detail = f"{median(each.wall for each in ours):.1f} ms, bare {median(each.wall for each in bare):.1f} ms"
    own = median_ratio([each.cpu for each in ours], [each.cpu for each in bare])
    processor = f"{median(each.cpu for each in ours):.2f} ms, bare {median(each.cpu for each in bare):.2f} ms"
    kept = line("a step on chromium by its bare commands", wall, at_most=1.3, detail=detail)
    print(f"     CPU of this process for it by that of its bare commands {own:.2f}, {processor}", flush=True)  # noqa: T201
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
