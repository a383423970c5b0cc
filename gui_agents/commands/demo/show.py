"""The demo from start to end: start the service, run tasks over gRPC, compare counts with /metrics, stop."""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, Final

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from gui_agents.client import AgentClient, TaskOrder, TaskReport
from gui_agents.commands import environment
from gui_agents.commands.demo.board import Board, Line, board
from gui_agents.commands.demo.counts import UNCOUNTED, Counts, Entry, samples
from gui_agents.commands.demo.service import DemoService, demo_config
from gui_agents.commands.demo.stage import Scene, Stage
from gui_agents.commands.exits import ExitCode
from gui_agents.commands.output import counted
from gui_agents.domain.lifecycle import TaskStatus

SAMPLE_COLUMN: Final = 35
"""Columns before the name of a sample in the table of the counts."""
SETTLE_SECONDS: Final = 5.0
"""Seconds that the last count may take: the service counts a stream's end after its client has seen it."""


class DemoConsole(Console):
    """A console that calls `left` when the reader of its pipe has left."""

    def __init__(self, left: Callable[[], None]) -> None:
        super().__init__(highlight=False)
        self._left = left

    def on_broken_pipe(self) -> None:
        """Discard further output. rich itself would end the process while the service is working."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        self._left()


async def show(stage: Stage, *, leaves: bool) -> ExitCode:
    """Play what is on a stage. With `leaves` it ends after the tasks, otherwise on Ctrl-C."""
    ending = asyncio.Event()
    console = DemoConsole(ending.set)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ending.set)
    with tempfile.TemporaryDirectory(prefix="gui-agents-demo-") as directory:
        service = DemoService(demo_config(environment.variables(), Path(directory), stage), stage)
        await service.start()
        try:
            console.print(f"Service: gRPC at {service.address}, status page at {service.page_url}\n", soft_wrap=True)
            code = await _until(ending, _perform(console, service, stage))
            if code is ExitCode.DONE and not leaves:
                _invite(console, service, stage.example)
                await ending.wait()
        finally:
            await service.stop()
    console.print("\nThe service has ended.")
    return code


async def _until(ending: asyncio.Event, performance: Coroutine[Any, Any, ExitCode]) -> ExitCode:
    """Return the exit code of `performance`. Ctrl-C ends it early."""
    performing = asyncio.create_task(performance)
    asked = asyncio.create_task(ending.wait())
    await asyncio.wait({performing, asked}, return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    if performing.done():
        return performing.result()
    performing.cancel()
    with suppress(asyncio.CancelledError):
        await performing
    return ExitCode.INTERRUPTED


async def _perform(console: Console, service: DemoService, stage: Stage) -> ExitCode:
    scenes = stage.scenes
    lines = [Line(number, scene.instruction) for number, scene in enumerate(scenes, 1)]
    counts = Counts(sandbox_type=stage.sandbox_type)
    started = monotonic()
    async with AgentClient(service.address) as client:
        with board(console, lines) as shown:
            async with asyncio.TaskGroup() as group:
                for line, scene in zip(lines, scenes, strict=True):
                    group.create_task(_task(client, line, counts, shown, partial(_judged, scene)))
    _summarize(console, lines, counts, monotonic() - started, stage)
    entries, page = await _settled(service, counts)
    _tell(console, service, entries, page)
    fine = all(line.as_expected for line in lines) and all(entry.equal for entry in entries)
    return ExitCode.DONE if fine else ExitCode.FAILED


async def _judged(scene: Scene, report: TaskReport) -> bool:
    """Return whether a task led to the expected result, by what it left behind and not by its own claim."""
    return await scene.judge(report.status is TaskStatus.COMPLETED, _answer(report))


def _answer(report: TaskReport) -> str:
    """Return the agent's answer, or the reason why there is none."""
    return report.result if report.status is TaskStatus.COMPLETED else report.message


async def _task(
    client: AgentClient, line: Line, counts: Counts, shown: Board, judged: Callable[[TaskReport], Awaitable[bool]]
) -> None:
    counts.calls["RunAgentInstruction"] += 1
    task_id = ""
    async for message in client.run(TaskOrder(instruction=line.instruction, destroy_sandbox=True)):
        task_id = message.task_id
        if message.stage == "step":
            line.status = TaskStatus.RUNNING
            line.steps += 1
            counts.steps += 1
        shown.changed(line)
    counts.calls["QueryTaskStatus"] += 1
    report = await client.status(task_id)
    if report is not None:
        line.status = report.status
        line.answer = " ".join(_answer(report).split()) or "(an empty answer)"
        line.as_expected = await judged(report)
        counts.ended(report)
    shown.changed(line)


async def _settled(service: DemoService, counts: Counts) -> tuple[list[Entry], dict[str, float]]:
    """Return the counts beside /metrics, as soon as they are equal, at the latest after SETTLE_SECONDS."""
    deadline = monotonic() + SETTLE_SECONDS
    while True:
        page = samples(await service.metrics())
        entries = counts.compare(page)
        if all(entry.equal for entry in entries) or monotonic() > deadline:
            return entries, page
        await asyncio.sleep(0.05)


def _summarize(console: Console, lines: Sequence[Line], counts: Counts, seconds: float, stage: Stage) -> None:
    outcomes = ", ".join(f"{number} {status}" for status, number in sorted(counts.outcomes.items()))
    console.print(f"\n{counted(len(lines), 'task')} in {seconds:.1f} s: {outcomes}; {counted(counts.steps, 'step')}.")
    fine = sum(line.as_expected for line in lines)
    console.print(f"{fine} of {len(lines)} led to the expected result, judged by {stage.evidence}.")
    for line, scene in zip(lines, stage.scenes, strict=True):
        if not line.as_expected:
            console.print(Text(f"Expected of {line.number}: {scene.expect}; {line.status}: {line.answer}", "red"))


def _tell(console: Console, service: DemoService, entries: Sequence[Entry], page: Mapping[str, float]) -> None:
    console.print(f"\nWhat the client counted, beside {service.page_url}metrics:\n", soft_wrap=True)
    console.print(f"{'counted':>11}  {'/metrics':>11}           sample")
    for entry in entries:
        mark = "[green]equal   [/]" if entry.equal else "[bold red]DIFFERENT[/]"
        row = f"{_number(entry.counted):>11}  {_number(entry.shown):>11}  {mark:<9} "
        console.print(row + escape(_fitting(entry.sample, console)), soft_wrap=True)
    for sample in UNCOUNTED:
        row = f"{'':>11}  {_number(page.get(sample)):>11}           "
        console.print(row + escape(_fitting(sample, console)), soft_wrap=True)


def _fitting(sample: str, console: Console) -> str:
    """Return a sample with its labels on a line of their own if it is too long for the terminal."""
    name, brace, labels = sample.partition("{")
    if not (brace and console.is_terminal and SAMPLE_COLUMN + len(sample) > console.width):
        return sample
    return f"{name}\n{'':>{SAMPLE_COLUMN}}  {{{labels}"


def _number(value: float | None) -> str:
    if value is None:
        return "absent"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}"


def _invite(console: Console, service: DemoService, example: str) -> None:
    console.print(
        f"\nThe service is still up. Look at {service.page_url} in a browser, or try:\n"
        f"  curl {service.page_url}metrics\n"
        f'  .venv/bin/gui-agents run "{example}" \\\n'
        f"    --follow --address {service.address}\n"
        "Ctrl-C ends it.",
        soft_wrap=True,
    )
