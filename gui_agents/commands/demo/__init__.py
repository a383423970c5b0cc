"""`gui-agents demo`: the service, a set of real tasks, and the metrics that tell the same story."""

import argparse
import asyncio
import os
from importlib.util import find_spec
from typing import Final

from gui_agents import config
from gui_agents.commands.exits import CommandError, ExitCode
from gui_agents.commands.verbs import Verbs, add_verb
from gui_agents.errors import ConfigError

EXAMPLES: Final = """\
  gui-agents demo
  GRPC_PORT=50052 PROMETHEUS_PORT=8001 gui-agents demo
  gui-agents demo --exit
"""


def add_parser(verbs: Verbs) -> None:
    """Add the verb."""
    summary = "start a service, run a set of real tasks on it, and show the metrics that tell the same story"
    parser = add_verb(verbs, "demo", execute, summary=summary, examples=EXAMPLES)
    parser.add_argument("--exit", action="store_true", help="end by itself, as DEMO_EXIT=1 does (default: on Ctrl-C)")


def execute(arguments: argparse.Namespace) -> ExitCode:
    """Show the demo."""
    if find_spec("prometheus_client") is None:
        raise CommandError(ExitCode.USAGE, 'the demo needs the metrics: pip install "gui-agents[prometheus]"')
    try:
        leaves = arguments.exit or config.boolean(os.environ.get("DEMO_EXIT", ""))
    except ValueError as error:
        raise ConfigError([f"DEMO_EXIT {error}"]) from None
    from gui_agents.commands.demo.show import show  # noqa: PLC0415 - the other verbs need none of it

    return asyncio.run(show(leaves=leaves))
