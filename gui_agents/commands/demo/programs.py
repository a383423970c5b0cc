"""Whether this machine has the packages and programs that a demo on real sandboxes needs, and what installs them."""

from collections.abc import Mapping

from gui_agents.config.parsers import boolean
from gui_agents.domain.errors import PreconditionError
from gui_agents.domain.programs import Program, install_programs
from gui_agents.jail import machine
from gui_agents.sandboxes.registry import ROWS


def check(backend: str, *apps: str) -> None:
    """Check that the packages and programs of the backend and the apps that the demo opens are installed.

    Raises:
        PreconditionError: some are not; the text has the command that installs them, programs on Debian.
    """
    for package in ROWS[backend].needs:
        package.check()
    programs = (*ROWS[backend].programs, *(Program(app, (app,)) for app in apps))
    command = install_programs(programs, also=machine.PROGRAMS)
    if command is not None:
        raise PreconditionError(
            f"the demo on {backend} needs programs that are not installed; on Debian, run: {command}"
        )


def check_jail(backend: str, known: Mapping[str, str]) -> None:
    """Check that this machine can have jails, unless the user's variables say that none is needed.

    Raises:
        PreconditionError: it cannot; the text says what to do.
    """
    variable = f"{backend.upper()}_UNJAILED"
    try:
        unjailed = boolean(known.get(variable, ""))
    except ValueError:
        return  # the configuration tells that
    problem = None if unjailed else machine.problem()
    if problem is not None:
        raise PreconditionError(f"the demo on {backend} needs a jail: {problem}; or set {variable}=true")
