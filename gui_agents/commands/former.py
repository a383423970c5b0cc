"""What happens with the lines of a `.env` file of the reference service."""

from collections.abc import Iterator, Mapping
from enum import StrEnum, unique
from pathlib import Path
from typing import Final

import attrs

from gui_agents import config
from gui_agents.commands.exits import CommandError, ExitCode
from gui_agents.config import dotenv_file
from gui_agents.config.doubts import guess
from gui_agents.config.elsewhere import OF_COMMANDS, former
from gui_agents.config.reference import DIFFERENCES, LISTENS, Fate
from gui_agents.domain.errors import ConfigError


@unique
class Verdict(StrEnum):
    """What happens with a line."""

    USED = "used as it is"
    RENAMED = "renamed"
    NO_EFFECT = "no effect"
    REMOVE = "remove"
    EXPORT = "export"
    """It does its work in the environment only, not in a file."""
    REPEATED = "given again"
    """A later line has the value that counts."""
    WRONG = "wrong"
    """The service would not start with it."""
    UNKNOWN = "unknown"
    UNREADABLE = "unreadable"
    MISSING = "not set"
    """Not a line: what the default of a variable that the reference did not have changes."""


TO_CHANGE: Final = frozenset({Verdict.RENAMED, Verdict.EXPORT, Verdict.WRONG, Verdict.UNKNOWN, Verdict.UNREADABLE})
"""Verdicts on lines that do not do their work as they are."""

_OF_FATE: Final = {
    Fate.RENAMED: Verdict.RENAMED,
    Fate.NO_EFFECT: Verdict.NO_EFFECT,
    Fate.REMOVE: Verdict.REMOVE,
    Fate.EXPORT: Verdict.EXPORT,
}


@attrs.frozen
class Told:
    """What happens with one line."""

    line: int | None
    """None for what follows from a default, which no line sets."""
    variable: str
    verdict: Verdict
    text: str


def told(path: Path) -> Iterator[Told]:
    """Yield what happens with each line of a file. No value is shown that may be a secret.

    Raises:
        CommandError: there is no such file.
        ConfigError: it cannot be read.
    """
    if not path.is_file():
        raise CommandError(ExitCode.USAGE, f"--from: there is no file {path}")
    file = dotenv_file.read(path, {})
    wrong = _mistakes(path)
    last = {line.name: line.number for line in file.lines if line.value is not None}
    for line in file.lines:
        if line.name is None or line.value is None:
            yield Told(line.number, line.name or "", Verdict.UNREADABLE, "it is no NAME=VALUE")
        elif last[line.name] != line.number:
            yield Told(line.number, line.name, Verdict.REPEATED, f"line {last[line.name]} counts")
        else:
            yield _of_variable(line.number, line.name, wrong)
    for variable, text in wrong.items():
        if variable not in last:
            yield Told(None, variable, Verdict.WRONG, text)
    for variable, text in LISTENS.items():
        if variable not in file.values:
            yield Told(None, variable, Verdict.MISSING, text)


def _of_variable(number: int, name: str, wrong: Mapping[str, str]) -> Told:
    if name in wrong:
        return Told(number, name, Verdict.WRONG, wrong[name])
    if name in _ours():
        return Told(number, name, Verdict.USED, DIFFERENCES.get(name, ""))
    if name in OF_COMMANDS:
        return Told(number, name, Verdict.USED, "commands of gui-agents read it")
    known = former(name)
    if known is not None:
        return Told(number, name, _OF_FATE[known.fate], known.text)
    hint, _ = guess(name)
    return Told(number, name, Verdict.UNKNOWN, f"neither the reference nor this service has it{hint}")


def _ours() -> frozenset[str]:
    return config.known_variables()


def _mistakes(path: Path) -> Mapping[str, str]:
    """Return what is wrong with the values of our variables, by variable."""
    try:
        config.load({}, path)
    except ConfigError as error:
        # Every mistake begins with the variable that is to be changed.
        lines = [line.partition(" ") for line in error.mistakes]
        return {name.rstrip(":"): text for name, _, text in lines if name.rstrip(":") in _ours()}
    return {}
