"""What an endpoint may be unable to take, found out by its refusals.

A request that is refused because of a feature is made once more without it. What one endpoint lacks for one model is
remembered for as long as the service runs, so that only its first task pays for it.
"""

from enum import Enum, auto, unique
from typing import Final

REFUSING: Final = frozenset({400, 404, 405, 415, 422, 500, 501})
"""The statuses with which endpoints refuse what they cannot take."""
MAX_REMEMBERED: Final = 1000
"""Endpoints and models. The one that was used least recently is forgotten."""


@unique
class Feature(Enum):
    """A part of a request that some endpoints refuse."""

    TOOL_CHOICE = auto()
    """That a tool is demanded or chosen; tools may do without."""
    TOOLS = auto()
    """Tools; without them the model answers in text."""
    PICTURES = auto()
    TOKEN_FIELD = auto()
    """The usual name of the field with the largest number of tokens; there is another one."""


Lacking = frozenset[Feature]
NOTHING: Final[Lacking] = frozenset()
