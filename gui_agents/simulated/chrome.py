"""What surrounds the apps: desktop icons, window frames, dialogs, the taskbar and messages."""

from collections.abc import Collection
from typing import Final

from gui_agents.domain.screen import Bounds
from gui_agents.simulated.apps import APPS
from gui_agents.simulated.apps.base import App, Dialog
from gui_agents.simulated.machine import Machine
from gui_agents.simulated.widgets import HEIGHT, WIDTH, Layout

_TASKBAR: Final = Bounds(0, HEIGHT - 56, WIDTH, 56)
WORKSPACE: Final = Bounds(0, 0, WIDTH, _TASKBAR.y)

_TITLE_HEIGHT: Final = 40
_TASK_WIDTH: Final = 56
_DIALOG_WIDTH: Final = 400


def add_icons(ui: Layout, selected: str | None) -> None:
    """Add the desktop's icons, one for each app."""
    for index, name in enumerate(APPS):
        states = frozenset({"selected"} if name == selected else ())
        ui.add("icon", name, Bounds(20, 20 + 104 * index, 96, 92), key=f"icon {name}", states=states)


def add_window(ui: Layout, app: App, *, active: bool) -> None:
    """Add an app's window with its frame and its dialog."""
    bounds, blocked = app.bounds, app.dialog is not None
    with ui.owned(app.name, app.focus if active else None):
        states = frozenset({"active"} if active else ())
        ui.add("window", app.name, bounds, key="window", value=app.value, states=states)
        with ui.inside(clip=bounds, blocked=blocked):
            _add_title(ui, app, active=active)
            height = bounds.height - _TITLE_HEIGHT
            app.build(ui, Bounds(bounds.x, bounds.y + _TITLE_HEIGHT, bounds.width, height))
        if app.dialog is not None:
            with ui.inside(clip=bounds):
                _add_dialog(ui, bounds, app.dialog)


def add_taskbar(ui: Layout, opened: Collection[str], active: str | None, machine: Machine) -> None:
    """Add the bar with a button for each app, and how the machine stands."""
    ui.add("taskbar", "Taskbar", _TASKBAR)
    with ui.inside():
        left = (WIDTH - _TASK_WIDTH * len(APPS)) // 2
        for index, name in enumerate(APPS):
            states = frozenset({"active"} if name == active else ()) | ({"open"} if name in opened else set())
            bounds = Bounds(left + index * _TASK_WIDTH, _TASKBAR.y, _TASK_WIDTH, _TASKBAR.height)
            ui.add("button", name, bounds, key=f"task {name}", states=states, look="task")
        wifi = "Wi-Fi on" if machine.switches["Wi-Fi"] else "Wi-Fi off"
        bounds = Bounds(WIDTH - 236, _TASKBAR.y + 16, 216, 24)
        ui.add("text", "Status area", bounds, value=f"{wifi}   ·   Volume {machine.volume} %", look="right")


def add_toast(ui: Layout, text: str) -> None:
    """Add the message of the moment."""
    ui.add("alert", text, Bounds(WIDTH - 316, 20, 296, 56), key="toast")


def _add_title(ui: Layout, app: App, *, active: bool) -> None:
    bounds = app.bounds
    title = f"{app.value} - {app.name}" if app.value else app.name
    bar = Bounds(bounds.x, bounds.y, bounds.width, _TITLE_HEIGHT)
    ui.add("titlebar", title, bar, key="titlebar", look="" if active else "inactive")
    with ui.inside():
        for label, from_right in (("Minimize", 72), ("Close", 36)):
            box = Bounds(bounds.x + bounds.width - from_right, bounds.y + 6, 28, 28)
            ui.add("button", label, box, key=f"title {label}", look="title")


def _add_dialog(ui: Layout, over: Bounds, dialog: Dialog) -> None:
    ui.add("", "", over, look="scrim")
    left, top = over.x + (over.width - _DIALOG_WIDTH) // 2, over.y + (over.height - dialog.height) // 2
    box = Bounds(left, top, _DIALOG_WIDTH, dialog.height)
    ui.add("dialog", dialog.title, box, key="dialog", states=frozenset({"modal"}))
    with ui.inside():
        dialog.add(ui, box, dialog.controls)
