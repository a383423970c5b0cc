"""The version of the installed distribution."""

from importlib.metadata import version
from typing import Final

from gui_agents.domain.packages import DISTRIBUTION

__version__: Final = version(DISTRIBUTION)
