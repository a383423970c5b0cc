"""A whole task on the simulated desktop, with its real pictures, by a model of each protocol with a computer tool."""

import re

import pytest

from gui_agents.domain.lifecycle import TaskEvent
from gui_agents.domain.model_settings import ModelSettings
from gui_agents.domain.secret import Secret
from gui_agents.domain.spec import Endpoint
from gui_agents.models.caller import CalledModel
from gui_agents.simulated.sandbox import SimulatedSandbox
from tests.gui_agents.agent.test_loop import Stage
from tests.gui_agents.models.contract.protocols import NATIVE
from tests.scripted_model import ScriptedModelServer


def middle_of(screen, name):
    """Return where the last screen says that something is, as a click."""
    x, y = re.findall(rf'^ *\S+ "{re.escape(name)}".*? at (\d+), (\d+)', screen, re.MULTILINE)[-1]
    return {"action": "click", "x": int(x), "y": int(y)}


@pytest.mark.parametrize("longest_side", [None, 640])
@pytest.mark.parametrize("spoken", NATIVE, ids=lambda spoken: str(spoken.wire))
async def test_a_sum_on_the_calculator(spoken, longest_side):
    def script(sent):
        screen = "\n".join(spoken.texts(sent))
        if sent.index == 0:
            return spoken.calls(middle_of(screen, "Calculator"), index=0)
        if sent.index == 1:
            keys = [middle_of(screen, key) for key in ("4", "+", "3", "=")]
            return spoken.calls(*keys, index=1)
        display = re.findall(r'"Display".*?= "(\d+)"', screen)[-1]
        return spoken.text(f"It is {display}.")

    settings = ModelSettings(protocol=spoken.wire, longest_side=longest_side)
    async with ScriptedModelServer(script, check=spoken.check) as server:
        endpoint = Endpoint(
            provider="x", model="m", base_url=server.base_url, api_key=Secret("k" * 20), settings=settings
        )
        model, sandbox = CalledModel(endpoint=endpoint), SimulatedSandbox()
        await sandbox.open()
        try:
            stage = Stage(model, sandbox, settings=settings)
            ending = await stage.run()
        finally:
            await model.close()
            await sandbox.close(destroy=True)
        assert server.refused == []
    assert (ending.event, ending.result) == (TaskEvent.COMPLETE, "It is 7.")
