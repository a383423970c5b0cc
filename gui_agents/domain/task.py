"""Tasks as records: their request, their status, what they used."""

from decimal import Decimal
from enum import StrEnum, unique

import attrs

from gui_agents.domain.lifecycle import Ending, TaskStatus
from gui_agents.domain.sandbox import SandboxInfo
from gui_agents.domain.spec import TaskSpec


@unique
class RejectReason(StrEnum):
    """Why a submission was refused."""

    QUEUE_FULL = "queue_full"
    DRAINING = "draining"
    INVALID = "invalid"
    DENIED = "denied"
    BUDGET = "budget"
    STORAGE = "storage"
    QUOTA = "quota"


@attrs.frozen
class TaskLimits:
    """The configured limits."""

    slots: int
    queue_capacity: int
    retention: int
    """Ended tasks in memory."""
    retention_bytes: int = 2**28
    """Of the texts of those tasks."""


@attrs.frozen
class TaskStatistics:
    """What one task has used so far."""

    steps: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal = Decimal(0)
    currency: str | None = None
    """ISO code; None while no call had a known price."""


@attrs.frozen(kw_only=True)
class TaskRecord:
    """One task at one instant."""

    task_id: str
    spec: TaskSpec
    """Without its keys once the status is terminal."""
    status: TaskStatus
    created_at: float
    """Wall clock, seconds since the epoch."""
    execution_seconds: float
    """Seconds from running to the end, or until now; 0 for a task that never ran."""
    statistics: TaskStatistics
    sandbox: SandboxInfo | None
    ending: Ending | None
    """Set once the status is terminal."""
