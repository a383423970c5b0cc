"""The log lines of tasks: id, model, end, steps, tokens and cost. They never show an instruction or an answer.

Each record has the task's id as its attribute `task_id`.
"""

import logging
from typing import Final

from gui_agents.domain.lifecycle import Ending, FailureReason, next_status
from gui_agents.domain.model import History
from gui_agents.domain.spec import TaskSpec
from gui_agents.domain.task import TaskRecord, TaskStatistics

MAX_ERROR: Final = 300
"""Characters of an error."""
SAID_BY_AGENT: Final = frozenset({FailureReason.AGENT_GAVE_UP})
"""Failures whose message is the agent's answer."""
ERRORS: Final = ("error: ", "invalid: ")
"""How the outcome of a step that failed begins."""

_log: Final = logging.getLogger("gui_agents.tasks")


def accepted(task_id: str, spec: TaskSpec) -> None:
    """Log that a task was accepted, and what of its configuration has no effect."""
    unused = f"; not used: {', '.join(spec.unused)}" if spec.unused else ""
    _log.info("task %s accepted, decided by %r%s", task_id, spec.model.full_name, unused, extra={"task_id": task_id})


def restored(task_id: str, attempt: int) -> None:
    """Log that a task of an earlier service waits again."""
    _log.info("task %s waits again after a restart (attempt %d)", task_id, attempt, extra={"task_id": task_id})


def started(task_id: str) -> None:
    """Log that a task has a slot."""
    _log.info("task %s started", task_id, extra={"task_id": task_id})


def ended(record: TaskRecord, ending: Ending, history: History) -> None:
    """Log how a task ended, and why it failed; `record` is the task just before its end."""
    status = next_status(record.status, ending.event)
    _log.info(
        "task %s %s after %.1f s: %d step%s, %s",
        record.task_id,
        status if ending.reason is None else f"{status} ({'; '.join(_why(record, ending, history))})",
        record.execution_seconds,
        record.statistics.steps,
        "" if record.statistics.steps == 1 else "s",
        _spent(record.statistics),
        extra={"task_id": record.task_id},
    )


def _why(record: TaskRecord, ending: Ending, history: History) -> list[str]:
    """Return the reason of a failure, and the last error of a step if the reason is no error itself."""
    said = [str(ending.reason) if ending.reason in SAID_BY_AGENT else _line(ending.message)]
    steps = record.statistics.steps
    own = history.turns[-steps:] if steps else ()
    last = next((turn.outcome for turn in reversed(own) if turn.outcome.startswith(ERRORS)), "")
    if last and last.partition(": ")[2] not in ending.message:
        said.append(f"last error: {_line(last.partition(': ')[2])}")
    return said


def _line(text: str) -> str:
    """Return an error as a part of one line."""
    shown = "".join(character if character.isprintable() else "?" for character in " ".join(text.split()))
    return shown if len(shown) <= MAX_ERROR else f"{shown[:MAX_ERROR]}…"


def _spent(used: TaskStatistics) -> str:
    tokens = used.input_tokens + used.output_tokens
    if not tokens:
        return "no tokens"
    price = "no known price" if used.currency is None else f"{used.cost:f} {used.currency}"
    return f"{tokens} tokens, {price}"
