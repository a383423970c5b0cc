"""What a batch writes only once."""

from gui_agents.domain.journal import TaskStarted
from gui_agents.storage import rows
from gui_agents.storage.sqlite.store import SQLITE
from tests.gui_agents.storage import entries


def written(batch):
    """Return the statements of a batch, without their parameters."""
    return [sql for _, statements in rows.of_batch(batch, SQLITE) for sql, _ in statements]


def test_what_a_task_has_used_is_written_once_a_batch():
    steps = [entries.stepped("a", 0), entries.stepped("b", 0), entries.stepped("a", 1)]
    assert written(steps) == [rows.STEP, rows.STEP, rows.USED, rows.STEP, rows.USED]
    assert written([*steps, entries.ended("a")]) == [
        *(rows.STEP, rows.STEP, rows.USED, rows.STEP),
        *(rows.OUTCOME, rows.END),
    ]


def test_a_status_that_lasts_for_no_moment_is_not_written():
    started = TaskStarted(task_id="a", attempt=1, started_at=entries.EPOCH)
    assert written([started]) == [rows.START]
    assert written([started, entries.ended("b")]) == [rows.START, rows.OUTCOME, rows.END]
    assert written([started, entries.ended("a", attempt=2)]) == [rows.START, rows.OUTCOME, rows.END]
    assert written([started, entries.ended("a")]) == [rows.STARTED, rows.OUTCOME, rows.END]
