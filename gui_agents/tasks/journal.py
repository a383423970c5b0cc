"""The log lines of tasks: id, model, end, steps, tokens and cost. They never show an instruction or an answer."""

import logging
from typing import Final

from gui_agents.domain.lifecycle import Ending, next_status
from gui_agents.domain.spec import ModelChoice
from gui_agents.domain.task import TaskRecord, TaskStatistics

_log: Final = logging.getLogger(__name__)


def accepted(task_id: str, model: ModelChoice) -> None:
    """Log that a task was accepted."""
    _log.info("task %s accepted, decided by %r", task_id, f"{model.provider}/{model.model}")


def started(task_id: str) -> None:
    """Log that a task has a slot."""
    _log.info("task %s started", task_id)


def ended(record: TaskRecord, ending: Ending) -> None:
    """Log how a task ended; `record` is the task just before its end."""
    status = next_status(record.status, ending.event)
    _log.info(
        "task %s %s after %.1f s: %d steps, %s",
        record.task_id,
        status if ending.reason is None else f"{status} ({ending.reason})",
        record.execution_seconds,
        record.statistics.steps,
        _spent(record.statistics),
    )


def _spent(used: TaskStatistics) -> str:
    tokens = used.input_tokens + used.output_tokens
    if not tokens:
        return "no tokens"
    price = "no known price" if used.currency is None else f"{used.cost:f} {used.currency}"
    return f"{tokens} tokens, {price}"
