"""`gui-agents status`: the status of a task."""

import argparse
import asyncio
from typing import Final

from gui_agents.client import TaskReport
from gui_agents.commands import service_access
from gui_agents.commands.exits import ExitCode, of_report, unknown_task
from gui_agents.commands.output import Output, add_json
from gui_agents.commands.service_access import Service
from gui_agents.commands.verbs import Verbs, add_verb

EXAMPLES: Final = """\
  gui-agents status TASK_ID
  gui-agents status TASK_ID --json
"""


def add_parser(verbs: Verbs) -> None:
    """Add the verb."""
    parser = add_verb(verbs, "status", execute, summary="show the status of a task", examples=EXAMPLES)
    parser.add_argument("task_id", metavar="ID", help="the task's id, as `run` prints it")
    add_json(parser)
    service_access.add_options(parser)


def execute(arguments: argparse.Namespace) -> ExitCode:
    """Print the task's status. The exit code follows from it."""
    report = asyncio.run(_status(service_access.service(arguments), arguments.task_id))
    if report is None:
        raise unknown_task(arguments.task_id)
    Output(as_json=arguments.json).report(report)
    return of_report(report)


async def _status(service: Service, task_id: str) -> TaskReport | None:
    async with service.client() as client:
        return await client.status(task_id)
