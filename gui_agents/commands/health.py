"""`gui-agents health`: whether the service answers and accepts tasks, for containers and balancers."""

import argparse
import asyncio
from typing import Final

from gui_agents.client import AgentClient
from gui_agents.commands import environment
from gui_agents.commands.exits import ExitCode
from gui_agents.commands.output import Output, add_json
from gui_agents.commands.verbs import Verbs, add_verb

EXAMPLES: Final = """\
  gui-agents health
  gui-agents health --address 127.0.0.1:50051 --json
"""
SECONDS: Final = 5.0
"""Seconds after which a service that has not answered is not healthy."""


def add_parser(verbs: Verbs) -> None:
    """Add the verb."""
    summary = "check whether the service answers and accepts tasks"
    parser = add_verb(verbs, "health", execute, summary=summary, examples=EXAMPLES)
    environment.add_address(parser)
    add_json(parser)


def execute(arguments: argparse.Namespace) -> ExitCode:
    """Ask the service. The command fails if the service drains or does not answer."""
    address = environment.address(arguments)
    serving = asyncio.run(_ask(address))
    if arguments.json:
        Output(as_json=True).record({"address": address, "serving": serving})
    else:
        print(f"{address} is {'serving' if serving else 'not serving'}")
    return ExitCode.DONE if serving else ExitCode.FAILED


async def _ask(address: str) -> bool:
    async with AgentClient(address) as client:
        return await client.serving(SECONDS)
