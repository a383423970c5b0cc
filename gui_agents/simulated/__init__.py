"""The simulated desktop: nothing to install, real pixels, and an accessibility tree from the same widgets."""

from gui_agents.simulated.machine import DesktopState, Submission
from gui_agents.simulated.sandbox import SimulatedSandbox

__all__ = ["DesktopState", "SimulatedSandbox", "Submission"]
