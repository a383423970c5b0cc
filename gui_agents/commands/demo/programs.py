"""Whether this machine has the programs that a demo on real sandboxes needs, and the command that installs them."""

import shutil
from collections.abc import Mapping, Sequence
from typing import Final

from gui_agents.config.parsers import boolean
from gui_agents.domain.errors import PreconditionError
from gui_agents.jail import machine

BROWSER: Final = (("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),)
DESKTOP: Final = (("Xvfb",), ("openbox",), ("dbus-daemon",), ("mousepad",), ("galculator",))
"""Each of these has to be there under one of its names."""
INSTALLS: Final = {
    "chromium": "apt-get install chromium bubblewrap",
    "x11": "apt-get install xvfb openbox dbus at-spi2-core bubblewrap mousepad galculator",
}


def check(backend: str, programs: Sequence[Sequence[str]]) -> None:
    """Check that all programs are in PATH.

    Raises:
        PreconditionError: some are not; the text has the command that installs them on Debian.
    """
    missing = [names[0] for names in programs if not any(shutil.which(name) for name in names)]
    if missing:
        raise PreconditionError(
            f"the demo on {backend} needs programs that are not installed: {', '.join(missing)}; "
            f"on Debian, run: {INSTALLS[backend]}"
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
