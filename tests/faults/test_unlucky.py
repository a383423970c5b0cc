"""A service whose tasks, models and sandboxes fail in every way leaves nothing and counts right: 24 tasks of it."""

import pytest

from tests.faults import unlucky
from tests.faults.backends import require
from tests.faults.counting import adopt

pytestmark = pytest.mark.system_tools


async def test_unlucky_tasks_leave_nothing_and_are_counted(tmp_path):
    for backend in unlucky.BACKENDS:
        require(backend)
    adopt()
    outcome = await unlucky.run(tmp_path, tasks=24, seed=7)
    assert outcome.left == ()
    assert outcome.broken == ()
    assert outcome.ended["pending"] == 24
    assert outcome.sandboxes["closed"] > 0
