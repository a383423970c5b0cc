import pytest

from gui_agents.simulated.instructions import INSTRUCTIONS, Instruction
from tests.gui_agents.decider.simulated.decider_driver import run


@pytest.mark.parametrize("row", INSTRUCTIONS, ids=lambda row: row.instruction[:60])
async def test_instruction_leaves_the_desktop_as_asked_for(row: Instruction):
    ended = await run(row.instruction, steps=50)

    assert row.check(ended.state, ended.completed, ended.answer), (row.expect, ended)
