"""What happens with the lines of a `.env` file of the reference service."""

from collections.abc import Iterator, Mapping
from enum import StrEnum, unique
from pathlib import Path
from typing import Final

import attrs

from gui_agents import config
from gui_agents.commands.exits import CommandError, ExitCode
from gui_agents.config import dotenv_file
from gui_agents.config.doubts import likely
from gui_agents.config.reference import DIFFERENCES, FORMER, LISTENS, Fate
from gui_agents.domain.errors import ConfigError


@unique
class Verdict(StrEnum):
    """What happens with a line."""

    USED = "used as it is"
    RENAMED = "renamed"
    NO_EFFECT = "no effect"
    REMOVE = "remove"
    WRONG = "wrong"
    """The service would not start with it."""
    UNKNOWN = "unknown"
    UNREADABLE = "unreadable"
    MISSING = "not set"
    """Not a line: what the defaults of a variable that the reference did not have change."""


TO_CHANGE: Final = frozenset({Verdict.RENAMED, Verdict.WRONG, Verdict.UNKNOWN, Verdict.UNREADABLE})
"""Verdicts on lines that do not do their work as they are."""

_OF_FATE: Final = {Fate.RENAMED: Verdict.RENAMED, Fate.NO_EFFECT: Verdict.NO_EFFECT, Fate.REMOVE: Verdict.REMOVE}


@attrs.frozen
class Told:
    """What happens with one line."""

    line: int | None
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
    known = {setting.variable for setting in config.settings()}
    wrong = _mistakes(path, known)
    for line in file.lines:
        if line.name is None:
            yield Told(line.number, "", Verdict.UNREADABLE, "it is no NAME=VALUE")
        elif line.name in wrong:
            yield Told(line.number, line.name, Verdict.WRONG, wrong[line.name])
        elif line.name in known:
            yield Told(line.number, line.name, Verdict.USED, DIFFERENCES.get(line.name, ""))
        else:
            yield _unused(line.number, line.name)
    for variable, text in LISTENS.items():
        if variable not in file.values:
            yield Told(None, variable, Verdict.MISSING, text)


def _unused(number: int, name: str) -> Told:
    former = FORMER.get(name)
    if former is not None:
        return Told(number, name, _OF_FATE[former.fate], former.text)
    alike = likely(name)
    hint = "" if alike is None else f"; is it {alike}?"
    return Told(number, name, Verdict.UNKNOWN, f"neither the reference nor this service has it{hint}")


def _mistakes(path: Path, known: set[str]) -> Mapping[str, str]:
    """Return what is wrong with the values of our variables, by variable."""
    try:
        config.load({}, path)
    except ConfigError as error:
        # Every mistake begins with the variable that is to be changed.
        lines = [line.partition(" ") for line in error.mistakes]
        return {name.rstrip(":"): text for name, _, text in lines if name.rstrip(":") in known}
    return {}
