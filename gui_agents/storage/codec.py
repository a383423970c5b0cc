"""Values as text that every database takes, and back.

Structured values become JSON: an attrs class an object of its attributes, those left out that have their default. So
reading is tolerant: what is missing has its default, and what is not known is ignored. That is what keeps older rows
readable; an attribute that is added has a default, and a default that is changed needs a migration.

A key is never written: every `Secret` becomes `MASKED_KEY`, wherever it is. The settings of a task's model are not
written either, because the operator's headers in them may hold keys, and the operator still has them.

PostgreSQL takes no NUL in a text, and no database takes half a character (a lone surrogate). JSON escapes both. Other
texts are written as they are, unless they have one of those: then as JSON behind `ESCAPED`.
"""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from functools import cache
from types import MappingProxyType, UnionType
from typing import Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

import attrs

from gui_agents.domain.actions import ACTIONS, Action, ActionName
from gui_agents.domain.model import NO_HISTORY, History, Turn
from gui_agents.domain.secret import FORGOTTEN, MASKED_KEY, Secret
from gui_agents.domain.spec import Endpoint
from gui_agents.domain.storage import SEARCHED_CHARACTERS

T = TypeVar("T")

ESCAPED: Final = "\x01"
"""Begins a text that is written as JSON."""
REPLACED: Final = "\N{REPLACEMENT CHARACTER}"

_UNWRITTEN: Final[Mapping[type, frozenset[str]]] = {
    Endpoint: frozenset({"settings"}),
    Turn: frozenset({"instruction", "picture"}),
}
"""Attributes that are not written: a history writes the instructions of its turns once each."""
_TAG: Final = "action"


def text_of(text: str) -> str:
    """Return a text as databases take it; `text_in` reads it back."""
    return text if _is_plain(text) else ESCAPED + json.dumps(text)


def text_in(written: str) -> str:
    """Return the text that `text_of` has written."""
    return str(json.loads(written[1:])) if written.startswith(ESCAPED) else written


def folded(text: str) -> str:
    """Return what is searched of a text: without upper and lower case, and cut."""
    small = text[:SEARCHED_CHARACTERS].casefold()
    if _is_plain(small):
        return small
    return small.replace("\0", REPLACED).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _is_plain(text: str) -> bool:
    if text.startswith(ESCAPED) or "\0" in text:
        return False
    return text.isascii() or _is_utf8(text)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def json_of(value: Any) -> str:
    """Return a value as JSON; `json_in` reads it back."""
    text = _READABLE.encode(value)
    return text if text.isascii() or _is_utf8(text) else _ASCII.encode(value)


def json_in(cls: type[T], written: str) -> T:
    """Return the value of this class that `json_of` has written.

    Raises:
        ValueError: it has written none of this class.
    """
    value = json.loads(written)
    try:
        read: T = _reader(cls)(value)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"this is no {cls.__name__}: {error!r}") from error
    return read


def history_of(history: History) -> str:
    """Return a conversation as JSON, without its pictures."""
    instructions = {turn.instruction: None for turn in history.turns}
    numbers = {instruction: number for number, instruction in enumerate(instructions)}
    return json_of(
        {
            "instructions": [*instructions],
            "turns": [{**_attributes(turn), "of": numbers[turn.instruction]} for turn in history.turns],
            "text_bytes": history.text_bytes,
        }
    )


def history_in(written: str | None) -> History:
    """Return the conversation that `history_of` has written; an empty one for none."""
    if written is None:
        return NO_HISTORY
    value = json.loads(written)
    instructions = value["instructions"]
    read = _reader(Turn)
    turns = (read({**turn, "instruction": instructions[turn["of"]]}) for turn in value["turns"])
    return History(tuple(turns), value["text_bytes"])


def _plain(value: Any) -> Any:
    """Return as JSON what JSON does not know."""
    if isinstance(value, Secret):
        return MASKED_KEY
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, MappingProxyType):
        return dict(value)
    return _attributes(value)


def _attributes(value: Any) -> dict[str, Any]:
    cls: Any = type(value)
    found = {
        name: each
        for name, default in _defaults(cls)
        if (each := getattr(value, name)) is not default and each != default
    }
    if cls in _ACTIONS:
        found[_TAG] = value.name
    return found


@cache
def _defaults(cls: type) -> tuple[tuple[str, Any], ...]:
    """Return the attributes of a class that are written, with their defaults."""
    left_out = _UNWRITTEN.get(cls, frozenset())
    return tuple((field.name, field.default) for field in attrs.fields(cls) if field.name not in left_out)


def _reader(hint: Any) -> Callable[[Any], Any]:
    """Return what reads a value of this type from JSON."""
    return _cached_reader(hint)  # mypy does not take a class for hashable, but Any


@cache
def _cached_reader(hint: Any) -> Callable[[Any], Any]:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        classes = frozenset(arguments) - {type(None)}
        each = _action if classes == _ACTIONS else _reader(*classes)
        return lambda value: None if value is None else each(value)
    if origin is tuple:
        item = _reader(arguments[0])
        return lambda value: tuple(map(item, value))
    if origin is Mapping:
        held = _reader(arguments[1])
        return lambda value: {key: held(each) for key, each in value.items()}
    if hint is Secret:
        return lambda _: FORGOTTEN
    if hint is Decimal or issubclass(hint, Enum):
        return lambda value: hint(value)  # noqa: PLW0108 - mypy does not take the class for a function
    return _object_reader(hint) if attrs.has(hint) else lambda value: value


def _object_reader(cls: type) -> Callable[[Any], Any]:
    hints = get_type_hints(cls)
    readers = {field.name: _reader(hints[field.name]) for field in attrs.fields(cls) if field.name in _written(cls)}
    return lambda value: cls(**{name: readers[name](each) for name, each in value.items() if name in readers})


def _written(cls: type) -> frozenset[str]:
    """Return the attributes that are read: those that are written, and of a turn its instruction."""
    names = frozenset(name for name, _ in _defaults(cls))
    return names | {"instruction"} if cls is Turn else names


def _action(value: Any) -> Action:
    action: Action = _reader(ACTIONS[ActionName(value[_TAG])])(value)
    return action


_ACTIONS: Final = frozenset(ACTIONS.values())
_READABLE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain)
_ASCII: Final = json.JSONEncoder(separators=(",", ":"), default=_plain)
