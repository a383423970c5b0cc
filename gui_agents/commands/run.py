"""`gui-agents run`: starts a task, and follows it with --follow."""

import argparse
import asyncio
from typing import Final

from gui_agents.client import TaskOrder
from gui_agents.commands import service_access
from gui_agents.commands.exits import CommandError, ExitCode
from gui_agents.commands.outcome import follow_shown, outcome
from gui_agents.commands.output import Output, add_json
from gui_agents.commands.service_access import Service
from gui_agents.commands.ticking import ticking
from gui_agents.commands.verbs import Verbs, add_verb, positive

EXAMPLES: Final = """\
  gui-agents run "Calculate 12*7+5" --follow
  gui-agents run "How many files are there?" --steps 10 --timeout 60
  gui-agents run "Now delete todo.txt" --continue TASK_ID --follow --json
"""


def add_parser(verbs: Verbs) -> None:
    """Add the verb."""
    parser = add_verb(verbs, "run", execute, summary="start a task from an instruction", examples=EXAMPLES)
    parser.add_argument("instruction", help="what to do, in plain language")
    parser.add_argument(
        "--follow", action="store_true", help="show its messages until it ends; Ctrl-C cancels the task"
    )
    parser.add_argument(
        "--steps", type=positive, metavar="N", help="at most this many steps (default: TASK_STEPS of the service)"
    )
    parser.add_argument(
        "--timeout", type=positive, metavar="SECONDS", help="at most this many seconds (default: TASK_TIMEOUT_SECONDS)"
    )
    parser.add_argument(
        "--backend", metavar="NAME", help="the kind of sandbox (default: DEFAULT_BACKEND of the service)"
    )
    parser.add_argument(
        "--model",
        metavar="PROVIDER/NAME",
        help="the model that decides, such as openai/gpt-4o (default: DEFAULT_MODEL)",
    )
    parser.add_argument("--destroy-sandbox", action="store_true", help="close the sandbox when the task ends")
    parser.add_argument(
        "--continue", dest="previous", metavar="ID", help="continue that task: its conversation, in its sandbox"
    )
    add_json(parser)
    service_access.add_options(parser)


def execute(arguments: argparse.Namespace) -> ExitCode:
    """Start the task."""
    order = TaskOrder(
        instruction=arguments.instruction,
        steps=arguments.steps,
        timeout_seconds=arguments.timeout,
        backend=arguments.backend,
        model=arguments.model,
        destroy_sandbox=arguments.destroy_sandbox,
        previous_task_id=arguments.previous,
    )
    service = service_access.service(arguments)
    output = Output(as_json=arguments.json)
    return asyncio.run(_follow(service, order, output) if arguments.follow else _start(service, order, output))


async def _start(service: Service, order: TaskOrder, output: Output) -> ExitCode:
    async with service.client() as client:
        output.started(await client.start(order))
    return ExitCode.DONE


async def _follow(service: Service, order: TaskOrder, output: Output) -> ExitCode:
    async with service.client() as client:

        async def cancel(task_id: str) -> None:
            output.remark("Cancelling the task; Ctrl-C again leaves at once.")
            await client.cancel(task_id)

        async with ticking(output.line):
            followed = await follow_shown(client.run(order), output, cancel)
        if followed.left:
            output.remark("Left; the service cancels a task whose caller leaves.")
            return ExitCode.INTERRUPTED
        if followed.last is None:
            raise CommandError(ExitCode.UNREACHABLE, "the service ended the task's stream without a message")
        return await outcome(client, followed.last.task_id, followed.last, output)
