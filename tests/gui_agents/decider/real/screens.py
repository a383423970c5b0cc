"""Small pages and windows as data: they show the trees of real ones, and change as those would.

A control takes a line of the screen. What lies below the screen is `offscreen` and has no place, and the wheel brings
it up. Only what an action does to a control's own state is here; everything else is a test's `on_click`.
"""

from collections.abc import Callable

import attrs

from gui_agents.domain.actions import Action, Click, Drag, Key, Move, Navigate, OpenApp, Scroll, Type, Wait
from gui_agents.domain.sandbox import TransientSandboxError
from gui_agents.domain.screen import Bounds, Element, Observation

WIDTH, HEIGHT = 1280, 720
LINE = 30
TYPED_INTO = {"textbox", "searchbox", "spinbutton", "terminal"}
CHECKED = {"checkbox", "switch"}


@attrs.define(eq=False)
class Control:
    """One control, and what a click does to it."""

    role: str
    name: str = ""
    value: str = ""
    states: set[str] = attrs.field(factory=set)
    children: list["Control"] = attrs.field(factory=list)
    on_click: Callable[[], None] = lambda: None
    longest: int = 10_000
    """Characters that a field takes."""
    bounds: Bounds | None = None
    """Where it is if it is not in the line that it would get."""
    secret: str = ""
    """What a protected field holds."""
    is_stubborn: bool = False
    """Whether it ignores what is done to it."""

    def flat(self) -> list["Control"]:
        return [self, *(inner for child in self.children for inner in child.flat())]


def field(name: str, value: str = "", **more: object) -> Control:
    return Control("textbox", name, value, **more)


def button(name: str, on_click: Callable[[], None] = lambda: None, **more: object) -> Control:
    return Control("button", name, on_click=on_click, **more)


def select(name: str, *options: str, value: str | None = None) -> Control:
    offered = [Control("option", option) for option in options]
    return Control("combobox", name, options[0] if value is None else value, children=offered)


class Screen:
    """A sandbox whose screen is a list of controls. `surfaces` are what a root has: pages, windows, dialogs."""

    supported: frozenset[str] = frozenset()

    def __init__(self, role: str, *surfaces: Control) -> None:
        self.role = role
        self.surfaces = list(surfaces)
        self.focus: Control | None = None
        self.scrolled = 0
        self.all_selected = False
        self.is_open: Control | None = None
        """The combobox whose options are shown."""
        self.keys: list[tuple[str, ...]] = []
        self.visited: list[str] = []
        self.started: list[str] = []
        self.on_key: dict[tuple[str, ...], Callable[[], None]] = {}
        self.on_open: Callable[[str], Control] | None = None
        self.waited = 0.0
        self.after_seconds: list[tuple[float, Callable[[], None]]] = []
        self.failing: list[str] = []
        """Problems of the next actions."""
        self.placed: list[tuple[Control, Bounds]] = []

    def observe(self) -> Observation:
        self.placed = []
        line = 0
        children = []
        for surface in self.surfaces:
            element, line = self._shown(surface, line)
            children.append(element)
        root = Element(self.role, self.role.title(), Bounds(0, 0, WIDTH, HEIGHT), "", frozenset(), tuple(children))
        return Observation(WIDTH, HEIGHT, root)

    def _shown(self, control: Control, line: int) -> tuple[Element, int]:
        is_holder = bool(control.children) and control.role != "combobox"
        is_hidden = control.role == "option" and not any(
            each is self.is_open and control in each.children for each in self._all()
        )
        states = set(control.states) | ({"focused"} if control is self.focus else set())
        top = (line - self.scrolled) * LINE
        bounds = control.bounds or Bounds(10, top, 600, LINE)
        if is_holder:
            bounds = control.bounds or Bounds(0, 0, WIDTH, HEIGHT)
        elif control.bounds is None and not is_hidden:
            line += 1
        if is_hidden or (not is_holder and control.bounds is None and not 0 <= top <= HEIGHT - LINE):
            states, bounds = states | {"offscreen"}, Bounds(0, 0, 0, 0)
        self.placed.append((control, bounds))
        children = []
        for child in control.children:
            element, line = self._shown(child, line)
            children.append(element)
        return Element(control.role, control.name, bounds, control.value, frozenset(states), tuple(children)), line

    def _all(self) -> list[Control]:
        return [control for surface in self.surfaces for control in surface.flat()]

    def act(self, action: Action) -> str:  # noqa: C901 - one line for each action
        if self.failing:
            raise TransientSandboxError(self.failing.pop(0))
        self.observe()
        match action:
            case Click(x, y):
                self._click(x, y)
            case Type(text):
                for character in text:
                    self._type(character)
            case Key(keys):
                self._key(keys)
            case Scroll():
                self._scroll(action)
            case Navigate(url):
                self.visited.append(url)
            case OpenApp(app):
                self._open(app)
            case Wait(seconds):
                self.waited += seconds
                due = [change for when, change in self.after_seconds if when <= self.waited]
                self.after_seconds = [(when, change) for when, change in self.after_seconds if when > self.waited]
                for change in due:
                    change()
            case Move() | Drag():
                pass
        return "done"

    def _scroll(self, action: Scroll) -> None:
        last = max(0, len([each for each in self._all() if not each.children]) - HEIGHT // LINE + 2)
        self.scrolled = min(max(self.scrolled + action.dy, 0), last)

    def _open(self, app: str) -> None:
        self.started.append(app)
        if self.on_open is None:
            raise TransientSandboxError(f"there is no app {app!r}; there are: mousepad, galculator")
        for surface in self.surfaces:
            surface.states.discard("active")
        window = self.on_open(app)
        window.states.add("active")
        self.surfaces.append(window)

    def _click(self, x: int, y: int) -> None:
        under = [control for control, bounds in self.placed if bounds.contains(x, y)]
        hit = next((control for control in reversed(under) if not control.children or control.role == "combobox"), None)
        modal = [
            each for each in self._all() if "modal" in each.states or (self.role == "browser" and each.role == "dialog")
        ]
        if hit is None or "disabled" in hit.states or (modal and hit not in modal[-1].flat()):
            return
        self.focus, self.all_selected = hit, False
        opened, self.is_open = self.is_open, None
        if hit.is_stubborn:
            return
        if hit.role in CHECKED:
            hit.states ^= {"checked"}
        if hit.role == "radio":
            group = next(each for each in self._all() if hit in each.children)
            for each in group.children:
                each.states.discard("checked")
            hit.states.add("checked")
        if hit.role == "combobox":
            self.is_open = hit
        if hit.role == "option" and opened is not None:
            opened.value = hit.name
        if hit.role == "slider":
            hit.value = str(round(100 * (x - 10) / 600))
        hit.on_click()

    def _type(self, character: str) -> None:
        focus = self.focus
        if focus is None or focus.is_stubborn:
            return
        if character == "\n" and "multiline" not in focus.states:
            self._key(("enter",))
            return
        if focus.role in TYPED_INTO:
            attribute = "secret" if "protected" in focus.states else "value"
            held = "" if self.all_selected else getattr(focus, attribute)
            self.all_selected = False
            setattr(focus, attribute, (held + character)[: focus.longest])
        elif focus.role == "combobox":
            first = next((each.name for each in focus.children if each.name.startswith(character)), focus.value)
            focus.value = first

    def _key(self, keys: tuple[str, ...]) -> None:
        self.keys.append(keys)
        if keys == ("ctrl", "a"):
            self.all_selected = True
        elif keys == ("backspace",) and self.focus is not None and self.focus.role in TYPED_INTO:
            self.focus.value = "" if self.all_selected else self.focus.value[:-1]
        elif self.focus is not None and self.focus.role == "slider" and not self.focus.is_stubborn:
            now = int(self.focus.value)
            moved = {"left": now - 1, "right": now + 1, "home": 0, "end": 100}.get(keys[0], now)
            self.focus.value = str(min(max(moved, 0), 100))
        elif len(keys) == 1 and len(keys[0]) == 1:
            self._type(keys[0])
        self.on_key.get(keys, lambda: None)()
