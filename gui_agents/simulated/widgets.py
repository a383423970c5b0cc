"""The one list of widgets from which the drawing, the accessibility tree and the hit test follow.

A scene is a tuple of widgets in painting order: each one after its parent and after what it covers. So painting is a
walk forward, the hit test a walk backward, and the tree that of the first widget, which is the desktop. A widget
without a role is decoration: it is painted, but it can neither be found nor hit.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from gui_agents.domain.screen import Bounds, Element

WIDTH: Final = 1280
HEIGHT: Final = 720
SCREEN: Final = Bounds(0, 0, WIDTH, HEIGHT)

FOCUSABLE: Final = frozenset({"button", "checkbox", "icon", "listitem", "radio", "slider", "switch", "textbox"})
"""Roles that the keyboard can reach."""

_SURFACES: Final = frozenset({"alert", "dialog", "taskbar", "window"})
"""Roles that can cover what was painted before them."""

_MARGINS: Final[Mapping[str, int]] = {"window": 0, "list": 1}
"""Roles that show what is within them only inside of their edges: how wide an edge is."""


@attrs.frozen
class Block:
    """A part of an app's picture, in hundredths of the picture's width: a rectangle with round corners."""

    x: int
    y: int
    width: int
    height: int
    radius: int
    colour: str = "#ffffff"


def plate(colour: str) -> Block:
    """Return what the other blocks of a picture lie on."""
    return Block(0, 0, 100, 100, 25, colour)


@attrs.frozen
class Widget:
    """One thing on the desktop: what an app offers, how it stands now, and where `laid_out` has put it."""

    role: str
    """As in `Element`; empty for decoration."""
    name: str
    bounds: Bounds
    """Where it is as a whole; relative to what holds it, until the scene is laid out."""
    look: str = ""
    """A variation of how its role is drawn."""
    called: tuple[str, ...] = ()
    """Other names that people give it."""
    commands: tuple[str, ...] = ()
    """For a button: clauses that ask for it, as patterns of `decider.patterns`."""
    within: tuple["Widget", ...] = ()
    key: str = attrs.field(default=attrs.Factory(lambda self: self.name, takes_self=True))
    """What its owner calls it; unique within the owner."""
    value: str = ""
    states: frozenset[str] = frozenset()
    mark: int = 0
    """For a textbox the position of its caret, for a text area the lines scrolled back; otherwise 0."""
    focus: str | None = None
    """For a window: the key of what has the focus in it."""
    shown: Bounds = SCREEN
    """The part of `bounds` that its containers let through; without area where that is nothing."""
    owner: str = ""
    """The app whose window holds it; empty for the desktop's own."""

    @property
    def is_shown(self) -> bool:
        """Whether any of it lies in sight of its containers."""
        return self.shown.width > 0 and self.shown.height > 0

    def flat(self) -> Iterator["Widget"]:
        """Yield the widget and all within it, in painting order."""
        yield self
        for child in self.within:
            yield from child.flat()


Scene = tuple[Widget, ...]


def intersection(bounds: Bounds, clip: Bounds) -> Bounds:
    """Return the part of `bounds` inside `clip`; where there is none, an edge of `clip` without area."""
    right, bottom = bounds.x + bounds.width, bounds.y + bounds.height
    clip_right, clip_bottom = clip.x + clip.width, clip.y + clip.height
    if clip.x <= bounds.x and clip.y <= bounds.y and right <= clip_right and bottom <= clip_bottom:
        return bounds
    left = min(max(bounds.x, clip.x), clip_right)
    top = min(max(bounds.y, clip.y), clip_bottom)
    return Bounds(left, top, min(max(right, left), clip_right) - left, min(max(bottom, top), clip_bottom) - top)


def inset(box: Bounds, by: int) -> Bounds:
    """Return the box, smaller by a margin on each side."""
    return Bounds(box.x + by, box.y + by, max(box.width - 2 * by, 0), max(box.height - 2 * by, 0))


def laid_out(root: Widget) -> Scene:
    """Return a widget and all within it, in painting order.

    What the window says has the focus is `focused`, and what is behind a modal dialog is `disabled`.
    """
    return tuple(_placed(root, SCREEN, SCREEN, None, disabled=False).flat())


def _placed(widget: Widget, corner: Bounds, clip: Bounds, window: Widget | None, *, disabled: bool) -> Widget:
    at, role, states = widget.bounds, widget.role, widget.states
    bounds = Bounds(corner.x + at.x, corner.y + at.y, at.width, at.height)
    shown = intersection(bounds, clip)
    if role == "window":
        window = widget
    if disabled and role:
        states |= {"disabled"}
    elif window is not None and widget.key == window.focus:
        states |= {"focused"}
    if role in _MARGINS:
        clip = intersection(inset(bounds, _MARGINS[role]), clip)
    modal = any(child.role == "dialog" for child in widget.within)
    within = tuple(
        _placed(child, bounds, clip, window, disabled=disabled or (modal and child.role != "dialog"))
        for child in widget.within
    )
    held = (within, widget.key, widget.value, states, widget.mark, None, shown, "" if window is None else window.name)
    return Widget(role, widget.name, bounds, widget.look, (), (), *held)


def hit(scene: Scene, x: int, y: int) -> Widget:
    """Return the widget that is seen at a pixel of the screen."""
    return next((widget for widget in reversed(scene) if widget.role and widget.shown.contains(x, y)), scene[0])


def ancestry(scene: Scene, widget: Widget) -> Iterator[Widget]:
    """Yield the widget, its parent, and so on up to the desktop."""
    return (candidate for candidate in reversed(scene) if any(each is widget for each in candidate.flat()))


def tree(scene: Scene) -> Element:
    """Return the accessibility tree of a scene, whose first widget is the desktop.

    What is scrolled out of sight is `offscreen` and has no area; what something else covers is `obscured`. The center
    of every other element hits it or a descendant of it.
    """
    return _element(scene[0], [])


def _element(widget: Widget, above: list[Bounds]) -> Element:
    """Return a widget's element; `above` collects what covers things, from the front to the back."""
    states = widget.states
    if not widget.is_shown:
        states |= {"offscreen"}
    elif any(surface.contains(*widget.shown.center) for surface in above):
        states |= {"obscured"}
    below = [_element(child, above) for child in reversed(widget.within) if child.role]
    if widget.role in _SURFACES:
        above.append(widget.shown)
    return Element(widget.role, widget.name, widget.shown, widget.value, states, tuple(reversed(below)))


def focus_order(scene: Scene, owner: str) -> list[Widget]:
    """Return what the tab key reaches in the owner's window, in order."""
    return [
        widget
        for widget in scene
        if widget.owner == owner and widget.role in FOCUSABLE and "disabled" not in widget.states
    ]
