"""Actions as JSON: the schema that a model is given, and the parser of its answers.

Nothing that a model writes is ever evaluated. An answer is parsed as data. If it is not an action that is possible on
this screen, `InvalidActionError` is raised, with a text for the model.
"""

import json
from collections.abc import Collection, Mapping
from math import floor
from typing import Any, Final

import attrs

from gui_agents.domain.actions import ACTIONS, TERMINAL_ACTIONS, Action, ActionName, Button, Field, InvalidActionError
from gui_agents.domain.keys import keys_of

_HUGE: Final = 1e300
_MAX_NUMBER: Final = 40
"""Characters of a number that is written as a string."""
_PLAIN: Final = frozenset({"type", "enum", "minimum", "maximum", "description"})
"""The keywords of JSON Schema that every endpoint takes. Some refuse any other; `parse` checks the rest."""
_MAX_UNKNOWN: Final = 5
"""How many fields that an action does not have are named."""


@attrs.frozen
class _Slot:
    """One field of an action class: its JSON key, its attribute, its description, its default."""

    key: str
    attribute: str
    field: Field
    default: Any

    @property
    def required(self) -> bool:
        """Whether there is no default."""
        return self.default is attrs.NOTHING


_SLOTS: Final[Mapping[ActionName, tuple[_Slot, ...]]] = {
    name: tuple(
        _Slot(
            field.metadata["field"].key or field.name,
            field.name,
            field.metadata["field"],
            field.default,
        )
        for field in attrs.fields(cls)
    )
    for name, cls in ACTIONS.items()
}
_NOTHING: Final = frozenset({"", "null", "none", "undefined", "[]", "{}"})
"""Words that models write into fields that they do not mean."""
_DEFAULTS: Final[Mapping[str, Any]] = {
    slot.key: slot.default for slots in _SLOTS.values() for slot in slots if not slot.required
}
_MEANINGLESS: Final = frozenset(
    slot.key for slots in _SLOTS.values() for slot in slots if slot.field.axis is not None or slot.key == "seconds"
)
"""Fields that tell an action that does not have them nothing, whatever is in them: where, and how long."""


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
            properties.setdefault(slot.key, _plain_schema(slot.field.schema))
    return {"type": "object", "properties": properties, "required": ["action"]}


def _plain_schema(rule: Mapping[str, Any]) -> dict[str, Any]:
    plain = {keyword: value for keyword, value in rule.items() if keyword in _PLAIN}
    return {**plain, "items": _plain_schema(rule["items"])} if "items" in rule else plain


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
    if isinstance(wanted, str):
        wanted = action_named(wanted)
    allowed = [name for name in ACTIONS if name in supported or name in TERMINAL_ACTIONS]
    if not isinstance(wanted, str) or wanted not in allowed:
        shown = f" {wanted!r:.60}" if isinstance(wanted, str) else ""
        raise InvalidActionError(f"action{shown} is not one of: {', '.join(allowed)}")
    name = ActionName(wanted)
    slots = _SLOTS[name]
    known = {"action", *(slot.key for slot in slots)}
    unknown = sorted(f"{key!r:.30}" for key, value in answer.items() if key not in known and _says(key, value))
    if unknown:
        named = ", ".join(unknown[:_MAX_UNKNOWN])
        raise InvalidActionError(f"{name} has no field {named}; it takes {_usage(name)}")
    limits = {"x": width, "y": height}
    values = {}
    for slot in slots:
        value = answer.get(slot.key)
        if value is None or (not slot.required and _is_empty(value)):
            if slot.required:
                raise InvalidActionError(f"{name} needs the field {slot.key}; it takes {_usage(name)}")
            continue
        values[slot.attribute] = _checked(f"{name}.{slot.key}", value, slot.field, limits)
    return ACTIONS[name](**values)


def action_named(written: str) -> str:
    """Return the name of an action in the spelling of `ActionName`, if it is one."""
    return written.strip().lower().replace("-", "_") if len(written) <= _MAX_NUMBER else written


def _says(key: str, value: Any) -> bool:
    """Tell whether a field that the action does not have says anything: some models fill in all fields there are."""
    if key in _MEANINGLESS or _is_empty(value):
        return False
    number = _as_number(value)
    if number is not None:
        return number not in {0, 1}
    return (value.strip().lower() if isinstance(value, str) else value) != _DEFAULTS.get(key)


def _is_empty(value: Any) -> bool:
    """Tell whether a value is nothing, in whatever clothes; 0 is, as no optional field has a use for it."""
    if isinstance(value, str) and value.strip().lower() in _NOTHING:
        return True
    if isinstance(value, list | tuple):
        return all(isinstance(each, str) and not each.strip() for each in value)
    return value is None or value == {} or _as_number(value) == 0


def _checked(label: str, value: Any, field: Field, limits: Mapping[str, int]) -> Any:
    rule = field.schema
    match rule["type"]:
        case "integer":
            number = _number(label, value)
            if field.axis is not None:
                return _place(label, number, limits[field.axis])
            return _bounded(label, floor(number + 0.5), rule)
        case "number":
            return _bounded(label, float(_number(label, value)), rule)
        case "array":
            return _keys(label, value, rule)
        case _:
            return _string(label, value, rule)


def _number(label: str, value: Any) -> int | float:
    """Return a number, also one that is written as a string, as a double, which cannot hold every JSON number."""
    number = _as_number(value)
    if number is None or not -_HUGE <= number <= _HUGE:
        raise InvalidActionError(f"{label} must be a number")
    return number


def _as_number(value: Any) -> int | float | None:
    if isinstance(value, str) and len(value) <= _MAX_NUMBER:
        try:
            return float(value)
        except ValueError:
            return None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _place(label: str, number: float, limit: int) -> int:
    """Return the pixel nearest to a coordinate, which may be a fraction and must be on the screen."""
    nearest = floor(number + 0.5)
    if nearest < 0 or number >= limit:
        raise InvalidActionError(f"{label}={number:.6g} leaves the screen (0 to {limit - 1})")
    return min(nearest, limit - 1)


def _keys(label: str, value: Any, rule: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the keys of a list, which may be encoded as a string, or of one string, in one spelling each."""
    written = _list_in(value) if isinstance(value, str) else value
    wrong = InvalidActionError(f"{label} must be a list of {rule['minItems']} to {rule['maxItems']} strings")
    if not isinstance(written, list | tuple) or not rule["minItems"] <= len(written) <= rule["maxItems"]:
        raise wrong
    texts = [_string(f"{label}[{index}]", item, rule["items"]) for index, item in enumerate(written)]
    try:
        keys = keys_of(texts)
    except LookupError as error:
        raise InvalidActionError(f"{label}: {error.args[0]}") from None
    if not rule["minItems"] <= len(keys) <= rule["maxItems"]:
        raise wrong
    return keys


def _list_in(text: str) -> list[Any]:
    """Return the list that a text is, in the quotes of JSON or of Python, or else a list of the text."""
    if text.lstrip()[:1] == "[":
        for quoted in (text, text.replace("'", '"')):
            try:
                read = json.loads(quoted)
            except (ValueError, RecursionError):
                continue
            if isinstance(read, list):
                return read
    return [text]


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
        value = value.strip().lower()
        if value not in rule["enum"]:
            raise InvalidActionError(f"{label} must be one of: {', '.join(rule['enum'])}")
        return Button(value)
    if not rule["minLength"] <= len(value) <= rule["maxLength"]:
        raise InvalidActionError(f"{label} must have {rule['minLength']} to {rule['maxLength']} characters")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise InvalidActionError(f"{label} must be Unicode text, without halves of surrogate pairs")
    return value
