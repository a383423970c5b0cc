"""Calls of tools as actions: what the computer tools of all protocols share."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from reprlib import Repr
from typing import Any, Final

import attrs

from gui_agents.domain.action_json import parse, schema
from gui_agents.domain.actions import (
    MAX_KEYS,
    MAX_NOTCHES,
    SANDBOX_ACTIONS,
    TERMINAL_ACTIONS,
    Action,
    ActionName,
    InvalidActionError,
)
from gui_agents.domain.keys import MODIFIERS, keys_of
from gui_agents.domain.model import DecisionRequest
from gui_agents.http.decoding import decode
from gui_agents.models.answers.found import MAX_ACTIONS
from gui_agents.models.answers.wrapped import unpacked
from gui_agents.models.native.transcript import Answer, Call
from gui_agents.pictures.coordinates import View, shown_schema

LOOK_SECONDS: Final = 0.5
"""The wait of a model that only wants to see the screen again."""
BY_COMPUTER: Final = SANDBOX_ACTIONS - {ActionName.OPEN_APP, ActionName.NAVIGATE, ActionName.LONG_PRESS}
"""Actions that computer tools have; `act` is for the others, and for those that end the loop."""

_SHORT: Final = Repr()
_SHORT.maxstring = _SHORT.maxother = 500
_SHORT.maxdict = _SHORT.maxlist = 20

Point = tuple[Any, Any]
"""Coordinates as the model wrote them."""
Fields = dict[str, Any]
"""An action as JSON."""


@attrs.frozen(kw_only=True)
class Wish:
    """One call of a tool, as it stands in the answer."""

    name: str
    """Of the tool, or of the computer tool's action."""
    call: Call
    given: Any
    """Its arguments, decoded."""


Reader = Callable[[Wish, Point | None], Sequence[Fields]]
"""Returns the actions of a call as JSON. It is told where the pointer is, if that is known.

Raises InvalidActionError.
"""


def act(request: DecisionRequest, *, native: bool) -> tuple[str, dict[str, Any]]:
    """Return the description and the parameters of the tool `act`; beside a computer tool it has what is left."""
    supported = request.supported - BY_COMPUTER if native else request.supported
    parameters = shown_schema(schema(supported), request.coordinates)
    if native:
        return "End the task, or do what the computer tool cannot.", parameters
    return "Carry out one action on the screen, or end the task.", parameters


def answer_of(
    content: Sequence[Mapping[str, Any]],
    wishes: Sequence[Wish],
    read: Reader,
    request: DecisionRequest,
    at: Point | None,
) -> tuple[Answer, Point | None]:
    """Return the answer with the actions of its calls, and where they leave the pointer.

    A model that only looks waits for a moment, and then sees the screen again.

    Raises:
        InvalidActionError: one of the calls is not possible here.
    """
    calls: list[Call] = []
    actions: list[Action] = []
    for number, wish in enumerate(wishes, start=1):
        try:
            steps = read(wish, at)
            check_number(len(actions) + len(steps))
            actions += [action(step, request) for step in steps]
        except InvalidActionError as error:
            where = f"call {number} ({wish.name:.40}): " if len(wishes) > 1 else ""
            raise InvalidActionError(f"{where}{error.problem}") from None
        at = pointer(steps, at)
        calls.append(attrs.evolve(wish.call, count=len(steps)))
        if actions and actions[-1].name in TERMINAL_ACTIONS:
            # The task ends here, unless an action before fails: then these calls need results as well.
            calls += [later.call for later in wishes[number:]]
            break
    if wishes and not actions:
        actions = [action({"action": "wait", "seconds": LOOK_SECONDS}, request)]
        calls[-1] = attrs.evolve(calls[-1], count=1)
    return Answer(content=content, calls=calls, actions=actions), at


def check_number(actions: int) -> None:
    """Refuse more actions, or calls, than an answer may have, before they are read.

    Raises:
        InvalidActionError: there are more.
    """
    if actions > MAX_ACTIONS:
        raise InvalidActionError(f"an answer may have at most {MAX_ACTIONS} actions")


def action(fields: Mapping[str, Any], request: DecisionRequest) -> Action:
    """Return one action of the JSON that the model gave, or that its call stands for.

    Raises:
        InvalidActionError: it is not possible on this screen and sandbox.
    """
    seen = request.observation
    read = View.of(seen, request.coordinates).read(fields)
    return parse(read, width=seen.width, height=seen.height, supported=request.supported)


def pointer(steps: Sequence[Fields], at: Point | None) -> Point | None:
    """Return where the pointer is after these actions; `at` is where it was before them."""
    for step in reversed(steps):
        if "x" in step and "y" in step:
            return step.get("to_x", step["x"]), step.get("to_y", step["y"])
    return at


def keys(names: Sequence[str]) -> Iterator[Fields]:
    """Yield presses of keys: modifiers are held for the next key, other keys follow each other.

    Models write `ctrl+s` in one name or two names, and several keys where they mean one after the other.

    Raises:
        InvalidActionError: there is no such key.
    """
    check_number(sum(len(name.split()) or 1 for name in names) // MAX_KEYS)
    parts = [part for name in names for part in _keys_in(name)]
    check_number(len(parts) // MAX_KEYS)
    held: list[str] = []
    for name in parts:
        held.append(name)
        if name not in MODIFIERS:
            yield {"action": "key", "keys": held}
            held = []
    if held:
        yield {"action": "key", "keys": held}


def _keys_in(text: str) -> tuple[str, ...]:
    """Return the keys in a text such as `ctrl+shift+t` or `Page Down`, or else in each of its words: `Down Down`."""
    words = text.split()
    try:
        try:
            return keys_of([text])
        except LookupError:
            if len(words) < 2:  # noqa: PLR2004 - several
                raise
            return keys_of(words)
    except LookupError as error:
        raise InvalidActionError(f"keys: {error.args[0]}") from None


def point(given: Any) -> Point | None:
    """Return a point that comes as a pair or as an object, also encoded as a string; None if it is none."""
    match unpacked(given):
        case {"x": x, "y": y} | [x, y]:
            return x, y
        case _:
            return None


def scroll(x: Any, y: Any, dx: float, dy: float) -> Fields:
    """Return a turn of the wheel, by at most as many notches as there may be."""
    return {"action": "scroll", "x": x, "y": y, "dx": _notches(dx), "dy": _notches(dy)}


def _notches(number: float) -> int:
    return int(max(-MAX_NOTCHES, min(MAX_NOTCHES, number)))


def number(given: Any, name: str) -> float:
    """Return a number among the arguments of a call, also one that is written as a string.

    Raises:
        InvalidActionError: it is none.
    """
    if isinstance(given, str):
        given = decode(given)
    if isinstance(given, bool) or not isinstance(given, int | float) or given != given:  # noqa: PLR0124 - NaN
        raise InvalidActionError(f"{name} must be a number")
    return given


def text(given: Any, name: str) -> str:
    """Return a text among the arguments of a call.

    Raises:
        InvalidActionError: it is none.
    """
    if not isinstance(given, str):
        raise InvalidActionError(f"{name} must be a string")
    return given


def word(given: Any) -> str:
    """Return a text as it is, and an empty one for anything else, which may be no key of a table."""
    return given if isinstance(given, str) else ""


def said(text: str, wishes: Sequence[Wish]) -> str:
    """Return an answer in words, bounded."""
    calls = [f"{wish.name:.40}({_SHORT.repr(wish.given)})" for wish in wishes[:MAX_ACTIONS]]
    return "\n".join(filter(None, [text, *calls]))


def without_held_keys(given: Any) -> None:
    """Refuse modifiers that a pointer's action should hold; no sandbox can.

    Raises:
        InvalidActionError: there are some.
    """
    if unpacked(given):
        raise InvalidActionError(f"keys ({given!r:.40}) cannot be held during an action of the pointer here")
