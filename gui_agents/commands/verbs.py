"""What a verb of the command is: a parser and a function that executes it."""

import argparse
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from gui_agents.commands.exits import ExitCode

Execute = Callable[[argparse.Namespace], ExitCode]


class Verbs(Protocol):
    """What verbs add their parsers to. The class of argparse for it is private."""

    def add_parser(
        self,
        name: str,
        *,
        help: str,  # noqa: A002 - argparse's name
        description: str,
        epilog: str | None = None,
        formatter_class: type[argparse.HelpFormatter] = argparse.HelpFormatter,
    ) -> argparse.ArgumentParser:
        """Return the parser of a new verb."""


class Verb(Protocol):
    """A module that is a verb."""

    def add_parser(self, verbs: Verbs) -> None:
        """Add the verb's parser, with what it executes."""


def add_verbs(parser: argparse.ArgumentParser, modules: Sequence[Verb]) -> None:
    """Add the verbs of these modules to `parser`."""
    verbs: Verbs = parser.add_subparsers(metavar="VERB", required=True)
    for module in modules:
        module.add_parser(verbs)


def execute(arguments: argparse.Namespace) -> ExitCode:
    """Do what the parsed arguments say."""
    chosen: Execute = arguments.execute
    return chosen(arguments)


def add_verb(verbs: Verbs, name: str, execute: Execute, *, summary: str, examples: str) -> argparse.ArgumentParser:
    """Add a verb and return its parser. Its help ends with `examples`."""
    parser = verbs.add_parser(
        name,
        help=summary,
        description=f"{summary[:1].upper()}{summary[1:]}.",
        epilog=f"examples:\n{examples}" if examples else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(execute=execute)
    return parser


LARGEST: Final = 2**31 - 1
"""Of a number that a request carries."""


def positive(text: str) -> int:
    """Read a whole number above 0."""
    number = int(text) if text.isdecimal() and len(text) <= len(str(LARGEST)) else 0
    if not 1 <= number <= LARGEST:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to {LARGEST}, not {text!r:.60}")
    return number
