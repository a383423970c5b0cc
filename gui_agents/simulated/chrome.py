"""What surrounds the apps: desktop icons, window frames, dialogs, the taskbar and messages."""

from collections.abc import Collection
from typing import Final

from gui_agents.domain.screen import Bounds
from gui_agents.simulated.apps import APPS
from gui_agents.simulated.apps.base import App, Dialog
from gui_agents.simulated.machine import Machine
from gui_agents.simulated.widgets import HEIGHT, WIDTH, Layout, Widget

_TASKBAR: Final = Bounds(0, HEIGHT - 56, WIDTH, 56)
WORKSPACE: Final = Bounds(0, 0, WIDTH, _TASKBAR.y)

_TITLE_HEIGHT: Final = 40
_TASK_WIDTH: Final = 56
_DIALOG_WIDTH: Final = 400


def add_icons(ui: Layout, selected: str | None) -> None:
    """Add the desktop's icons, one for each app."""
    for index, name in enumerate(APPS):
        icon = Widget("icon", name, Bounds(20, 20 + 104 * index, 96, 92), key=f"icon {name}")
        ui.add(icon, states=["selected"] if name == selected else ())


def add_window(ui: Layout, app: App, *, active: bool) -> None:
    """Add an app's window with its frame and its dialog."""
    bounds, dialog = app.bounds, app.dialog
    with ui.owned(app.name, app.focus if active else None):
        window = Widget("window", app.name, bounds, key="window")
        ui.add(window, value=app.value, states=["active"] if active else ())
        with ui.inside(clip=bounds, blocked=dialog is not None):
            _add_title(ui, app, active=active)
            height = bounds.height - _TITLE_HEIGHT
            app.build(ui, Bounds(bounds.x, bounds.y + _TITLE_HEIGHT, bounds.width, height))
        if dialog is not None:
            with ui.inside(clip=bounds):
                _add_dialog(ui, bounds, dialog)


def add_taskbar(ui: Layout, opened: Collection[str], active: str | None, machine: Machine) -> None:
    """Add the bar with a button for each app, and how the machine stands."""
    ui.add(Widget("taskbar", "Taskbar", _TASKBAR))
    with ui.inside():
        left = (WIDTH - _TASK_WIDTH * len(APPS)) // 2
        for index, name in enumerate(APPS):
            bounds = Bounds(left + index * _TASK_WIDTH, _TASKBAR.y, _TASK_WIDTH, _TASKBAR.height)
            states = {"active": name == active, "open": name in opened}
            task = Widget("button", name, bounds, "task", key=f"task {name}")
            ui.add(task, states=[state for state, holds in states.items() if holds])
        wifi = "Wi-Fi on" if machine.switches["Wi-Fi"] else "Wi-Fi off"
        status = Widget("text", "Status area", Bounds(WIDTH - 236, _TASKBAR.y + 16, 216, 24), "right")
        ui.add(status, value=f"{wifi}   ·   Volume {machine.volume} %")


def add_toast(ui: Layout, text: str) -> None:
    """Add the message of the moment."""
    ui.add(Widget("alert", text, Bounds(WIDTH - 316, 20, 296, 56), key="toast"))


def _add_title(ui: Layout, app: App, *, active: bool) -> None:
    width = app.bounds.width
    title = f"{app.value} - {app.name}" if app.value else app.name
    look = "" if active else "inactive"
    ui.add(Widget("titlebar", title, Bounds(0, 0, width, _TITLE_HEIGHT), look, key="titlebar"), app.bounds)
    with ui.inside():
        for label, from_right in (("Minimize", 72), ("Close", 36)):
            box = Bounds(width - from_right, 6, 28, 28)
            ui.add(Widget("button", label, box, "title", key=f"title {label}"), app.bounds)


def _add_dialog(ui: Layout, over: Bounds, dialog: Dialog) -> None:
    ui.add(Widget("", "", over, "scrim"))
    left, top = over.x + (over.width - _DIALOG_WIDTH) // 2, over.y + (over.height - dialog.height) // 2
    box = Bounds(left, top, _DIALOG_WIDTH, dialog.height)
    ui.add(Widget("dialog", dialog.title, box, key="dialog"), states=["modal"])
    with ui.inside():
        dialog.add(ui, box, dialog.controls)
