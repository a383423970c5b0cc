"""What the log says of tasks: their ids, models, ends and books, and never what they are about."""

import logging
from typing import Final

from gui_agents.domain.lifecycle import Ending, next_status
from gui_agents.domain.spec import ModelChoice
from gui_agents.domain.task import TaskRecord, TaskStatistics

_log: Final = logging.getLogger(__name__)


def accepted(task_id: str, model: ModelChoice) -> None:
    """Tell that a task waits for its start."""
    _log.info("task %s accepted, decided by %r", task_id, f"{model.provider}/{model.model}")


def started(task_id: str) -> None:
    """Tell that a task has a slot."""
    _log.info("task %s started", task_id)


def ended(record: TaskRecord, ending: Ending) -> None:
    """Tell how a task ended; `record` is the task as it was just before."""
    status = next_status(record.status, ending.event)
    _log.info(
        "task %s %s after %.1f s: %d steps, %s",
        record.task_id,
        status if ending.reason is None else f"{status} ({ending.reason})",
        record.execution_seconds,
        record.statistics.steps,
        _spent(record.statistics),
    )


def _spent(books: TaskStatistics) -> str:
    tokens = books.input_tokens + books.output_tokens
    if not tokens:
        return "no tokens"
    price = "no known price" if books.currency is None else f"{books.cost:f} {books.currency}"
    return f"{tokens} tokens, {price}"
