"""`gui-agents demo`: the service, a set of real tasks, and the metrics beside the demo's own counts."""

import argparse
import asyncio
import os
from typing import Final

from gui_agents.commands.exits import CommandError, ExitCode
from gui_agents.commands.verbs import Verbs, add_verb
from gui_agents.config.parsers import boolean
from gui_agents.domain.errors import ConfigError, PreconditionError
from gui_agents.domain.packages import install_command

EXAMPLES: Final = """\
  gui-agents demo
  GRPC_PORT=50052 PROMETHEUS_PORT=8001 gui-agents demo
  gui-agents demo --exit
  gui-agents demo --backend chromium
"""
BACKENDS: Final = ("simulated", "chromium", "x11")


def add_parser(verbs: Verbs) -> None:
    """Add the verb."""
    summary = "start a service, run a set of real tasks on it, and compare its metrics with what the client saw"
    parser = add_verb(verbs, "demo", execute, summary=summary, examples=EXAMPLES)
    parser.add_argument(
        "--backend",
        choices=BACKENDS,
        default=BACKENDS[0],
        help="what the tasks run on: simulated desktops (default), real browsers that visit a site of the demo's on "
        "loopback, or real Linux desktops with mousepad and galculator",
    )
    parser.add_argument(
        "--exit", action="store_true", help="end after the tasks, as with DEMO_EXIT=1 (default: on Ctrl-C)"
    )


def execute(arguments: argparse.Namespace) -> ExitCode:
    """Show the demo."""
    try:
        import collectors  # noqa: F401, PLC0415 - optional, and asked for by the service that the demo starts
    except ImportError as error:
        missing = f"the demo shows metrics, and {error.name} is not installed"
        reason = f"{missing}; run: {install_command('prometheus')}"
        raise CommandError(ExitCode.USAGE, reason) from error
    try:
        leaves = arguments.exit or boolean(os.environ.get("DEMO_EXIT", ""))
    except ValueError as error:
        raise ConfigError([f"DEMO_EXIT {error}"]) from None
    from gui_agents.commands.demo.show import show  # noqa: PLC0415 - the other verbs need none of it
    from gui_agents.commands.demo.stages import stage_of  # noqa: PLC0415

    stage = stage_of(arguments.backend)
    try:
        stage.open()
        return asyncio.run(show(stage, leaves=leaves))
    except PreconditionError as error:
        raise CommandError(ExitCode.USAGE, str(error)) from error
    finally:
        stage.close()
