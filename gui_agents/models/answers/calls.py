"""Calls of the tool `act`, as protocols with function calls carry them."""

import re
from collections.abc import Mapping
from typing import Any, Final

from gui_agents.domain.actions import InvalidActionError
from gui_agents.http.decoding import decode, value_at
from gui_agents.models.answers.wrapped import actions_in

TOOL: Final = "act"
MAX_ARGUMENTS: Final = 100_000
"""Characters of a call's arguments."""
NAME: Final = re.compile(r"(?i)\s{0,9}(?:\w{1,30}[.:]){0,3}act(?::\d{1,3})?\s{0,9}")
"""The name of the tool, also with the namespace or the number that templates of servers add."""
AROUND: Final = re.compile(r"(?i)(?:\s|,|```(?:json)?|</?[\w|:]{1,30}>)")
"""What models write around the object: a fence, the mark of a call, a comma."""


def arguments(name: Any, given: Any) -> list[Mapping[str, Any]]:
    """Return the actions in the arguments of a call: one, or several that a server has put into one call.

    Raises:
        InvalidActionError: it is no call of `act`, or its arguments are no object.
    """
    if not isinstance(name, str) or NAME.fullmatch(name) is None:
        raise InvalidActionError(f"there is one tool, {TOOL}; there is none called {name!r:.60}")
    values = [given]
    for _ in range(2):
        if isinstance(values[0], str):
            if len(values[0]) > MAX_ARGUMENTS:
                raise InvalidActionError(f"the arguments of {TOOL} must have at most {MAX_ARGUMENTS:,} characters")
            values = _decoded(values[0])
    if not all(isinstance(value, dict) for value in values):
        raise InvalidActionError(f"the arguments of {TOOL} must be one JSON object")
    return [action for value in values for action in list(actions_in(value)) or [value]]


def _decoded(text: str) -> list[Any]:
    """Return the JSON values in a text, each once if it is repeated, or None if there is anything else in it."""
    whole = decode(text)
    if whole is not None:
        return [whole]
    values: list[Any] = []
    position = 0
    while True:
        while (around := AROUND.match(text, position)) is not None:
            position = around.end()
        if position == len(text):
            return values or [None]
        try:
            value, position = value_at(text, position)
        except (ValueError, RecursionError):
            return [None]
        if not isinstance(value, dict):
            return [None]
        if values[-1:] != [value]:
            values.append(value)
