"""The desktop: pointer and key events go to what they hit or to what has the focus.

Nothing here knows time. A message stays for a number of events, so that equal events lead to equal screens.
"""

from collections.abc import Mapping
from typing import Final

from gui_agents.domain.actions import Button
from gui_agents.domain.screen import Bounds, Element
from gui_agents.simulated import chrome
from gui_agents.simulated.apps import APPS
from gui_agents.simulated.apps.base import Dialog
from gui_agents.simulated.apps.notes import Notes
from gui_agents.simulated.apps.settings import SWITCHES
from gui_agents.simulated.chrome import WORKSPACE, Window
from gui_agents.simulated.keys import Chord, typed
from gui_agents.simulated.machine import DesktopState, Machine
from gui_agents.simulated.widgets import (
    FOCUSABLE,
    HEIGHT,
    SCREEN,
    WIDTH,
    Layout,
    Scene,
    Widget,
    ancestry,
    focus_order,
    hit,
    named,
    tree,
)

_TOAST_EVENTS: Final = 3
_PRESSED_BY: Final[Mapping[Chord, frozenset[str]]] = {
    ("enter",): frozenset({"button"}),
    ("space",): frozenset({"button", "checkbox", "listitem", "radio", "switch"}),
}
_ARROWS: Final = {"up": -1, "left": -1, "down": 1, "right": 1}
_DOUBLE: Final = 2
_TRIPLE: Final = 3


class Desktop:
    """Takes events and shows a scene."""

    def __init__(self) -> None:
        self.machine = Machine(SWITCHES)
        self.screenshots = 0
        self.pointer = (WIDTH // 2, HEIGHT // 2)
        self._windows: list[Window] = []
        self._selected_icon: str | None = None
        self._toast = ""
        self._toast_events = 0
        self._scene: Scene | None = None
        self._tree: Element | None = None

    def state(self) -> DesktopState:
        """Return how everything stands."""
        active = self._active()
        return DesktopState(
            files=dict(self.machine.files),
            switches=dict(self.machine.switches),
            volume=self.machine.volume,
            submissions=tuple(self.machine.submissions),
            windows=tuple(window.app.name for window in self._windows),
            dialog=active.dialog.title if active is not None and active.dialog is not None else None,
            screenshots=self.screenshots,
        )

    def scene(self) -> Scene:
        """Return everything there is to see, in painting order."""
        if self._scene is None:
            self._scene = self._built()
        return self._scene

    def tree(self) -> Element:
        """Return the accessibility tree of the scene."""
        if self._tree is None:
            self._tree = tree(self.scene())
        return self._tree

    # Events

    def click(self, x: int, y: int, button: Button, count: int) -> str:
        """Press and release a button; any but the left one only gives the focus."""
        widget = hit(self._begin_event((x, y)), x, y)
        window = self._raised(widget.owner)
        described = f"{widget.role} {widget.name!r:.80}"
        if "disabled" in widget.states:
            return f"{described} is disabled"
        if window is None:
            self._click_desktop(widget, button, count)
        else:
            self._click_in(window, widget, x, button, count)
        return f"clicked {described}"

    def move(self, x: int, y: int) -> str:
        """Move the pointer."""
        self.pointer = (x, y)
        return "moved the pointer"

    def drag(self, x: int, y: int, to_x: int, to_y: int) -> str:
        """Press at one point and release at another: moves a window by its title bar, and a slider."""
        widget = hit(self._begin_event((to_x, to_y)), x, y)
        window = self._raised(widget.owner)
        if window is not None and "disabled" not in widget.states:
            if widget.role == "titlebar":
                window.bounds = _moved(window.bounds, to_x - x, to_y - y)
                return f"moved the window {window.app.name}"
            if widget.role == "slider":
                window.focus = widget.key
                window.app.slide(widget.key, _fraction(widget, to_x))
                return f"dragged slider {widget.name}"
        return "nothing there can be dragged"

    def scroll(self, x: int, y: int, dy: int) -> str:
        """Turn the wheel over a point."""
        scene = self._begin_event((x, y))
        widget = hit(scene, x, y)
        window = self._window(widget.owner)
        if window is not None and "disabled" not in widget.states:
            for candidate in ancestry(scene, widget):
                if window.app.scroll(candidate.key, dy):
                    return f"scrolled {candidate.role} {candidate.name}"
        return "nothing there scrolls"

    def type(self, text: str) -> str:
        """Type text with the keyboard."""
        self._begin_event()
        window = self._active()
        if window is None:
            return "no window takes text"
        field = window.field(window.focus)
        if field is not None:
            field.insert(text)
        elif window.dialog is not None or not window.app.type(text):
            return "nothing that takes text has the focus"
        return f"typed {len(text)} characters"

    def press(self, keys: Chord) -> str:
        """Press keys together."""
        scene = self._begin_event()
        window = self._active()
        took = window is not None and self._press_in(scene, window, keys)
        return f"pressed {'+'.join(keys)}" + ("" if took else ", which means nothing here")

    def open_app(self, name: str) -> bool:
        """Open an app's window, or bring it to the front; tell whether there is such an app."""
        wanted = next((known for known in APPS if known.lower() == name.strip().lower()), None)
        if wanted is not None:
            self._begin_event()
            self._opened(wanted)
        return wanted is not None

    def settle(self) -> None:
        """Let the message of the moment go, as time would."""
        self._toast = ""
        self._scene = self._tree = None

    # What apps ask for

    def toast(self, text: str) -> None:
        """Show a message."""
        self._toast, self._toast_events = text, _TOAST_EVENTS

    def ask(self, owner: str, dialog: Dialog) -> None:
        """Open a dialog in the owner's window."""
        window = self._window(owner)
        if window is not None:
            window.dialog = dialog
            window.focus = next(iter(dialog.fields), "dialog cancel")

    def open_file(self, name: str) -> None:
        """Show a file in Notes."""
        window = self._opened(Notes.name)
        if isinstance(window.app, Notes):
            window.app.load(name)
            window.focus = window.app.first_focus
            window.dialog = None

    def _begin_event(self, pointer: tuple[int, int] | None = None) -> Scene:
        """Return the scene that the event finds."""
        scene = self.scene()
        self._scene = self._tree = None
        self.pointer = pointer or self.pointer
        self._toast_events -= 1
        if self._toast_events <= 0:
            self._toast = ""
        return scene

    def _built(self) -> Scene:
        """Lay out everything as it stands."""
        ui = Layout()
        active = self._active()
        ui.add("desktop", "Desktop", SCREEN)
        with ui.inside():
            chrome.add_icons(ui, self._selected_icon)
            for window in self._windows:
                if not window.minimized:
                    chrome.add_window(ui, window, active=window is active)
            names = [window.app.name for window in self._windows]
            chrome.add_taskbar(ui, names, None if active is None else active.app.name, self.machine)
            if self._toast:
                chrome.add_toast(ui, self._toast)
        return ui.scene()

    # Windows

    def _active(self) -> Window | None:
        return next((window for window in reversed(self._windows) if not window.minimized), None)

    def _window(self, owner: str) -> Window | None:
        return next((window for window in self._windows if window.app.name == owner), None)

    def _raised(self, owner: str) -> Window | None:
        window = self._window(owner)
        if window is not None:
            self._windows.remove(window)
            self._windows.append(window)
            window.minimized = False
        return window

    def _opened(self, name: str) -> Window:
        window = self._raised(name)
        if window is None:
            app = APPS[name](self)
            window = Window(app, app.place, app.first_focus)
            self._windows.append(window)
        return window

    def _click_desktop(self, widget: Widget, button: Button, count: int) -> None:
        self._selected_icon = widget.name if widget.role == "icon" else None
        if button is Button.LEFT and widget.role == "alert":
            self._toast = ""
        elif button is Button.LEFT and (widget.look == "task" or (widget.role == "icon" and count >= _DOUBLE)):
            self._opened(widget.name)

    def _click_in(self, window: Window, widget: Widget, x: int, button: Button, count: int) -> None:
        if widget.role in FOCUSABLE:
            window.focus = widget.key
        field = window.field(widget.key)
        if field is not None:
            field.end()
            field.all_selected = count >= _TRIPLE and bool(field.text)
        if button is not Button.LEFT:
            return
        if widget.role == "slider":
            window.app.slide(widget.key, _fraction(widget, x))
        elif widget.role == "listitem" and count >= _DOUBLE:
            window.app.activate(widget.key)
            window.app.open(widget.key)
        else:
            for _ in range(count):
                self._activate(window, widget.key)

    def _activate(self, window: Window, key: str) -> None:
        match key:
            case "title Close":
                self._windows = [other for other in self._windows if other is not window]
            case "title Minimize":
                window.minimized = True
            case "dialog accept" | "dialog cancel":
                self._answer(window, accepted=key == "dialog accept")
            case _ if window.dialog is None:
                window.app.activate(key)

    def _answer(self, window: Window, *, accepted: bool) -> None:
        dialog, window.dialog = window.dialog, None
        window.focus = window.app.first_focus
        if accepted and dialog is not None:
            dialog.carry_out()

    def _press_in(self, scene: Scene, window: Window, keys: Chord) -> bool:
        """Carry out keys; tell whether they meant anything."""
        field, character = window.field(window.focus), typed(keys)
        if keys in (("tab",), ("shift", "tab")):
            return _move_focus(scene, window, forward=keys == ("tab",))
        if keys == ("alt", "f4"):
            self._activate(window, "title Close")
        elif field is not None and field.press(keys):
            pass
        elif field is not None and character is not None:
            field.insert(character)
        elif window.dialog is not None and keys in (("enter",), ("escape",)):
            self._answer(window, accepted=keys == ("enter",) and window.focus != "dialog cancel")
        else:
            return self._press_widget(scene, window, keys) or (window.dialog is None and window.app.press(keys))
        return True

    def _press_widget(self, scene: Scene, window: Window, keys: Chord) -> bool:
        widget = None if window.focus is None else named(scene, window.app.name, window.focus)
        if widget is None or "disabled" in widget.states:
            return False
        if len(keys) == 1 and keys[0] in _ARROWS:
            return window.app.nudge(widget.key, _ARROWS[keys[0]])
        if keys == ("enter",) and widget.role == "listitem":
            window.app.open(widget.key)
        elif widget.role in _PRESSED_BY.get(keys, frozenset()):
            self._activate(window, widget.key)
        else:
            return False
        return True


def _move_focus(scene: Scene, window: Window, *, forward: bool) -> bool:
    keys = [widget.key for widget in focus_order(scene, window.app.name)]
    if not keys:
        return False
    step = 1 if forward else -1
    start = keys.index(window.focus) if window.focus in keys else -1 if forward else 0
    window.focus = keys[(start + step) % len(keys)]
    return True


def _fraction(slider: Widget, x: int) -> float:
    return (x - slider.bounds.x) / max(slider.bounds.width - 1, 1)


def _moved(bounds: Bounds, dx: int, dy: int) -> Bounds:
    """Return the window's place after a move, kept inside the workspace."""
    x = min(max(bounds.x + dx, WORKSPACE.x), WORKSPACE.x + WORKSPACE.width - bounds.width)
    y = min(max(bounds.y + dy, WORKSPACE.y), WORKSPACE.y + WORKSPACE.height - bounds.height)
    return Bounds(x, y, bounds.width, bounds.height)
