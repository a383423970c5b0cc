"""The distribution's name, and the optional packages that its extras install."""

from importlib.util import find_spec
from typing import Final

import attrs

from gui_agents.domain.errors import PreconditionError

DISTRIBUTION: Final = "gui-agents"


def install_command(extra: str) -> str:
    """Return the command that installs the distribution with one of its extras."""
    return f'pip install "{DISTRIBUTION}[{extra}]"'


@attrs.frozen
class OptionalPackage:
    """A package that only some features need."""

    module: str
    """What is imported."""
    extra: str
    """The extra that installs it."""
    purpose: str
    """What needs it, in the plural: "OpenAI-compatible models"."""

    def check(self) -> None:
        """Check that the package is installed.

        Raises:
            PreconditionError: it is not; the text has the command that installs it.
        """
        if find_spec(self.module) is None:
            raise PreconditionError(f"{self.purpose} need the {self.module} package; {install_command(self.extra)}")
