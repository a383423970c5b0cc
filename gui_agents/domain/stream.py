"""The messages of a task's stream."""

from enum import StrEnum, unique

import attrs


@unique
class Stage(StrEnum):
    """What a message reports."""

    STARTING = "starting"
    STEP = "step"
    FINISHED = "finished"
    ERROR = "error"
    CANCELLED = "cancelled"
    GAP = "gap"


@attrs.frozen
class StreamMessage:
    """One message of a task."""

    stage: Stage
    text: str
    published_at: float
    """Wall clock, seconds since the epoch."""
