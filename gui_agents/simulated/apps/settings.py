"""Settings: the machine's switches and its volume."""

from collections.abc import Iterable, Mapping
from typing import ClassVar, Final

from gui_agents.domain.screen import Bounds
from gui_agents.simulated.apps.base import App, Event
from gui_agents.simulated.widgets import Block, Widget, plate

DARK_MODE: Final = "Dark mode"
SWITCHES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    DARK_MODE: ("Use dark colours in all windows", ("dark theme", "night mode", "dark")),
    "Wi-Fi": ("Connect to wireless networks", ("WLAN", "wireless")),
    "Notifications": ("Show messages from apps", ("notification",)),
    "Location": ("Let apps ask where you are", ("location services",)),
    "Automatic updates": ("Install updates over night", ("auto updates", "updates")),
}
"""What each switch is for, and what else it is called."""

_PLATE: Final = "#705cc4"
_LOUDEST: Final = 100


class Settings(App):
    """Turns the machine's switches and sets its volume."""

    name: ClassVar = "Settings"
    called: ClassVar = ("system settings", "preferences", "control panel")
    icon: ClassVar = (
        plate(_PLATE),
        *(Block(20, y - 2, 60, 5, 2) for y in (28, 50, 72)),
        *(Block(x - 8, y - 8, 16, 16, 8) for x, y in ((62, 28), (34, 50), (54, 72))),
        *(Block(x - 4, y - 4, 8, 8, 4, _PLATE) for x, y in ((62, 28), (34, 50), (54, 72))),
    )
    place: ClassVar = Bounds(340, 72, 560, 478)
    controls: ClassVar = (
        *(
            Widget("switch", name, Bounds(20, 54 + 68 * row, 520, 60), purpose, called)
            for row, (name, (purpose, called)) in enumerate(SWITCHES.items())
        ),
        Widget("", "", Bounds(20, 394, 520, 64), "card"),
        Widget("label", "Volume", Bounds(36, 414, 90, 24), "row", key="Volume label"),
        Widget("slider", "Volume", Bounds(140, 410, 301, 32), called=("sound", "sound volume")),
        Widget("text", "Volume level", Bounds(456, 414, 68, 24), "right"),
    )

    def shown(self, key: str) -> tuple[str, Iterable[str]]:
        """Return how a setting stands."""
        if key in self.machine.switches:
            return ("on", ("checked",)) if self.machine.switches[key] else ("off", ())
        return {"Volume": str(self.machine.volume), "Volume level": f"{self.machine.volume} %"}.get(key, ""), ()

    def handle(self, event: Event) -> bool:
        """Turn a switch, or set the volume."""
        match event:
            case ("activate", key) if key in self.machine.switches:
                self.machine.switches[key] = not self.machine.switches[key]
            case ("slide", "Volume", fraction):
                self.machine.volume = round(min(max(fraction, 0.0), 1.0) * _LOUDEST)
            case ("nudge", "Volume", steps):
                self.machine.volume = min(max(self.machine.volume + steps, 0), _LOUDEST)
            case _:
                return False
        return True
