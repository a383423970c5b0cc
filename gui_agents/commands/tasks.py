"""`gui-agents tasks`: finds tasks."""

import argparse
import asyncio
import sys
from typing import Any, Final

from gui_agents.client import CallError
from gui_agents.commands import service_access
from gui_agents.commands.exits import ExitCode
from gui_agents.commands.filters import add_filters, no_operator, wanted
from gui_agents.commands.moments import iso
from gui_agents.commands.output import Output, add_json, counted
from gui_agents.commands.service_access import Service
from gui_agents.commands.task_table import print_table
from gui_agents.commands.verbs import Verbs, add_verb, positive
from gui_agents.domain.storage import TaskFilter, TaskOrder, TaskSummary

EXAMPLES: Final = """\
  gui-agents tasks
  gui-agents tasks --failed --since 1h
  gui-agents tasks --status running --status pending --sort created --ascending
  gui-agents tasks --text invoice --sort cost --limit 10
  gui-agents tasks --failed --since 1d --json | jq -r .task_id

It ends with 0, also if no task meets what is asked for. --json prints one object a line.
"""
LIMIT: Final = 50


def add_parser(verbs: Verbs) -> None:
    """Add the verb."""
    parser = add_verb(verbs, "tasks", execute, summary="find tasks, running and ended ones", examples=EXAMPLES)
    add_filters(parser)
    parser.add_argument("--sort", choices=tuple(map(str, TaskOrder)), default=str(TaskOrder.CREATED), help="by what")
    parser.add_argument("--ascending", action="store_true", help="the smallest or oldest first")
    parser.add_argument(
        "--limit", type=positive, metavar="N", default=LIMIT, help=f"at most so many tasks (default: {LIMIT})"
    )
    add_json(parser)
    service_access.add_options(parser)


def execute(arguments: argparse.Namespace) -> ExitCode:
    """Print the tasks."""
    show = _show_records if arguments.json else _show_table
    try:
        asyncio.run(show(service_access.service(arguments), wanted(arguments), arguments))
    except CallError as error:
        raise no_operator(error) if error.code == "UNIMPLEMENTED" else error from error
    return ExitCode.DONE


async def _show_records(service: Service, chosen: TaskFilter, arguments: argparse.Namespace) -> None:
    output = Output(as_json=True)
    async with service.client() as client:
        async for task in client.tasks(
            chosen, sorted_by=arguments.sort, ascending=arguments.ascending, limit=arguments.limit
        ):
            output.record(as_record(task))


async def _show_table(service: Service, chosen: TaskFilter, arguments: argparse.Namespace) -> None:
    limit = arguments.limit
    async with service.client() as client:
        # One more tells whether there are more.
        listed = client.tasks(chosen, sorted_by=arguments.sort, ascending=arguments.ascending, limit=limit + 1)
        found = [task async for task in listed]
    if not found:
        print("no task meets this", file=sys.stderr)
        return
    print_table(found[:limit])
    if len(found) > limit:
        sys.stdout.flush()
        print(f"{counted(limit, 'task')} shown, and there are more; --limit shows them", file=sys.stderr)


def as_record(task: TaskSummary) -> dict[str, Any]:
    """Return a task as a JSON object."""
    used = task.statistics
    return {
        "task_id": task.task_id,
        "owner": task.owner,
        "status": task.status,
        "reason": task.reason,
        "model": task.model,
        "backend": task.backend,
        "instruction": task.instruction,
        "message": task.message,
        "created_at": iso(task.created_at),
        "started_at": iso(task.started_at),
        "ended_at": iso(task.ended_at),
        "execution_seconds": task.execution_seconds,
        "steps": used.steps,
        "input_tokens": used.input_tokens,
        "output_tokens": used.output_tokens,
        "cost": float(used.cost),
        "currency": used.currency,
        "attempt": task.attempt,
    }
