"""The stages of the demo by backend."""

from collections.abc import Callable, Mapping
from typing import Final

from gui_agents.commands.demo.browser import BrowserStage
from gui_agents.commands.demo.linux import LinuxStage
from gui_agents.commands.demo.simulated import SimulatedStage
from gui_agents.commands.demo.stage import Stage

_STAGES: Final[Mapping[str, Callable[[], Stage]]] = {
    "simulated": SimulatedStage,
    "chromium": BrowserStage,
    "x11": LinuxStage,
}


def stage_of(backend: str) -> Stage:
    """Return what the demo on a backend is played on."""
    return _STAGES[backend]()
