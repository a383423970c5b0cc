"""The actions of OpenAI's computer tool.

The source of names and fields: the guide "Computer use" and the schema of `computer_call` in OpenAI's documentation.
Coordinates are pixels of the screenshot that the model was shown; a scroll is measured in pixels as well.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from gui_agents.domain.actions import InvalidActionError
from gui_agents.models.answers.wrapped import unpacked
from gui_agents.models.native.calls import Fields, Point, keys, number, point, scroll, text, without_held_keys

PIXELS_PER_NOTCH: Final = 100
"""Roughly what a notch of the wheel scrolls in browsers. The documentation does not say."""
WAIT_SECONDS: Final = 2.0
"""What the examples of the guide wait."""

Given = Mapping[str, Any]
Steps = list[Fields]


def steps(given: Any, at: Point | None) -> Steps:
    """Return the actions that one entry of `actions` stands for; `at` is where the pointer is, if that is known.

    Raises:
        InvalidActionError: there is no such action, or it cannot be carried out.
    """
    name = given.get("type") if isinstance(given, Mapping) else None
    if not isinstance(name, str) or name not in _ACTIONS:
        raise InvalidActionError(f"{name!r:.40} is no action of the computer tool that is possible here")
    if name != "keypress":
        without_held_keys(given.get("keys"))
    return _ACTIONS[name](given, at)


def _click(given: Given, at: Point | None) -> Steps:
    button = given.get("button") or "left"
    if not isinstance(button, str) or button not in _BUTTONS:
        raise InvalidActionError(f"there is no button {button!r:.40} here; use left, wheel or right")
    x, y = _place(given, at)
    return [{"action": "click", "x": x, "y": y, "button": _BUTTONS[button]}]


def _double_click(given: Given, at: Point | None) -> Steps:
    x, y = _place(given, at)
    return [{"action": "click", "x": x, "y": y, "count": 2}]


def _move(given: Given, at: Point | None) -> Steps:
    x, y = _place(given, at)
    return [{"action": "move", "x": x, "y": y}]


def _drag(given: Given, _at: Point | None) -> Steps:
    """Drag from the first point to the last; what lies between them is left out."""
    path = unpacked(given.get("path"))
    if not isinstance(path, list) or len(path) < 2:  # noqa: PLR2004 - a beginning and an end
        raise InvalidActionError("drag needs a path of at least two points")
    (x, y), (to_x, to_y) = _point(path[0]), _point(path[-1])
    return [{"action": "drag", "x": x, "y": y, "to_x": to_x, "to_y": to_y}]


def _scroll(given: Given, at: Point | None) -> Steps:
    x, y = _place(given, at)
    across, down = (_notches(number(given.get(axis) or 0, axis)) for axis in ("scroll_x", "scroll_y"))
    return [scroll(x, y, across, down)]


def _keypress(given: Given, _at: Point | None) -> Steps:
    names = unpacked(given.get("keys"))
    if isinstance(names, str):
        names = [names]
    if not isinstance(names, list) or not names:
        raise InvalidActionError("keypress needs a list of keys")
    return list(keys([text(name, "a key") for name in names]))


def _type(given: Given, _at: Point | None) -> Steps:
    return [{"action": "type", "text": text(given.get("text"), "text")}]


def _wait(_given: Given, _at: Point | None) -> Steps:
    return [{"action": "wait", "seconds": WAIT_SECONDS}]


def _look(_given: Given, _at: Point | None) -> Steps:
    return []


def _place(given: Given, at: Point | None) -> Point:
    if given.get("x") is None and given.get("y") is None and at is not None:
        return at
    return given.get("x"), given.get("y")


def _point(given: Any) -> Point:
    """Return a point of a path, which comes as an object or as a pair."""
    place = point(given)
    if place is None:
        raise InvalidActionError('a point of a path must be given as {"x": 10, "y": 20}')
    return place


def _notches(pixels: float) -> int:
    return int(math.copysign(math.ceil(min(abs(pixels), 1e6) / PIXELS_PER_NOTCH), pixels))


_BUTTONS: Final[Mapping[str, str]] = {"left": "left", "right": "right", "wheel": "middle", "middle": "middle"}

_ACTIONS: Final[Mapping[str, Callable[[Given, Point | None], Steps]]] = {
    "click": _click,
    "double_click": _double_click,
    "drag": _drag,
    "keypress": _keypress,
    "move": _move,
    "screenshot": _look,
    "scroll": _scroll,
    "type": _type,
    "wait": _wait,
}
