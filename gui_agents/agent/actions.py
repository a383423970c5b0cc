"""What an agent can do: one frozen class an action, and the schema and the parser that follow from them.

Coordinates are integers in pixels of the screenshot that the model saw. Nothing that a model writes is ever
evaluated: an answer is parsed as data, and what is no action on this screen raises `InvalidActionError` with a text
that the model can learn from.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum, unique
from typing import Any, ClassVar, Final

import attrs

MAX_WAIT_SECONDS: Final = 10.0
MAX_PRESS_SECONDS: Final = 10.0
MAX_TEXT_LENGTH: Final = 10_000
MAX_NOTCHES: Final = 100
MAX_CLICKS: Final = 3
MAX_KEYS: Final = 5

_HUGE: Final = 1e300


class InvalidActionError(ValueError):
    """A model's answer is no action that this screen and this sandbox can take; `problem` is told to the model."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@unique
class ActionName(StrEnum):
    """The closed set of actions, as models and metrics spell them."""

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
    """The field's name in JSON, where it is not the attribute's."""


def _field(
    schema: Mapping[str, Any], *, axis: str | None = None, default: Any = attrs.NOTHING, key: str | None = None
) -> Any:
    return attrs.field(default=default, metadata={"field": Field(schema, axis, key)})


def _x(text: str = "pixels from the left edge") -> Any:
    return _field({"type": "integer", "description": text}, axis="x")


def _y(text: str = "pixels from the top edge") -> Any:
    return _field({"type": "integer", "description": text}, axis="y")


def _button() -> Any:
    schema = {"type": "string", "enum": [*Button], "description": "pointer button; left unless told"}
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
        {"type": "integer", "minimum": 1, "maximum": MAX_CLICKS, "description": "clicks in a row; 1 unless told"},
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
    """Type text into what has the focus."""

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
    """Let the screen change by itself."""

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
    """Only the user can tell how to go on; `message` is the question."""

    name: ClassVar = ActionName.ASK_USER
    message: str = _text("the question")


Action = Click | Move | Drag | Scroll | Type | Key | LongPress | OpenApp | Navigate | Wait | Done | Fail | AskUser
"""Any action."""

ACTIONS: Final[Mapping[ActionName, type[Action]]] = {
    action.name: action
    for action in (Click, Move, Drag, Scroll, Type, Key, LongPress, OpenApp, Navigate, Wait, Done, Fail, AskUser)
}
"""Every action class by its name."""


@attrs.frozen
class _Slot:
    """One field of an action class, as it travels: its JSON key, its attribute, its description, its default."""

    key: str
    attribute: str
    field: Field
    required: bool


_SLOTS: Final[Mapping[ActionName, tuple[_Slot, ...]]] = {
    name: tuple(
        _Slot(
            field.metadata["field"].key or field.name,
            field.name,
            field.metadata["field"],
            field.default is attrs.NOTHING,
        )
        for field in attrs.fields(cls)
    )
    for name, cls in ACTIONS.items()
}


def schema(supported: Collection[ActionName]) -> dict[str, Any]:
    """Return the JSON schema of one action out of `supported` and the terminal ones, as one flat object."""
    names = [name for name in ACTIONS if name in supported or name in TERMINAL_ACTIONS]
    properties: dict[str, Any] = {
        "action": {
            "type": "string",
            "enum": names,
            "description": "; ".join(_usage(name) for name in names),
        }
    }
    for name in names:
        for slot in _SLOTS[name]:
            properties.setdefault(slot.key, dict(slot.field.schema))
    return {"type": "object", "properties": properties, "required": ["action"]}


def _usage(name: ActionName) -> str:
    keys = ", ".join(slot.key if slot.required else f"{slot.key}?" for slot in _SLOTS[name])
    return f"{name}({keys})"


def to_json(action: Action) -> dict[str, Any]:
    """Return the object that `parse` reads back as this action."""
    return {
        "action": str(action.name),
        **{slot.key: _plain(getattr(action, slot.attribute)) for slot in _SLOTS[action.name]},
    }


def _plain(value: Any) -> Any:
    match value:
        case Button():
            return str(value)
        case tuple():
            return list(value)
        case _:
            return value


def parse(answer: object, *, width: int, height: int, supported: Collection[ActionName]) -> Action:
    """Read one action from a decoded JSON `answer`, for a screen of `width` x `height` pixels.

    Raises:
        InvalidActionError: what is wrong, in words for the model.
    """
    if not isinstance(answer, Mapping):
        raise InvalidActionError('the answer must be one JSON object such as {"action": "done", "message": "..."}')
    wanted = answer.get("action")
    allowed = [name for name in ACTIONS if name in supported or name in TERMINAL_ACTIONS]
    if not isinstance(wanted, str) or wanted not in allowed:
        shown = f" {wanted!r:.60}" if isinstance(wanted, str) else ""
        raise InvalidActionError(f"action{shown} is not one of: {', '.join(allowed)}")
    name = ActionName(wanted)
    slots = _SLOTS[name]
    known = {"action", *(slot.key for slot in slots)}
    unknown = sorted(f"{key!r:.30}" for key in answer if key not in known and answer[key] is not None)
    if unknown:
        raise InvalidActionError(f"{name} has no field {', '.join(unknown)}; it takes {_usage(name)}")
    limits = {"x": width, "y": height}
    values = {}
    for slot in slots:
        value = answer.get(slot.key)
        if value is None:
            if slot.required:
                raise InvalidActionError(f"{name} needs the field {slot.key}; it takes {_usage(name)}")
            continue
        values[slot.attribute] = _checked(f"{name}.{slot.key}", value, slot.field, limits)
    return ACTIONS[name](**values)


def _checked(label: str, value: Any, field: Field, limits: Mapping[str, int]) -> Any:
    rule = field.schema
    match rule["type"]:
        case "integer":
            number = _integer(label, value)
            if field.axis is not None and not 0 <= number < limits[field.axis]:
                raise InvalidActionError(f"{label}={number:.6g} leaves the screen (0 to {limits[field.axis] - 1})")
            return _bounded(label, number, rule)
        case "number":
            return _bounded(label, float(_number(label, value, "a number")), rule)
        case "array":
            if not isinstance(value, list | tuple) or not rule["minItems"] <= len(value) <= rule["maxItems"]:
                raise InvalidActionError(f"{label} must be a list of {rule['minItems']} to {rule['maxItems']} strings")
            return tuple(_string(f"{label}[{index}]", item, rule["items"]) for index, item in enumerate(value))
        case _:
            return _string(label, value, rule)


def _number(label: str, value: Any, wanted: str) -> int | float:
    """Return a number that a double can hold, which JSON's need not be."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_HUGE <= value <= _HUGE:
        raise InvalidActionError(f"{label} must be {wanted}")
    return value


def _integer(label: str, value: Any) -> int:
    number = _number(label, value, "a whole number")
    if int(number) != number:
        raise InvalidActionError(f"{label} must be a whole number, not {number}")
    return int(number)


def _bounded(label: str, number: Any, rule: Mapping[str, Any]) -> Any:
    minimum, above, maximum = rule.get("minimum"), rule.get("exclusiveMinimum"), rule.get("maximum")
    if minimum is not None and number < minimum:
        raise InvalidActionError(f"{label} must be at least {minimum}")
    if above is not None and not number > above:
        raise InvalidActionError(f"{label} must be above {above}")
    if maximum is not None and not number <= maximum:
        raise InvalidActionError(f"{label} must be at most {maximum}")
    return number


def _string(label: str, value: Any, rule: Mapping[str, Any]) -> str:
    if not isinstance(value, str):
        raise InvalidActionError(f"{label} must be a string")
    if "enum" in rule:
        if value not in rule["enum"]:
            raise InvalidActionError(f"{label} must be one of: {', '.join(rule['enum'])}")
        return Button(value)
    if not rule["minLength"] <= len(value) <= rule["maxLength"]:
        raise InvalidActionError(f"{label} must have {rule['minLength']} to {rule['maxLength']} characters")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise InvalidActionError(f"{label} must be Unicode text, without halves of surrogate pairs")
    return value
