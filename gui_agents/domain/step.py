"""The parts of an agent's step."""

from enum import StrEnum, unique


@unique
class Phase(StrEnum):
    """The parts of a step."""

    OBSERVE = "observe"
    DECIDE = "decide"
    ACT = "act"
