"""`gui-agents completion`: a script that completes this command in a shell."""

import argparse
from collections.abc import Iterator
from typing import Final

from gui_agents.commands.exits import ExitCode
from gui_agents.commands.verbs import Verbs, add_verb

EXAMPLES: Final = """\
  source <(gui-agents completion bash)
  gui-agents completion zsh > "${fpath[1]}/_gui-agents"
  gui-agents completion fish > ~/.config/fish/completions/gui-agents.fish
"""
SHELLS: Final = ("bash", "zsh", "fish")


def add_parser(verbs: Verbs) -> None:
    """Add the verb."""
    summary = "print a script that completes this command in a shell"
    parser = add_verb(verbs, "completion", execute, summary=summary, examples=EXAMPLES)
    parser.add_argument("shell", choices=SHELLS, help="the shell")


def execute(arguments: argparse.Namespace) -> ExitCode:
    """Print the script."""
    import shtab  # noqa: PLC0415 - the other verbs start faster without it

    offered = {"FILE": shtab.FILE, "DIRECTORY": shtab.DIRECTORY}
    parser: argparse.ArgumentParser = arguments.root
    for action in _actions(parser):
        # What the help calls an argument says what the shell offers for it.
        kind = action.metavar or action.dest.upper()
        if isinstance(kind, str) and kind in offered:
            action.complete = offered[kind]  # type: ignore[attr-defined] # shtab looks for it there
    print(shtab.complete(parser, shell=arguments.shell))
    return ExitCode.DONE


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield the arguments of a parser and of all verbs below it."""
    for action in parser._actions:  # noqa: SLF001 - argparse has no other way to them
        yield action
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for verb in action.choices.values():
                yield from _actions(verb)
