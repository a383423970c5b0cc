"""`gui-agents health`: whether the service answers and accepts tasks, for containers and balancers."""

import argparse
import asyncio
from typing import Final

from gui_agents.commands import service_access
from gui_agents.commands.exits import ExitCode
from gui_agents.commands.output import Output, add_json
from gui_agents.commands.service_access import Service
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
    service_access.add_options(parser)
    add_json(parser)


def execute(arguments: argparse.Namespace) -> ExitCode:
    """Ask the service. The command fails if the service drains or does not answer."""
    service = service_access.service(arguments)
    serving = asyncio.run(_ask(service))
    if arguments.json:
        Output(as_json=True).record({"address": service.address, "serving": serving})
    else:
        print(f"{service.address} is {'serving' if serving else 'not serving'}")
    return ExitCode.DONE if serving else ExitCode.FAILED


async def _ask(service: Service) -> bool:
    async with service.client() as client:
        return await client.serving(SECONDS)
