"""The members of Anthropic's computer toolset as actions.

The source of names and arguments: "Computer use tool", section "Available actions", of Anthropic's documentation, for
`computer_toolset_20260801`. Coordinates are pixels of the screenshot that the model was shown.
"""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any, Final

from gui_agents.domain.actions import MAX_WAIT_SECONDS, ActionName, InvalidActionError
from gui_agents.models.answers.found import MAX_ACTIONS
from gui_agents.models.answers.wrapped import unpacked
from gui_agents.models.native.calls import (
    LOOK_SECONDS,
    Fields,
    Point,
    keys,
    number,
    point,
    scroll,
    text,
    without_held_keys,
)

TOOLSET: Final = "computer_toolset_20260801"
TOOLSET_NAME: Final = "computer"
"""What calls of its members carry, and their results must repeat."""

Given = Mapping[str, Any]
Steps = list[Fields]


def steps(member: str, given: Any, at: Point | None) -> Steps:
    """Return the actions that a call of a member stands for; `at` is where the pointer is, if that is known.

    Raises:
        InvalidActionError: there is no such member, or it cannot be carried out.
    """
    known = _MEMBERS.get(member)
    if known is None:
        raise InvalidActionError(f"{member:.40} is not possible here; use another action")
    given = unpacked(given)
    if not isinstance(given, Mapping):
        raise InvalidActionError("the input must be an object")
    return known[1](given, at)


def disabled(supported: Collection[ActionName]) -> list[str]:
    """Return the members that a sandbox with these actions has nothing for."""
    needs = {member: need for member, (need, _) in _MEMBERS.items()}
    return sorted(
        [*_WITHOUT, *(member for member, need in needs.items() if need is not None and need not in supported)]
    )


def _click(given: Given, at: Point | None, *, button: str = "left", count: int = 1) -> Steps:
    without_held_keys(given.get("text"))
    x, y = _place(given.get("coordinate"), at)
    return [{"action": "click", "x": x, "y": y, "button": button, "count": count}]


def _drag(given: Given, at: Point | None) -> Steps:
    without_held_keys(given.get("text"))
    x, y = _place(given.get("start_coordinate"), at)
    to_x, to_y = _place(given.get("coordinate"), None)
    return [{"action": "drag", "x": x, "y": y, "to_x": to_x, "to_y": to_y}]


def _move(given: Given, _at: Point | None) -> Steps:
    x, y = _place(given.get("coordinate"), None)
    return [{"action": "move", "x": x, "y": y}]


def _scroll(given: Given, at: Point | None) -> Steps:
    without_held_keys(given.get("text"))
    x, y = _place(given.get("coordinate"), at)
    amount = number(given.get("scroll_amount", 3), "scroll_amount")
    direction = given.get("scroll_direction")
    if not isinstance(direction, str) or direction not in _DIRECTIONS:
        raise InvalidActionError(f"scroll_direction must be one of: {', '.join(_DIRECTIONS)}")
    right, down = _DIRECTIONS[direction]
    return [scroll(x, y, right * amount, down * amount)]


def _type(given: Given, _at: Point | None) -> Steps:
    return [{"action": "type", "text": text(given.get("text"), "text")}]


def _key(given: Given, _at: Point | None) -> Steps:
    repeat = number(given.get("repeat") or 1, "repeat")
    if not 1 <= repeat <= MAX_ACTIONS:
        raise InvalidActionError(f"repeat must be 1 to {MAX_ACTIONS}")
    return list(keys([text(given.get("text"), "text")])) * int(repeat)


def _wait(given: Given, _at: Point | None) -> Steps:
    """Wait as long as can be waited; the model sees the screen again after that."""
    seconds = number(given.get("duration", LOOK_SECONDS), "duration")
    return [{"action": "wait", "seconds": max(LOOK_SECONDS, min(seconds, MAX_WAIT_SECONDS))}]


def _look(_given: Given, _at: Point | None) -> Steps:
    return []


def _place(given: Any, at: Point | None) -> Point:
    """Return the coordinates that are given, or where the pointer is."""
    if given is None and at is not None:
        return at
    place = point(given)
    if place is None:
        raise InvalidActionError("give the coordinate as [x, y]")
    return place


_DIRECTIONS: Final[Mapping[str, tuple[int, int]]] = {"up": (0, -1), "down": (0, 1), "left": (-1, 0), "right": (1, 0)}

_MEMBERS: Final[Mapping[str, tuple[ActionName | None, Callable[[Given, Point | None], Steps]]]] = {
    "screenshot": (None, _look),
    "left_click": (ActionName.CLICK, _click),
    "right_click": (ActionName.CLICK, partial(_click, button="right")),
    "middle_click": (ActionName.CLICK, partial(_click, button="middle")),
    "double_click": (ActionName.CLICK, partial(_click, count=2)),
    "triple_click": (ActionName.CLICK, partial(_click, count=3)),
    "left_click_drag": (ActionName.DRAG, _drag),
    "mouse_move": (ActionName.MOVE, _move),
    "scroll": (ActionName.SCROLL, _scroll),
    "type": (ActionName.TYPE, _type),
    "key": (ActionName.KEY, _key),
    "wait": (ActionName.WAIT, _wait),
}
"""What each member needs of a sandbox, and how it is read."""

_WITHOUT: Final = ("zoom", "left_mouse_down", "left_mouse_up", "hold_key", "cursor_position")
"""Members that no action stands for."""
