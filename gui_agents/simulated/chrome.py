"""What surrounds the apps: desktop icons, window frames, dialogs, the taskbar and messages."""

from collections.abc import Collection
from typing import Final

import attrs

from gui_agents.domain.screen import Bounds
from gui_agents.simulated.apps import APPS
from gui_agents.simulated.apps.base import App, Dialog
from gui_agents.simulated.machine import Machine
from gui_agents.simulated.widgets import HEIGHT, WIDTH, Layout

TASKBAR_HEIGHT: Final = 56
TITLE_HEIGHT: Final = 40
WORKSPACE: Final = Bounds(0, 0, WIDTH, HEIGHT - TASKBAR_HEIGHT)

_ICON: Final = Bounds(20, 20, 96, 92)
_ICON_STEP: Final = 104
_TASK_WIDTH: Final = 56
_TOAST: Final = Bounds(WIDTH - 316, 20, 296, 56)
_DIALOG_WIDTH: Final = 400
_TITLE_BUTTON: Final = 28


@attrs.define
class Window:
    """One open window."""

    app: App
    bounds: Bounds
    focus: str | None
    """The key of the widget that keys go to."""
    dialog: Dialog | None = None
    minimized: bool = False


def add_icons(ui: Layout, selected: str | None) -> None:
    """Add the desktop's icons, one for each app."""
    for index, name in enumerate(APPS):
        states = frozenset({"selected"} if name == selected else ())
        bounds = Bounds(_ICON.x, _ICON.y + index * _ICON_STEP, _ICON.width, _ICON.height)
        ui.add("icon", name, bounds, key=f"icon {name}", states=states)


def add_window(ui: Layout, window: Window, *, active: bool) -> None:
    """Add a window with its frame, its app and its dialog."""
    app, bounds = window.app, window.bounds
    focus = window.focus if active else None
    with ui.owned(app.name, focus):
        states = frozenset({"active"} if active else ())
        ui.add("window", app.name, bounds, key="window", value=app.value, states=states)
        with ui.inside(clip=bounds):
            with ui.blocked(window.dialog is not None):
                _add_title(ui, window, active=active)
                area = Bounds(bounds.x, bounds.y + TITLE_HEIGHT, bounds.width, bounds.height - TITLE_HEIGHT)
                app.build(ui, area)
            if window.dialog is not None:
                _add_dialog(ui, bounds, window.dialog)


def add_taskbar(ui: Layout, opened: Collection[str], active: str | None, machine: Machine) -> None:
    """Add the bar with a button for each app, and how the machine stands."""
    bar = Bounds(0, HEIGHT - TASKBAR_HEIGHT, WIDTH, TASKBAR_HEIGHT)
    ui.add("taskbar", "Taskbar", bar)
    with ui.inside():
        left = (WIDTH - _TASK_WIDTH * len(APPS)) // 2
        for index, name in enumerate(APPS):
            states = {"active"} if name == active else set()
            states |= {"open"} if name in opened else set()
            bounds = Bounds(left + index * _TASK_WIDTH, bar.y, _TASK_WIDTH, TASKBAR_HEIGHT)
            ui.add("button", name, bounds, key=f"task {name}", states=frozenset(states), look="task")
        wifi = "Wi-Fi on" if machine.switches["Wi-Fi"] else "Wi-Fi off"
        bounds = Bounds(WIDTH - 236, bar.y + 16, 216, 24)
        ui.add("text", "Status area", bounds, value=f"{wifi}   ·   Volume {machine.volume} %", look="right")


def add_toast(ui: Layout, text: str) -> None:
    """Add the message of the moment."""
    ui.add("alert", text, _TOAST, key="toast")


def _add_title(ui: Layout, window: Window, *, active: bool) -> None:
    bounds = window.bounds
    value = window.app.value
    title = f"{value} - {window.app.name}" if value else window.app.name
    bar = Bounds(bounds.x, bounds.y, bounds.width, TITLE_HEIGHT)
    ui.add("titlebar", title, bar, key="titlebar", look="" if active else "inactive")
    with ui.inside():
        left, top = bounds.x + bounds.width - 2 * (_TITLE_BUTTON + 8), bounds.y + 6
        for label in ("Minimize", "Close"):
            box = Bounds(left, top, _TITLE_BUTTON, _TITLE_BUTTON)
            ui.add("button", label, box, key=f"title {label}", look="title")
            left += _TITLE_BUTTON + 8


def _add_dialog(ui: Layout, over: Bounds, dialog: Dialog) -> None:
    ui.add("", "", over, look="scrim")
    width = min(_DIALOG_WIDTH, over.width - 32)
    height = 216 if dialog.field is not None else 148
    box = Bounds(over.x + (over.width - width) // 2, over.y + (over.height - height) // 2, width, height)
    ui.add("dialog", dialog.title, box, key="dialog", states=frozenset({"modal"}))
    with ui.inside():
        left, inner = box.x + 24, box.width - 48
        ui.add("text", "Question", Bounds(left, box.y + 50, inner, 24), value=dialog.text, look="muted")
        if dialog.field is not None:
            ui.add("label", dialog.label, Bounds(left, box.y + 84, inner, 20), key="dialog label")
            states = frozenset({"selected"} if dialog.field.all_selected else ())
            ui.add(
                "textbox",
                dialog.label,
                Bounds(left, box.y + 108, inner, 36),
                key="dialog field",
                value=dialog.field.text,
                states=states,
                mark=dialog.field.caret,
            )
        right, top = box.x + box.width - 24, box.y + box.height - 54
        look = "danger" if dialog.dangerous else "primary"
        ui.add("button", dialog.accept, Bounds(right - 96, top, 96, 36), key="dialog accept", look=look)
        ui.add("button", "Cancel", Bounds(right - 200, top, 96, 36), key="dialog cancel")
