"""Actions inside of decoded values: models wrap them in calls, lists and strings."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gui_agents.http.decoding import decode

MAX_DEPTH: Final = 4
"""How deep an action may be wrapped, as in `{"name": "act", "arguments": {...}}`."""
WRAPPERS: Final = ("arguments", "parameters", "args", "input", "function", "tool_call", "tool_calls", "actions")
"""Where a wrapped action stands."""
POINT: Final = 2
"""Numbers of a point: x and y."""


def actions_in(value: Any, depth: int = MAX_DEPTH) -> Iterator[Mapping[str, Any]]:
    """Yield the actions in a decoded value: an object with `action`, a call that holds one, a list of them."""
    if depth == 0:
        return
    value = unpacked(value)
    if isinstance(value, list):
        for each in value:
            yield from actions_in(each, depth - 1)
    elif isinstance(value, dict):
        inner = unpacked(value.get("action"))
        if isinstance(inner, str):
            yield _with_point(value)
            return
        if isinstance(inner, dict):
            # A whole action, or one that calls its action `type`, as computer tools do.
            named = dict(inner)
            named.setdefault("action", named.pop("type", None))
            yield from actions_in(named, depth - 1)
            return
        for name in WRAPPERS:
            yield from actions_in(value.get(name), depth - 1)


def unpacked(value: Any) -> Any:
    """Return a list or an object that is encoded as a string; anything else as it is."""
    if isinstance(value, str) and value.lstrip()[:1] in {"{", "["}:
        decoded = decode(value)
        return value if decoded is None else decoded
    return value


def _with_point(action: dict[str, Any]) -> Mapping[str, Any]:
    """Return an action whose `x` is a number, also if the model wrote both coordinates into it."""
    point = unpacked(action.get("x"))
    if isinstance(point, list) and len(point) == POINT and action.get("y") in (None, point[1], action["x"]):
        return {**action, "x": point[0], "y": point[1]}
    return action
