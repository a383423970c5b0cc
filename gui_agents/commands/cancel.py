"""`gui-agents cancel`: ends tasks."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from typing import Final

import attrs

from gui_agents.client import CallError
from gui_agents.commands import service_access
from gui_agents.commands.exits import CommandError, ExitCode, unknown_task
from gui_agents.commands.filters import add_live_filters, live_wanted, no_operator
from gui_agents.commands.lookup import whole_id
from gui_agents.commands.output import Output, add_json, counted
from gui_agents.commands.service_access import Service
from gui_agents.commands.verbs import Verbs, add_verb
from gui_agents.domain.storage import TaskFilter
from gui_agents.operator_calls import CancelledTasks

EXAMPLES: Final = """\
  gui-agents cancel TASK_ID
  gui-agents cancel 95dd0a74 1c3f77f2
  gui-agents cancel --all-pending
  gui-agents cancel --status running --min-time 1h --dry-run
  gui-agents cancel --owner nightly --yes

Tasks that are not named by their ids are cancelled after a question; --yes answers it.
"""


def add_parser(verbs: Verbs) -> None:
    """Add the verb."""
    parser = add_verb(verbs, "cancel", execute, summary="cancel tasks", examples=EXAMPLES)
    parser.add_argument(
        "task_ids", metavar="ID", nargs="*", help="a task's id, or how it begins, if no other one begins so"
    )
    add_live_filters(parser)
    parser.add_argument("--yes", action="store_true", help="cancel without asking")
    parser.add_argument("--dry-run", action="store_true", help="cancel nothing, and list what would be cancelled")
    add_json(parser)
    service_access.add_options(parser)


def execute(arguments: argparse.Namespace) -> ExitCode:
    """Cancel tasks.

    It fails if one that is named has completed or failed already, or if the service does not know it.
    """
    chosen = live_wanted(arguments)
    filtered = chosen != TaskFilter()
    if sum((bool(arguments.task_ids), filtered, arguments.all)) != 1:
        text = "name the tasks to cancel: their ids, or --all, or options such as --all-pending"
        raise CommandError(ExitCode.USAGE, text)
    if arguments.task_ids and arguments.dry_run:
        raise CommandError(ExitCode.USAGE, "--dry-run goes with options such as --all-pending, not with ids")
    service, output = service_access.service(arguments), Output(as_json=arguments.json)
    if arguments.task_ids:
        return asyncio.run(_cancel_named(service, arguments.task_ids, output))
    try:
        return _cancel_chosen(service, chosen if filtered else None, arguments, output)
    except CallError as error:
        raise no_operator(error) if error.code == "UNIMPLEMENTED" else error from error


async def _cancel_named(service: Service, given: Sequence[str], output: Output) -> ExitCode:
    """Cancel each of these tasks; the worst outcome is the exit code."""
    outcome, unknown = ExitCode.DONE, []
    async with service.client() as client:
        for task_id in [await whole_id(client, each) for each in given]:
            cancelled, words = await client.cancel(task_id)
            if not cancelled and await client.status(task_id) is None:
                unknown.append(str(unknown_task(task_id)))
                continue
            output.remark(words if len(given) == 1 else f"{task_id}  {words}")
            output.json_record({"task_id": task_id, "cancelled": cancelled, "message": words})
            outcome = outcome if cancelled else ExitCode.FAILED
    if unknown:
        raise CommandError(ExitCode.NOT_FOUND, "\n".join(unknown))
    return outcome


def _cancel_chosen(
    service: Service, chosen: TaskFilter | None, arguments: argparse.Namespace, output: Output
) -> ExitCode:
    """Cancel the tasks that meet a filter, all of them without one, once the user agrees."""
    if arguments.dry_run or not arguments.yes:
        found = asyncio.run(_cancelled(service, chosen, dry_run=True))
        if arguments.dry_run or not found.matched:
            _show(found, output, dry_run=arguments.dry_run)
            return ExitCode.DONE
        if not _agreed(found.matched):
            return ExitCode.INTERRUPTED
    _show(asyncio.run(_cancelled(service, chosen, dry_run=False)), output, dry_run=False)
    return ExitCode.DONE


async def _cancelled(service: Service, chosen: TaskFilter | None, *, dry_run: bool) -> CancelledTasks:
    async with service.client() as client:
        return await client.cancel_tasks(chosen, dry_run=dry_run)


def _agreed(number: int) -> bool:
    """Ask whether so many tasks shall be cancelled.

    Raises:
        CommandError: nobody is there to ask.
    """
    tasks = counted(number, "task")
    if not sys.stdin.isatty():
        raise CommandError(ExitCode.USAGE, f"this would cancel {tasks}: --yes does it, --dry-run lists them")
    print(f"Cancel {tasks}? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _show(found: CancelledTasks, output: Output, *, dry_run: bool) -> None:
    output.json_record({**attrs.asdict(found), "dry_run": dry_run})
    for task_id in found.task_ids:
        output.remark(task_id)
    if found.matched > len(found.task_ids):
        output.remark(f"and {found.matched - len(found.task_ids):,} more")
    output.remark(f"{counted(found.matched if dry_run else found.cancelled, 'task')} {'would be ' * dry_run}cancelled")
