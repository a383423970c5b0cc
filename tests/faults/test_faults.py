"""Faults at the awaits of real sandboxes leave nothing: a sample. `make faults` has each fault at every await."""

import pytest

from tests.faults.backends import ACTIONS, require, standing
from tests.faults.counting import Books, adopt
from tests.faults.proof import operations, prove, reaped

pytestmark = pytest.mark.system_tools

SIZE = 3
"""Awaits of each operation that get a fault."""
CASES = [
    (backend, name)
    for backend in ACTIONS
    for name, _ in operations(backend)
    if name in {"open", "observe", "type", "open_app", "navigate", "close"}
]


@pytest.mark.parametrize(("backend", "operation"), CASES)
async def test_a_fault_leaves_nothing(tmp_path, backend, operation):
    require(backend)
    adopt()
    async with standing(tmp_path) as backends:
        warm = backends.create(backend)
        await warm.open()
        await warm.observe(screenshot=True)
        await reaped(warm)
        outcome = await prove(backends, Books(tmp_path), backend, operation, size=SIZE)
    assert outcome.left == ()
