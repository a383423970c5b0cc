"""Lives of numbered tasks as entries, for tests that do not care what tasks do."""

from gui_agents.domain.journal import Entry, TaskStarted
from tests.gui_agents.storage import entries
from tests.gui_agents.storage.entries import EPOCH, created, spec, stepped, told


def accepted(number: int, instruction: str = "add one and two") -> list[Entry]:
    """Return what is written when a task is accepted."""
    task_id = f"task-{number}"
    return [created(task_id, spec(instruction), at=EPOCH + number), told(task_id, 0, "accepted")]


def ended(number: int) -> list[Entry]:
    """Return what is written from its start to its end."""
    task_id, at = f"task-{number}", EPOCH + number
    return [
        TaskStarted(task_id=task_id, attempt=1, started_at=at + 1),
        stepped(task_id),
        entries.ended(task_id, at=at + 3),
    ]


def life(number: int, instruction: str = "add one and two") -> list[Entry]:
    """Return all that is written of a task."""
    return [*accepted(number, instruction), *ended(number)]
