"""Variables that are set and that nothing reads: those of the reference, misspelt ones, and what is no variable."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Final

import attrs

from gui_agents.config import dotenv_file
from gui_agents.config.loading import settings
from gui_agents.config.reference import FORMER

OURS: Final = ("LYBIC_", "TASK_")
"""Prefixes of variables that are meant for this service."""
ALIKE: Final = 0.82
"""How alike two names are if one is a misspelling of the other: 0 to 1."""
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
    known = {setting.variable for setting in settings()}
    for line in dotenv_file.read(dotenv, environment).lines:
        if line.name is None:
            yield Doubt(f"{dotenv} line {line.number}", "is no NAME=VALUE and is not read", misspelt=True)
        elif line.name not in known and line.name not in environment:
            yield doubt_of(line.name)
    for name in sorted(environment):
        if name not in known and _is_meant(name):
            yield doubt_of(name)


def doubt_of(name: str) -> Doubt:
    """Return why a variable that no section has does nothing."""
    former = FORMER.get(name)
    if former is not None:
        return Doubt(name, f"has no effect: {former.text}")
    alike = likely(name)
    if alike is None:
        return Doubt(name, "has no effect: this service has no such variable")
    return Doubt(name, f"has no effect: this service has no such variable; is it {alike}?", misspelt=True)


def likely(name: str) -> str | None:
    """Return the variable of ours, or of the reference, that a name is a misspelling of."""
    known = {variable.upper(): variable for variable in (*(each.variable for each in settings()), *FORMER)}
    found = get_close_matches(name.upper(), known, 1, ALIKE)
    return known[found[0]] if found else None


def _is_meant(name: str) -> bool:
    """Tell whether a variable of the environment, which has many of other programs, is meant for this service."""
    former = FORMER.get(name)
    if former is not None:
        return not former.common
    return not OF_KUBERNETES.search(name) and (name.startswith(OURS) or likely(name) is not None)
