"""Which pictures of tasks are recorded."""

from enum import StrEnum, unique


@unique
class Recorded(StrEnum):
    """The tasks and steps of which pictures are kept, as RECORD_SCREENSHOTS spells them."""

    NONE = "none"
    FAILED = "failed"
    """The last steps of tasks that fail."""
    ALL = "all"
    """Every step of every task."""
