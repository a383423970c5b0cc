"""`gui-agents cancel`: ends a task."""

import argparse
import asyncio
from typing import Final

from gui_agents.commands import service_access
from gui_agents.commands.exits import ExitCode, unknown_task
from gui_agents.commands.output import Output, add_json
from gui_agents.commands.service_access import Service
from gui_agents.commands.verbs import Verbs, add_verb

EXAMPLES: Final = """\
  gui-agents cancel TASK_ID
"""


def add_parser(verbs: Verbs) -> None:
    """Add the verb."""
    parser = add_verb(verbs, "cancel", execute, summary="cancel a task", examples=EXAMPLES)
    parser.add_argument("task_id", metavar="ID", help="the task's id, as `run` prints it")
    add_json(parser)
    service_access.add_options(parser)


def execute(arguments: argparse.Namespace) -> ExitCode:
    """Cancel the task. It fails if the task has completed or failed already, or if the service does not know it."""
    cancelled, words = asyncio.run(_cancel(service_access.service(arguments), arguments.task_id))
    output = Output(as_json=arguments.json)
    output.remark(words)
    if arguments.json:
        output.record({"task_id": arguments.task_id, "cancelled": cancelled, "message": words})
    return ExitCode.DONE if cancelled else ExitCode.FAILED


async def _cancel(service: Service, task_id: str) -> tuple[bool, str]:
    async with service.client() as client:
        cancelled, words = await client.cancel(task_id)
        if not cancelled and await client.status(task_id) is None:
            raise unknown_task(task_id)
        return cancelled, words
