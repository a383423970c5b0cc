"""What surrounds the apps: desktop icons, window frames, dialogs, the taskbar and messages."""

from collections.abc import Iterator, Sequence
from typing import Final

import attrs

from gui_agents.domain.screen import Bounds
from gui_agents.simulated.apps import APPS
from gui_agents.simulated.apps.base import App, Dialog
from gui_agents.simulated.machine import Machine
from gui_agents.simulated.widgets import HEIGHT, SCREEN, WIDTH, Scene, Widget, laid_out

_TASKBAR: Final = Bounds(0, HEIGHT - 56, WIDTH, 56)
WORKSPACE: Final = Bounds(0, 0, WIDTH, _TASKBAR.y)

_TASK_WIDTH: Final = 56
_DIALOG_WIDTH: Final = 400


def desktop(windows: Sequence[App], selected_icon: str | None, machine: Machine) -> Scene:
    """Return everything there is to see, as it stands."""
    active = front(windows)
    shown = [_window(app, active=app is active) for app in windows if not app.minimized]
    within = [*_icons(selected_icon), *shown, _taskbar(windows, active, machine)]
    if machine.message:
        within.append(Widget("alert", machine.message, Bounds(WIDTH - 316, 20, 296, 56), key="toast"))
    return laid_out(Widget("desktop", "Desktop", SCREEN, within=tuple(within)))


def front(windows: Sequence[App]) -> App | None:
    """Return the app whose window is the active one."""
    return next((app for app in reversed(windows) if not app.minimized), None)


def _icons(selected: str | None) -> Iterator[Widget]:
    for index, name in enumerate(APPS):
        states = frozenset({"selected"} if name == selected else ())
        yield Widget("icon", name, Bounds(20, 20 + 104 * index, 96, 92), key=f"icon {name}", states=states)


def _window(app: App, *, active: bool) -> Widget:
    """Return an app's window with its frame and its dialog."""
    within = [_title(app, active=active), *app.contents()]
    if app.dialog is not None:
        within += [Widget("", "", attrs.evolve(app.bounds, x=0, y=0), "scrim"), _dialog(app.bounds, app.dialog)]
    states, focus = (frozenset({"active"}), app.focus) if active else (frozenset(), None)
    window = Widget("window", app.name, app.bounds, within=tuple(within), key="window", states=states)
    return attrs.evolve(window, value=app.value, focus=focus)


def _title(app: App, *, active: bool) -> Widget:
    width = app.bounds.width
    buttons = (("Minimize", width - 72), ("Close", width - 36))
    return Widget(
        "titlebar",
        f"{app.value} - {app.name}" if app.value else app.name,
        Bounds(0, 0, width, 40),
        "" if active else "inactive",
        within=tuple(Widget("button", name, Bounds(x, 6, 28, 28), "title", key=f"title {name}") for name, x in buttons),
        key="titlebar",
    )


def _dialog(over: Bounds, dialog: Dialog) -> Widget:
    left, top = (over.width - _DIALOG_WIDTH) // 2, (over.height - dialog.height) // 2
    box, states = Bounds(left, top, _DIALOG_WIDTH, dialog.height), frozenset({"modal"})
    return Widget("dialog", dialog.title, box, within=dialog.standing(dialog.controls), key="dialog", states=states)


def _taskbar(windows: Sequence[App], active: App | None, machine: Machine) -> Widget:
    """Return the bar with a button for each app, and how the machine stands."""
    opened, left = {app.name for app in windows}, (WIDTH - _TASK_WIDTH * len(APPS)) // 2
    within = []
    for index, name in enumerate(APPS):
        bounds = Bounds(left + index * _TASK_WIDTH, 0, _TASK_WIDTH, _TASKBAR.height)
        states = {"active": active is not None and name == active.name, "open": name in opened}
        held = frozenset(state for state, holds in states.items() if holds)
        within.append(Widget("button", name, bounds, "task", key=f"task {name}", states=held))
    wifi = "Wi-Fi on" if machine.switches["Wi-Fi"] else "Wi-Fi off"
    status = f"{wifi}   ·   Volume {machine.volume} %"
    within.append(Widget("text", "Status area", Bounds(WIDTH - 236, 16, 216, 24), "right", value=status))
    return Widget("taskbar", "Taskbar", _TASKBAR, within=tuple(within))
