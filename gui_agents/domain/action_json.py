"""Actions as JSON: the schema that a model is given, and the parser of its answers.

Nothing that a model writes is ever evaluated. An answer is parsed as data. If it is not an action that is possible on
this screen, `InvalidActionError` is raised, with a text for the model.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

import attrs

from gui_agents.domain.actions import ACTIONS, TERMINAL_ACTIONS, Action, ActionName, Button, Field, InvalidActionError

_HUGE: Final = 1e300
_MAX_UNKNOWN: Final = 5
"""How many fields that an action does not have are named."""


@attrs.frozen
class _Slot:
    """One field of an action class: its JSON key, its attribute, its description, its default."""

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
    """Return the JSON schema of one action, as one flat object: the `supported` ones and those that end the loop."""
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
    """Return the JSON object of an action. `parse` reads it back."""
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
        InvalidActionError: the answer is not a valid action; the text tells the model why.
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
        named = ", ".join(unknown[:_MAX_UNKNOWN])
        raise InvalidActionError(f"{name} has no field {named}; it takes {_usage(name)}")
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
    """Return a JSON number as a double, which cannot hold every JSON number."""
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
