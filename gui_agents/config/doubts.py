"""Variables that are set and that nothing reads: those of the reference, misspelt ones, and what is no variable."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import attrs

from gui_agents.config import dotenv_file
from gui_agents.config.elsewhere import OF_COMMANDS, OTHER_NAMES, former
from gui_agents.config.loading import known_variables
from gui_agents.config.reference import FORMER, Fate
from gui_agents.config.spelling import likely

OURS: Final = ("LYBIC_", "TASK_")
"""Prefixes of variables that are meant for this service."""
OF_KUBERNETES: Final = re.compile(r"_SERVICE_HOST|_SERVICE_PORT|_PORT_\d{1,5}_")
"""What Kubernetes sets for each service of a namespace."""


@attrs.frozen
class Doubt:
    """One variable that has no effect, or a line that is none."""

    subject: str
    text: str
    misspelt: bool = False
    """Whether it looks like a variable of ours, which then has not the value that somebody wanted."""

    def __str__(self) -> str:
        return f"{self.subject} {self.text}"


def doubts(environment: Mapping[str, str], dotenv: Path | None = None) -> Iterator[Doubt]:
    """Yield what is set in vain. In the `.env` file that is every unknown name, in the environment what is alike.

    Raises:
        ConfigError: the file cannot be read.
    """
    read = known_variables() | OF_COMMANDS
    for line in dotenv_file.read(dotenv, environment).lines:
        if line.name is None or line.value is None:
            yield Doubt(f"{dotenv} line {line.number}", "is no NAME=VALUE and is not read", misspelt=True)
        elif line.name not in read and line.name not in environment:
            yield doubt_of(line.name)
    for name in sorted(environment):
        if name not in read and _is_meant(name):
            yield doubt_of(name)


def doubt_of(name: str) -> Doubt:
    """Return why a variable that no section has does nothing."""
    known = former(name)
    if known is not None:
        return Doubt(name, f"has no effect: {known.text}", misspelt=name in OTHER_NAMES)
    hint, misspelt = guess(name)
    return Doubt(name, f"has no effect: this service has no such variable{hint}", misspelt=misspelt)


def guess(name: str) -> tuple[str, bool]:
    """Return what to say of the variable that an unknown name is a misspelling of, and whether that one is ours.

    A variable that does nothing here either is no advice: then the text says what to write for it.
    """
    ours = likely(name, sorted(known_variables()))
    if ours is not None:
        return f"; is it {ours}?", True
    theirs = likely(name, [*FORMER, *OTHER_NAMES])
    known = None if theirs is None else former(theirs)
    return ("", False) if known is None else (f"; if it is {theirs}: {known.text}", known.fate is Fate.RENAMED)


def _is_meant(name: str) -> bool:
    """Tell whether a variable of the environment, which has many of other programs, is meant for this service."""
    known = former(name)
    if known is not None:
        return not known.common
    return not OF_KUBERNETES.search(name) and (name.startswith(OURS) or guess(name) != ("", False))
