"""What an agent can do: one frozen class for each action. The schema and the parser follow from the classes.

Coordinates are integers in pixels of the screenshot that the model saw. `action_json` has the schema and the parser.
"""

from collections.abc import Mapping
from enum import StrEnum, unique
from typing import Any, ClassVar, Final

import attrs

MAX_WAIT_SECONDS: Final = 10.0
MAX_PRESS_SECONDS: Final = 10.0
MAX_TEXT_LENGTH: Final = 10_000
MAX_NOTCHES: Final = 100
MAX_CLICKS: Final = 3
MAX_KEYS: Final = 5


class InvalidActionError(ValueError):
    """A model's answer is not an action that is possible on this screen and sandbox. `problem` is sent to the model."""

    def __init__(self, problem: str, *, said: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.said = said
        """The answer as it was, without thoughts and bounded, for the model to see it again."""


@unique
class ActionName(StrEnum):
    """All actions, as models and metrics spell them."""

    CLICK = "click"
    MOVE = "move"
    DRAG = "drag"
    SCROLL = "scroll"
    TYPE = "type"
    KEY = "key"
    LONG_PRESS = "long_press"
    OPEN_APP = "open_app"
    NAVIGATE = "navigate"
    WAIT = "wait"
    DONE = "done"
    FAIL = "fail"
    ASK_USER = "ask_user"


@unique
class Button(StrEnum):
    """A pointer's button."""

    LEFT = "left"
    MIDDLE = "middle"
    RIGHT = "right"


TERMINAL_ACTIONS: Final = frozenset({ActionName.DONE, ActionName.FAIL, ActionName.ASK_USER})
"""Actions that end the loop and are never sent to a sandbox."""

SANDBOX_ACTIONS: Final = frozenset(ActionName) - TERMINAL_ACTIONS
"""Actions that a sandbox may support."""


@attrs.frozen
class Field:
    """How one field of an action is described to a model and checked when it answers."""

    schema: Mapping[str, Any]
    """The field's JSON schema."""
    axis: str | None = None
    """`x` or `y` for a coordinate, which must lie on the screen."""
    key: str | None = None
    """The field's name in JSON, if it differs from the attribute's name."""


def _field(
    schema: Mapping[str, Any], *, axis: str | None = None, default: Any = attrs.NOTHING, key: str | None = None
) -> Any:
    return attrs.field(default=default, metadata={"field": Field(schema, axis, key)})


def _x(text: str = "pixels from the left edge") -> Any:
    return _field({"type": "integer", "description": text}, axis="x")


def _y(text: str = "pixels from the top edge") -> Any:
    return _field({"type": "integer", "description": text}, axis="y")


def _button() -> Any:
    schema = {"type": "string", "enum": [*Button], "description": "pointer button; left by default"}
    return _field(schema, default=Button.LEFT)


def _notches(text: str) -> Any:
    schema = {"type": "integer", "minimum": -MAX_NOTCHES, "maximum": MAX_NOTCHES, "description": text}
    return _field(schema, default=0)


def _seconds(maximum: float) -> Any:
    return _field({"type": "number", "exclusiveMinimum": 0, "maximum": maximum, "description": "how long, in seconds"})


def _text(description: str, *, minimum: int = 0, maximum: int = MAX_TEXT_LENGTH, key: str | None = None) -> Any:
    schema = {"type": "string", "minLength": minimum, "maxLength": maximum, "description": description}
    return _field(schema, key=key)


@attrs.frozen
class Click:
    """Press and release a pointer button `count` times."""

    name: ClassVar = ActionName.CLICK
    x: int = _x()
    y: int = _y()
    button: Button = _button()
    count: int = _field(
        {"type": "integer", "minimum": 1, "maximum": MAX_CLICKS, "description": "clicks in a row; 1 by default"},
        default=1,
    )


@attrs.frozen
class Move:
    """Move the pointer without pressing a button."""

    name: ClassVar = ActionName.MOVE
    x: int = _x()
    y: int = _y()


@attrs.frozen
class Drag:
    """Press a button at one point and release it at another."""

    name: ClassVar = ActionName.DRAG
    x: int = _x()
    y: int = _y()
    to_x: int = _x("where the drag ends, pixels from the left edge")
    to_y: int = _y("where the drag ends, pixels from the top edge")
    button: Button = _button()


@attrs.frozen
class Scroll:
    """Turn the wheel over a point."""

    name: ClassVar = ActionName.SCROLL
    x: int = _x()
    y: int = _y()
    dx: int = _notches("wheel notches to the right; negative: to the left")
    dy: int = _notches("wheel notches down; negative: up")


@attrs.frozen
class Type:
    """Type text into the control that has the focus."""

    name: ClassVar = ActionName.TYPE
    text: str = _text("the text to type")


@attrs.frozen
class Key:
    """Press keys together, such as ctrl and s, and release them."""

    name: ClassVar = ActionName.KEY
    keys: tuple[str, ...] = _field(
        {
            "type": "array",
            "items": {"type": "string", "minLength": 1, "maxLength": 20},
            "minItems": 1,
            "maxItems": MAX_KEYS,
            "description": "keys held together, in order, lower case: enter, tab, escape, backspace, ctrl, a",
        }
    )


@attrs.frozen
class LongPress:
    """Touch a point and hold it."""

    name: ClassVar = ActionName.LONG_PRESS
    x: int = _x()
    y: int = _y()
    seconds: float = _seconds(MAX_PRESS_SECONDS)


@attrs.frozen
class OpenApp:
    """Start an application by its name."""

    name: ClassVar = ActionName.OPEN_APP
    app: str = _text("the application's name", minimum=1, maximum=100, key="name")


@attrs.frozen
class Navigate:
    """Open an address in the browser."""

    name: ClassVar = ActionName.NAVIGATE
    url: str = _text("the address to open", minimum=1, maximum=2000)


@attrs.frozen
class Wait:
    """Wait for the screen to change."""

    name: ClassVar = ActionName.WAIT
    seconds: float = _seconds(MAX_WAIT_SECONDS)


@attrs.frozen
class Done:
    """The task is done; `message` is its result."""

    name: ClassVar = ActionName.DONE
    message: str = _text("the answer, or what was done")


@attrs.frozen
class Fail:
    """The task cannot be done; `message` says why."""

    name: ClassVar = ActionName.FAIL
    message: str = _text("why it cannot be done")


@attrs.frozen
class AskUser:
    """Only the user can say how to go on; `message` is the question."""

    name: ClassVar = ActionName.ASK_USER
    message: str = _text("the question")


Action = Click | Move | Drag | Scroll | Type | Key | LongPress | OpenApp | Navigate | Wait | Done | Fail | AskUser
"""Any action."""

ACTIONS: Final[Mapping[ActionName, type[Action]]] = {
    action.name: action
    for action in (Click, Move, Drag, Scroll, Type, Key, LongPress, OpenApp, Navigate, Wait, Done, Fail, AskUser)
}
"""Every action class by its name."""
