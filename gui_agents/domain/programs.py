"""Programs of the operating system that a backend needs, and the command that installs them."""

import os
import shutil
from collections.abc import Iterable, Sequence
from typing import Final

import attrs

INSTALL: Final = "apt-get install --no-install-recommends"
"""Of Debian and what descends from it; other systems have their own words for the same packages."""


@attrs.frozen
class Program:
    """A program, by any of its names."""

    package: str
    """The Debian package that has it."""
    names: tuple[str, ...]
    """Names in PATH, or paths; the first one that is there is taken."""

    def path(self) -> str | None:
        """Return the path of the program; None if this machine does not have it."""
        return next((path for name in self.names if (path := shutil.which(name)) is not None), None)


def install_programs(programs: Sequence[Program], also: Iterable[Program] = ()) -> str | None:
    """Return the command that installs those that are missing; None if there are all.

    `also` are the programs that would be asked for next; the command installs them too, but alone they are no reason
    for one.
    """
    if all(program.path() is not None for program in programs):
        return None
    packages = dict.fromkeys(program.package for program in (*programs, *also) if program.path() is None)
    return install_packages(packages)


def install_packages(packages: Iterable[str]) -> str:
    """Return the command that installs packages of Debian."""
    root = "" if os.geteuid() == 0 else "sudo "
    return f"{root}{INSTALL} {' '.join(packages)}"
