"""`gui-agents watch`: shows a task's messages, past ones first, until it ends."""

import argparse
import asyncio
from typing import Final

from gui_agents.client import CallError
from gui_agents.commands import service_access
from gui_agents.commands.exits import ExitCode, unknown_task
from gui_agents.commands.lookup import whole_id
from gui_agents.commands.outcome import follow_shown, outcome
from gui_agents.commands.output import Output, add_json
from gui_agents.commands.service_access import Service
from gui_agents.commands.ticking import ticking
from gui_agents.commands.verbs import Verbs, add_verb

EXAMPLES: Final = """\
  gui-agents watch TASK_ID
  gui-agents watch TASK_ID --json
"""


def add_parser(verbs: Verbs) -> None:
    """Add the verb."""
    summary = "show a task's messages until it ends; Ctrl-C leaves, and the task goes on"
    parser = add_verb(verbs, "watch", execute, summary=summary, examples=EXAMPLES)
    parser.add_argument("task_id", metavar="ID", help="the task's id, or how it begins, if no other one begins so")
    add_json(parser)
    service_access.add_options(parser)


def execute(arguments: argparse.Namespace) -> ExitCode:
    """Show the messages."""
    return asyncio.run(_watch(service_access.service(arguments), arguments.task_id, Output(as_json=arguments.json)))


async def _watch(service: Service, given: str, output: Output) -> ExitCode:
    async with service.client() as client:
        task_id = await whole_id(client, given)
        try:
            async with ticking(output.line):
                followed = await follow_shown(client.watch(task_id), output, None)
        except CallError as error:
            if error.code != "NOT_FOUND":
                raise
            raise unknown_task(given) from error
        if followed.left:
            output.remark(f"Left; the task goes on. Cancel it with: gui-agents cancel {task_id}")
            return ExitCode.INTERRUPTED
        return await outcome(client, task_id, followed.last, output)
