"""The desktop: pointer and key events go to what they hit or to what has the focus.

Nothing here knows time. A message stays for a number of events, so that equal events lead to equal screens.
"""

from collections.abc import Mapping
from typing import Final

from gui_agents.domain.actions import Button
from gui_agents.domain.screen import Bounds, Element
from gui_agents.simulated import chrome, widgets
from gui_agents.simulated.apps import APPS
from gui_agents.simulated.apps.base import App, Event
from gui_agents.simulated.apps.notes import Notes
from gui_agents.simulated.apps.settings import SWITCHES
from gui_agents.simulated.chrome import WORKSPACE, front
from gui_agents.simulated.keys import Chord, typed
from gui_agents.simulated.machine import DesktopState, Machine
from gui_agents.simulated.widgets import HEIGHT, WIDTH, Scene, Widget, hit

_PRESSED_BY: Final[Mapping[Chord, frozenset[str]]] = {
    ("enter",): frozenset({"button"}),
    ("space",): frozenset({"button", "checkbox", "listitem", "radio", "switch"}),
}
_ARROWS: Final[Mapping[Chord, int]] = {("up",): -1, ("left",): -1, ("down",): 1, ("right",): 1}
_DOUBLE: Final = 2
_TRIPLE: Final = 3


class Desktop:
    """Takes events and shows a scene."""

    def __init__(self) -> None:
        self.machine = Machine(SWITCHES)
        self.screenshots = 0
        self.pointer = (WIDTH // 2, HEIGHT // 2)
        self._windows: list[App] = []
        self._selected_icon: str | None = None
        self._scene: Scene | None = None

    def state(self) -> DesktopState:
        """Return how everything stands."""
        active = front(self._windows)
        return DesktopState(
            files=dict(self.machine.files),
            switches=dict(self.machine.switches),
            volume=self.machine.volume,
            submissions=tuple(self.machine.submissions),
            windows=tuple(app.name for app in self._windows),
            dialog=active.dialog.title if active is not None and active.dialog is not None else None,
            screenshots=self.screenshots,
        )

    def scene(self) -> Scene:
        """Return everything there is to see, in painting order."""
        if self._scene is None:
            self._scene = chrome.desktop(self._windows, self._selected_icon, self.machine)
        return self._scene

    def tree(self) -> Element:
        """Return the accessibility tree of the scene."""
        return widgets.tree(self.scene())

    # Events

    def click(self, x: int, y: int, button: Button, count: int) -> str:
        """Press and release a button; any but the left one only gives the focus."""
        widget = hit(self._begin_event((x, y)), x, y)
        app = self._raised(widget.owner)
        described = f"{widget.role} {widget.name!r:.80}"
        if "disabled" in widget.states:
            return f"{described} is disabled"
        if app is None:
            self._click_desktop(widget, button, count)
        else:
            self._click_in(app, widget, x, button, count)
        return f"clicked {described}"

    def move(self, x: int, y: int) -> str:
        """Move the pointer."""
        self.pointer = (x, y)
        return "moved the pointer"

    def drag(self, x: int, y: int, to_x: int, to_y: int) -> str:
        """Press at one point and release at another: moves a window by its title bar, and a slider."""
        widget = hit(self._begin_event((to_x, to_y)), x, y)
        app = self._raised(widget.owner)
        if app is not None and "disabled" not in widget.states:
            if widget.role == "titlebar":
                app.bounds = _moved(app.bounds, to_x - x, to_y - y)
                return f"moved the window {app.name}"
            if widget.role == "slider":
                app.focus = widget.key
                self._handle(app, ("slide", widget.key, _fraction(widget, to_x)))
                return f"dragged slider {widget.name}"
        return "nothing there can be dragged"

    def scroll(self, x: int, y: int, dy: int) -> str:
        """Turn the wheel over a point."""
        scene = self._begin_event((x, y))
        widget = hit(scene, x, y)
        app = self._window(widget.owner)
        if app is not None and "disabled" not in widget.states:
            for candidate in widgets.ancestry(scene, widget):
                if self._handle(app, ("scroll", candidate.key, dy)):
                    return f"scrolled {candidate.role} {candidate.name}"
        return "nothing there scrolls"

    def type(self, text: str) -> str:
        """Type text with the keyboard."""
        self._begin_event()
        app = front(self._windows)
        if app is None:
            return "no window takes text"
        field = app.field(app.focus)
        if field is not None:
            field.insert(text)
        elif app.dialog is not None or not self._handle(app, ("type", text)):
            return "nothing that takes text has the focus"
        return f"typed {len(text)} characters"

    def press(self, keys: Chord) -> str:
        """Press keys together."""
        scene = self._begin_event()
        app = front(self._windows)
        took = app is not None and self._press_in(scene, app, keys)
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
        self.machine.message = ""
        self._scene = None

    def _begin_event(self, pointer: tuple[int, int] | None = None) -> Scene:
        """Return the scene that the event finds."""
        scene = self.scene()
        self.pointer = pointer or self.pointer
        self._scene = None
        self.machine.message_events -= 1
        if self.machine.message_events <= 0:
            self.machine.message = ""
        return scene

    # Windows

    def _window(self, owner: str) -> App | None:
        return next((app for app in self._windows if app.name == owner), None)

    def _raised(self, owner: str) -> App | None:
        app = self._window(owner)
        if app is not None:
            self._windows.remove(app)
            self._windows.append(app)
            app.minimized = False
        return app

    def _opened(self, name: str) -> App:
        app = self._raised(name)
        if app is None:
            app = APPS[name](self.machine)
            self._windows.append(app)
        return app

    def _click_desktop(self, widget: Widget, button: Button, count: int) -> None:
        self._selected_icon = widget.name if widget.role == "icon" else None
        if button is Button.LEFT and widget.role == "alert":
            self.machine.message = ""
        elif button is Button.LEFT and (widget.look == "task" or (widget.role == "icon" and count >= _DOUBLE)):
            self._opened(widget.name)

    def _click_in(self, app: App, widget: Widget, x: int, button: Button, count: int) -> None:
        if widget.role in widgets.FOCUSABLE:
            app.focus = widget.key
        field = app.field(widget.key)
        if field is not None:
            field.move(len(field.text))
            field.all_selected = count >= _TRIPLE and bool(field.text)
        if button is not Button.LEFT:
            return
        if widget.role == "slider":
            self._handle(app, ("slide", widget.key, _fraction(widget, x)))
        elif widget.role == "listitem" and count >= _DOUBLE:
            self._handle(app, ("activate", widget.key))
            self._handle(app, ("open", widget.key))
        else:
            for _ in range(count):
                self._activate(app, widget.key)

    def _handle(self, app: App, event: Event) -> bool:
        """Let an app carry out an event, and show the file that it may want to be shown."""
        meant = app.handle(event)
        file, self.machine.file_to_open = self.machine.file_to_open, None
        if file is not None:
            notes = self._opened(Notes.name)
            if isinstance(notes, Notes):
                notes.load(file)
        return meant

    def _activate(self, app: App, key: str) -> None:
        match key:
            case "title Close":
                self._windows = [other for other in self._windows if other is not app]
            case "title Minimize":
                app.minimized = True
            case "dialog accept" | "dialog cancel":
                app.answer(accepted=key == "dialog accept")
            case _ if app.dialog is None:
                self._handle(app, ("activate", key))

    def _press_in(self, scene: Scene, app: App, keys: Chord) -> bool:
        """Carry out keys; tell whether they meant anything."""
        field, character = app.field(app.focus), typed(keys)
        if keys in (("tab",), ("shift", "tab")):
            return _move_focus(scene, app, 1 if keys == ("tab",) else -1)
        if keys == ("alt", "f4"):
            self._activate(app, "title Close")
        elif field is not None and field.press(keys):
            pass
        elif field is not None and character is not None:
            field.insert(character)
        elif app.dialog is not None and keys in (("enter",), ("escape",)):
            app.answer(accepted=keys == ("enter",) and app.focus != "dialog cancel")
        else:
            return self._press_widget(scene, app, keys) or (app.dialog is None and self._handle(app, ("press", keys)))
        return True

    def _press_widget(self, scene: Scene, app: App, keys: Chord) -> bool:
        reached = widgets.focus_order(scene, app.name)
        widget = next((widget for widget in reached if widget.key == app.focus), None)
        if widget is None:
            return False
        if keys in _ARROWS:
            return self._handle(app, ("nudge", widget.key, _ARROWS[keys]))
        if keys == ("enter",) and widget.role == "listitem":
            return self._handle(app, ("open", widget.key))
        pressed = widget.role in _PRESSED_BY.get(keys, ())
        if pressed:
            self._activate(app, widget.key)
        return pressed


def _move_focus(scene: Scene, app: App, step: int) -> bool:
    keys = [widget.key for widget in widgets.focus_order(scene, app.name)]
    if keys:
        start = keys.index(app.focus) if app.focus in keys else min(-step, 0)
        app.focus = keys[(start + step) % len(keys)]
    return bool(keys)


def _fraction(slider: Widget, x: int) -> float:
    return (x - slider.bounds.x) / max(slider.bounds.width - 1, 1)


def _moved(bounds: Bounds, dx: int, dy: int) -> Bounds:
    """Return the window's place after a move, kept inside the workspace."""
    x = min(max(bounds.x + dx, WORKSPACE.x), WORKSPACE.x + WORKSPACE.width - bounds.width)
    y = min(max(bounds.y + dy, WORKSPACE.y), WORKSPACE.y + WORKSPACE.height - bounds.height)
    return Bounds(x, y, bounds.width, bounds.height)
