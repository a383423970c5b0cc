"""Settings: the machine's switches and its volume."""

from typing import ClassVar, Final

from gui_agents.domain.screen import Bounds
from gui_agents.simulated.apps.base import App
from gui_agents.simulated.machine import SWITCHES
from gui_agents.simulated.widgets import Layout

_PIXELS_PER_PERCENT: Final = 3
_LOUDEST: Final = 100


class Settings(App):
    """Turns the machine's switches and sets its volume."""

    name: ClassVar = "Settings"
    place: ClassVar = Bounds(340, 72, 560, 478)

    def build(self, ui: Layout, area: Bounds) -> None:
        """Add one row for each setting."""
        machine = self.host.machine
        left, width, top = area.x + 20, area.width - 40, area.y + 14
        for label, purpose in SWITCHES.items():
            on = machine.switches[label]
            states = frozenset({"checked"} if on else ())
            ui.add(
                "switch",
                label,
                Bounds(left, top, width, 60),
                key=label,
                value="on" if on else "off",
                states=states,
                look=purpose,
            )
            top += 68
        ui.add("", "", Bounds(left, top, width, 64), look="card")
        ui.add("label", "Volume", Bounds(left + 16, top + 20, 90, 24), look="row", key="Volume label")
        track = Bounds(left + 120, top + 16, _LOUDEST * _PIXELS_PER_PERCENT + 1, 32)
        ui.add("slider", "Volume", track, key="Volume", value=str(machine.volume))
        bounds = Bounds(left + width - 84, top + 20, 68, 24)
        ui.add("text", "Volume level", bounds, value=f"{machine.volume} %", look="right")

    def activate(self, key: str) -> None:
        """Turn a switch."""
        switches = self.host.machine.switches
        if key in switches:
            switches[key] = not switches[key]

    def slide(self, key: str, fraction: float) -> bool:
        """Set the volume."""
        if key != "Volume":
            return False
        self.host.machine.volume = round(min(max(fraction, 0.0), 1.0) * _LOUDEST)
        return True

    def nudge(self, key: str, steps: int) -> bool:
        """Change the volume by single percents."""
        return self.slide(key, (self.host.machine.volume + steps) / _LOUDEST)
