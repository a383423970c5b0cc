"""The one list of widgets from which the drawing, the accessibility tree and the hit test follow.

A scene is a flat tuple of widgets in painting order: each one after its parent and after what it covers. Nesting is
told by `depth` alone, so that painting is a walk forward, the hit test a walk backward and the tree one pass with a
stack. A widget without a role is decoration: it is painted, but it can neither be found nor hit.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Final

import attrs

from gui_agents.domain.screen import Bounds, Element
from gui_agents.simulated.fields import TextField

WIDTH: Final = 1280
HEIGHT: Final = 720
SCREEN: Final = Bounds(0, 0, WIDTH, HEIGHT)

FOCUSABLE: Final = frozenset({"button", "checkbox", "icon", "listitem", "radio", "slider", "switch", "textbox"})
"""Roles that the keyboard can reach."""

_SURFACES: Final = frozenset({"alert", "dialog", "taskbar", "window"})
"""Roles that can cover what was painted before them."""


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
    """One thing on the desktop: what an app offers, and how it stands now, which `Layout` fills in."""

    role: str
    """As in `Element`; empty for decoration."""
    name: str
    bounds: Bounds
    """Where it is as a whole; for what an app offers, relative to its part of the window."""
    look: str = ""
    """A variation of how its role is drawn."""
    called: tuple[str, ...] = ()
    """Other names that people give it."""
    commands: tuple[str, ...] = ()
    """For a button: clauses that ask for it, as patterns of `simulated.decider.patterns`."""
    within: tuple["Widget", ...] = ()
    key: str = attrs.field(default=attrs.Factory(lambda self: self.name, takes_self=True))
    """What its owner calls it; unique within the owner."""
    owner: str = ""
    """The app whose window holds it; empty for the desktop's own."""
    shown: Bounds = SCREEN
    """The part of `bounds` that its containers let through; without area where that is nothing."""
    depth: int = 0
    value: str = ""
    states: frozenset[str] = frozenset()
    mark: int = 0
    """For a textbox the position of its caret, for a text area the lines scrolled back; otherwise 0."""

    @property
    def is_shown(self) -> bool:
        """Whether any of it lies in sight of its containers."""
        return self.shown.width > 0 and self.shown.height > 0


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


@attrs.frozen
class _Place:
    """What holds for the widgets that are added next."""

    owner: str = ""
    focus: str | None = None
    clip: Bounds = SCREEN
    depth: int = 0
    blocked: bool = False


class Layout:
    """Collects the widgets of a scene."""

    def __init__(self) -> None:
        self._widgets: list[Widget] = []
        self._place = _Place()

    def scene(self) -> Scene:
        """Return all widgets so far."""
        return tuple(self._widgets)

    def add(
        self,
        widget: Widget,
        corner: Bounds = SCREEN,
        *,
        value: str = "",
        states: Iterable[str] = (),
        field: TextField | None = None,
    ) -> None:
        """Add a widget, whose place is relative to `corner`, with what it holds now.

        It has the focus, and is disabled behind a modal dialog, without being told.
        """
        place, standing, mark, at = self._place, set(states), 0, widget.bounds
        bounds = Bounds(corner.x + at.x, corner.y + at.y, at.width, at.height)
        if field is not None:
            value, mark = field.text, field.lines_back if field.multiline else field.caret
            standing |= field.states
        if place.blocked and widget.role:
            standing.add("disabled")
        elif widget.key == place.focus:
            standing.add("focused")
        offered = (widget.role, widget.name, bounds, widget.look, widget.called, widget.commands, widget.within)
        held = (place.owner, intersection(bounds, place.clip), place.depth, value, frozenset(standing), mark)
        self._widgets.append(Widget(*offered, widget.key, *held))

    def inside(self, *, clip: Bounds | None = None, blocked: bool = False) -> AbstractContextManager[None]:
        """Make what is added next children of the last widget: seen through `clip`, disabled where `blocked`."""
        place = self._place
        return self._placed(
            attrs.evolve(
                place,
                depth=place.depth + 1,
                clip=place.clip if clip is None else intersection(clip, place.clip),
                blocked=place.blocked or blocked,
            )
        )

    def owned(self, owner: str, focus: str | None) -> AbstractContextManager[None]:
        """Make what is added next the owner's; the widget with the key `focus` has the focus."""
        return self._placed(attrs.evolve(self._place, owner=owner, focus=focus))

    @contextmanager
    def _placed(self, place: _Place) -> Iterator[None]:
        outer, self._place = self._place, place
        yield
        self._place = outer


def hit(scene: Scene, x: int, y: int) -> Widget:
    """Return the widget that is seen at a pixel of the screen."""
    return next((widget for widget in reversed(scene) if widget.role and widget.shown.contains(x, y)), scene[0])


def ancestry(scene: Scene, widget: Widget) -> Iterator[Widget]:
    """Yield the widget, its parent, and so on up to the desktop."""
    depth = widget.depth + 1
    for candidate in reversed(scene[: scene.index(widget) + 1]):
        if candidate.depth < depth:
            depth = candidate.depth
            yield candidate


def tree(scene: Scene) -> Element:
    """Return the accessibility tree of a scene, whose first widget is the desktop.

    What is scrolled out of sight is `offscreen` and has no area; what something else covers is `obscured`. The center
    of every other element hits it or a descendant of it.
    """
    surfaces = [index for index, widget in enumerate(scene) if widget.role in _SURFACES]
    children: list[list[Element]] = [[]]
    for index in range(len(scene) - 1, -1, -1):
        widget = scene[index]
        if not widget.role:
            continue
        depth = widget.depth
        while len(children) <= depth + 1:
            children.append([])
        below, children[depth + 1] = children[depth + 1], []
        states = widget.states
        if not widget.is_shown:
            states |= {"offscreen"}
        elif _is_obscured(scene, index, surfaces):
            states |= {"obscured"}
        children[depth].append(
            Element(widget.role, widget.name, widget.shown, widget.value, states, tuple(reversed(below)))
        )
    return children[0][0]


def _is_obscured(scene: Scene, index: int, surfaces: Sequence[int]) -> bool:
    x, y = scene[index].shown.center
    above = (surface for surface in surfaces if surface > index and scene[surface].shown.contains(x, y))
    return any(not _is_descendant(scene, index, surface) for surface in above)


def _is_descendant(scene: Scene, index: int, later: int) -> bool:
    return all(widget.depth > scene[index].depth for widget in scene[index + 1 : later + 1])


def focus_order(scene: Scene, owner: str) -> list[Widget]:
    """Return what the tab key reaches in the owner's window, in order."""
    return [
        widget
        for widget in scene
        if widget.owner == owner and widget.role in FOCUSABLE and "disabled" not in widget.states
    ]
