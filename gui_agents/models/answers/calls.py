"""Calls of the tool `act`, as protocols with function calls carry them."""

from collections.abc import Mapping
from typing import Any, Final

from gui_agents.domain.actions import InvalidActionError
from gui_agents.models.answers.decoding import decode

TOOL: Final = "act"
MAX_ARGUMENTS: Final = 100_000
"""Characters of a call's arguments."""


def arguments(name: Any, given: Any) -> Mapping[str, Any]:
    """Return the arguments of a call, also if they are encoded once or twice.

    Raises:
        InvalidActionError: it is no call of `act`, or its arguments are no object.
    """
    if name != TOOL:
        raise InvalidActionError(f"there is one tool, {TOOL}; there is none called {name!r:.60}")
    for _ in range(2):
        if not isinstance(given, str):
            break
        if len(given) > MAX_ARGUMENTS:
            raise InvalidActionError(f"the arguments of {TOOL} must have at most {MAX_ARGUMENTS:,} characters")
        given = decode(given)
    if not isinstance(given, dict):
        raise InvalidActionError(f"the arguments of {TOOL} must be one JSON object")
    return given
