"""`gui-agents version`: what is installed."""

import argparse
import json
import platform
from importlib import metadata

from gui_agents.commands.exits import ExitCode
from gui_agents.commands.output import add_json
from gui_agents.commands.verbs import Verbs, add_verb
from gui_agents.domain.packages import DISTRIBUTION


class VersionOption(argparse.Action):
    """The option `--version`. The metadata of the distribution is read only if the option is given."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print the version and end the process."""
        print(_line())
        parser.exit()


def add_parser(verbs: Verbs) -> None:
    """Add the verb."""
    parser = add_verb(verbs, "version", execute, summary="print the version", examples="  gui-agents version --json")
    add_json(parser)


def execute(arguments: argparse.Namespace) -> ExitCode:
    """Print the version. With --json, also print the versions of Python and grpcio."""
    if arguments.json:
        ours = metadata.version(DISTRIBUTION)
        record = {"gui-agents": ours, "python": platform.python_version(), "grpcio": metadata.version("grpcio")}
        print(json.dumps(record))
    else:
        print(_line())
    return ExitCode.DONE


def _line() -> str:
    return f"gui-agents {metadata.version(DISTRIBUTION)}"
