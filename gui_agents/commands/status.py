"""`gui-agents status`: how a task stands, why it ended, what it cost, and its steps."""

import argparse
import asyncio
from typing import Final

import attrs

from gui_agents.client import CallError, TaskReport
from gui_agents.commands import service_access
from gui_agents.commands.exits import ExitCode, of_report, unknown_task
from gui_agents.commands.lookup import whole_id
from gui_agents.commands.output import Output, add_json
from gui_agents.commands.service_access import Service
from gui_agents.commands.task_details import details_record, print_details, print_steps
from gui_agents.commands.verbs import Verbs, add_verb
from gui_agents.operator_calls import TaskDetails

EXAMPLES: Final = """\
  gui-agents status TASK_ID
  gui-agents status 95dd0a74 --steps
  gui-agents status TASK_ID --json
"""


def add_parser(verbs: Verbs) -> None:
    """Add the verb."""
    summary = "show how a task stands, why it ended, and what it cost"
    parser = add_verb(verbs, "status", execute, summary=summary, examples=EXAMPLES)
    parser.add_argument("task_id", metavar="ID", help="the task's id, or how it begins, if no other one begins so")
    parser.add_argument("--steps", action="store_true", help="also show what it did, step by step")
    add_json(parser)
    service_access.add_options(parser)


def execute(arguments: argparse.Namespace) -> ExitCode:
    """Print the task's status. The exit code follows from it."""
    report, details = asyncio.run(_status(service_access.service(arguments), arguments.task_id))
    output = Output(as_json=arguments.json)
    if details is None:
        output.report(report)
    elif arguments.json:
        output.record({**attrs.asdict(report), **details_record(details, with_steps=arguments.steps)})
    else:
        output.report(report)
        print_details(details)
        if arguments.steps:
            print_steps(details)
    return of_report(report)


async def _status(service: Service, given: str) -> tuple[TaskReport, TaskDetails | None]:
    """Return how a task stands, and the rest if the service tells it."""
    async with service.client() as client:
        task_id = await whole_id(client, given)
        report = await client.status(task_id)
        if report is None:
            raise unknown_task(given)
        try:
            return report, await client.task(task_id)
        except CallError as error:
            if error.code != "UNIMPLEMENTED":
                raise
            return report, None
