"""The distribution's name, and the optional packages that its extras install."""

import json
from importlib import metadata
from importlib.util import find_spec
from typing import Final

import attrs

from gui_agents.domain.errors import PreconditionError

DISTRIBUTION: Final = "gui-agents-service"
"""Not `gui-agents`: on PyPI, that is another project's package, with the same import name."""


def install_command(extra: str) -> str:
    """Return the command that installs one of the extras, in the way in which the distribution was installed.

    A checkout is named as `.`: refusals carry the command to clients, who must not learn the server's paths.
    """
    if _is_editable():
        return f'pip install -e ".[{extra}]"'
    return f'pip install "{DISTRIBUTION}[{extra}]"'


def _is_editable() -> bool:
    """Return whether this is a checkout, installed with `pip install -e`: PEP 610 says where that is recorded."""
    try:
        origin = metadata.distribution(DISTRIBUTION).read_text("direct_url.json")
    except metadata.PackageNotFoundError:  # a checkout in PYTHONPATH
        return True
    return origin is not None and bool(json.loads(origin).get("dir_info", {}).get("editable"))


@attrs.frozen
class OptionalPackage:
    """A package that only some features need."""

    module: str
    """What is imported."""
    extra: str
    """The extra that installs it."""
    purpose: str
    """What needs it, in the plural: "language models"."""

    def check(self) -> None:
        """Check that the package is installed.

        Raises:
            PreconditionError: it is not; the text has the command that installs it.
        """
        if find_spec(self.module) is None:
            raise PreconditionError(f"{self.purpose} need the {self.module} package; {install_command(self.extra)}")
