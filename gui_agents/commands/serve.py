"""`gui-agents serve`: runs the service in the foreground."""

import argparse
from typing import Final

from gui_agents import config
from gui_agents.commands.exits import ExitCode
from gui_agents.commands.verbs import Verbs, add_verb

EXAMPLES: Final = """\
  gui-agents serve
  ENABLE_PROMETHEUS=true GRPC_PORT=50052 gui-agents serve
"""
SECRETS: Final = "For a secret NAME, NAME_FILE names a file that holds it."


def add_parser(verbs: Verbs) -> None:
    """Add the verb."""
    summary = "run the service as the environment and .env configure it; Ctrl-C ends it"
    add_verb(
        verbs,
        "serve",
        execute,
        summary=summary,
        examples=f"{EXAMPLES}\nvariables (with their defaults):\n{config.table()}\n{SECRETS}",
    )


def execute(_arguments: argparse.Namespace) -> ExitCode:
    """Run the service until a signal ends it."""
    from gui_agents import grpc_app  # noqa: PLC0415 - the other verbs start faster without the server

    return ExitCode(grpc_app.main([]))
