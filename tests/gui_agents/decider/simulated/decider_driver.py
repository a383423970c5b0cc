"""Runs `builtin/rules` on a simulated desktop to the end, without a service around them."""

import attrs

from gui_agents.decider import RulesModel
from gui_agents.domain.actions import Action, Done, Fail
from gui_agents.domain.model import DecisionRequest, Remaining, Turn
from gui_agents.domain.sandbox import TransientSandboxError
from gui_agents.domain.usage import ModelCall
from gui_agents.simulated import DesktopState, SimulatedSandbox
from tests.fakes import CallBook


@attrs.frozen
class Run:
    """What one instruction led to."""

    completed: bool
    answer: str
    state: DesktopState
    actions: tuple[Action, ...]
    calls: tuple[ModelCall, ...]


async def run(
    instruction: str, *, sandbox: SimulatedSandbox | None = None, history: tuple[Turn, ...] = (), steps: int = 200
) -> Run:
    """Follow one instruction, on a fresh desktop unless one is given."""
    if sandbox is None:
        sandbox = SimulatedSandbox()
        await sandbox.open()
    model, actions, calls = RulesModel(), [], CallBook()
    for left in range(steps, 0, -1):
        observation = await sandbox.observe(screenshot=model.takes_screenshots)
        request = DecisionRequest(instruction, observation, history, Remaining(left, 60.0), sandbox.supported)
        decision = await model.decide(request, calls)
        actions.append(decision.actions[0])
        if isinstance(decision.actions[0], Done | Fail):
            completed = isinstance(decision.actions[0], Done)
            return Run(completed, decision.actions[0].message, sandbox.state(), tuple(actions), tuple(calls))
        try:
            outcome = await sandbox.act(decision.actions[0])
        except TransientSandboxError as error:
            outcome = str(error)
        history = (*history, Turn(instruction, decision.actions[0], decision.rationale, outcome))
    raise AssertionError(f"{instruction[:200]!r} did not end within {steps} steps: {actions[-5:]}")
