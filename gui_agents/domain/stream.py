"""The messages of a task's stream."""

from enum import StrEnum, unique
from typing import Final

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


LAST: Final = frozenset({Stage.FINISHED, Stage.ERROR, Stage.CANCELLED})
"""The stages of a stream's last message."""


@attrs.frozen
class StreamMessage:
    """One message of a task."""

    stage: Stage
    text: str
    published_at: float
    """Wall clock, seconds since the epoch."""
