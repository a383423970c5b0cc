"""The parts of an agent's step, and how its actions end."""

from enum import StrEnum, unique


@unique
class Phase(StrEnum):
    """The parts of a step."""

    OBSERVE = "observe"
    DECIDE = "decide"
    ACT = "act"


@unique
class ActionOutcome(StrEnum):
    """How an action that was sent to a sandbox ended."""

    OK = "ok"
    ERROR = "error"
