"""The demo from start to end: service up, tasks over gRPC, books beside /metrics, service down."""

import asyncio
import signal
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gui_agents.client import AgentClient, TaskOrder
from gui_agents.commands.demo.board import Board, Line, board
from gui_agents.commands.demo.books import UNCOUNTED, Books, Entry, samples
from gui_agents.commands.demo.service import DemoService
from gui_agents.commands.exits import ExitCode
from gui_agents.commands.output import counted
from gui_agents.tasks.lifecycle import TaskStatus
from gui_agents.testing.instructions import INSTRUCTIONS

SETTLE_SECONDS: Final = 5.0
"""The service counts a stream's end after its client has seen it; this is how long the last count may take."""


async def show(*, leaves: bool) -> ExitCode:
    """Show the demo; with `leaves` it ends by itself, else on Ctrl-C."""
    console = Console(highlight=False)
    loop = asyncio.get_running_loop()
    ending = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ending.set)
    with tempfile.TemporaryDirectory(prefix="gui-agents-demo-") as directory:
        service = await DemoService.start(Path(directory))
        console.print(f"Service: gRPC at {service.address}, metrics and status page at {service.page_url}\n")
        try:
            code = await _until(ending, _perform(console, service))
            if code is ExitCode.DONE and not leaves:
                _invite(console, service)
                await ending.wait()
        finally:
            status = await service.stop()
        console.print(f"\nThe service has ended with exit status {status}.")
    return ExitCode.FAILED if status else code


async def _until(ending: asyncio.Event, performance: "asyncio._CoroutineLike[ExitCode]") -> ExitCode:
    """Return how `performance` ends; a Ctrl-C ends it early."""
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


async def _perform(console: Console, service: DemoService) -> ExitCode:
    lines = [Line(number, row.instruction, row.should_fail) for number, row in enumerate(INSTRUCTIONS, 1)]
    books = Books()
    started = monotonic()
    async with AgentClient(service.address) as client:
        with board(console, lines) as shown:
            async with asyncio.TaskGroup() as group:
                for line in lines:
                    group.create_task(_task(client, line, books, shown))
    _summarize(console, lines, books, monotonic() - started)
    entries, page = await _settled(service, books)
    _tell(console, service, entries, page)
    fine = all(line.as_expected for line in lines) and all(entry.equal for entry in entries)
    return ExitCode.DONE if fine else ExitCode.FAILED


async def _task(client: AgentClient, line: Line, books: Books, shown: Board) -> None:
    books.calls["RunAgentInstruction"] += 1
    task_id = ""
    async for message in client.run(TaskOrder(instruction=line.instruction, destroy_sandbox=True)):
        task_id = message.task_id
        if message.stage == "starting":
            line.status = TaskStatus.RUNNING
        if message.stage == "step":
            line.steps += 1
            books.steps += 1
        shown.changed(line)
    books.calls["QueryTaskStatus"] += 1
    report = await client.status(task_id)
    if report is not None:
        line.status = report.status
        line.answer = " ".join((report.result or report.message).split())
        books.ended(report)
    shown.changed(line)


async def _settled(service: DemoService, books: Books) -> tuple[list[Entry], dict[str, float]]:
    """Return the books beside /metrics, as soon as they are equal, at the latest after SETTLE_SECONDS."""
    deadline = monotonic() + SETTLE_SECONDS
    while True:
        page = samples(await service.metrics())
        entries = books.compare(page)
        if all(entry.equal for entry in entries) or monotonic() > deadline:
            return entries, page
        await asyncio.sleep(0.05)


def _summarize(console: Console, lines: Sequence[Line], books: Books, seconds: float) -> None:
    outcomes = ", ".join(f"{number} {status}" for status, number in sorted(books.outcomes.items()))
    surprises = [line for line in lines if not line.as_expected]
    console.print(f"\n{counted(len(lines), 'task')} in {seconds:.1f} s: {outcomes}; {counted(books.steps, 'step')}.")
    meant = sum(line.should_fail for line in lines)
    console.print(f"{counted(meant, 'instruction')} cannot be done on this desktop, and had to fail.")
    for line in surprises:
        console.print(Text(f"Not as expected: {line.number} {line.instruction}: {line.status}, {line.answer}", "red"))


def _tell(console: Console, service: DemoService, entries: Sequence[Entry], page: dict[str, float]) -> None:
    table = Table(
        title=f"\nThe same story in {service.page_url}metrics", title_justify="left", box=None, pad_edge=False
    )
    table.add_column("Sample", no_wrap=True)
    table.add_column("/metrics", justify="right")
    table.add_column("demo's count", justify="right")
    table.add_column("")
    for entry in entries:
        mark = Text("equal", "green") if entry.equal else Text("DIFFERS", "bold red")
        table.add_row(Text(entry.sample), _number(entry.shown), _number(entry.counted), mark)
    for sample in UNCOUNTED:
        table.add_row(Text(sample), _number(page.get(sample)), "", "")
    console.print(table)


def _number(value: float | None) -> str:
    return "absent" if value is None else f"{value:,.6g}" if value < 1e6 else f"{value:,.0f}"  # noqa: PLR2004


def _invite(console: Console, service: DemoService) -> None:
    console.print(
        f"\nThe service is still up. Look at {service.page_url} in a browser, or try:\n"
        f"  curl {service.page_url}metrics\n"
        f'  .venv/bin/gui-agents run "Open Settings and turn on dark mode" --follow --address {service.address}\n'
        "Ctrl-C ends it.",
        soft_wrap=True,
    )
