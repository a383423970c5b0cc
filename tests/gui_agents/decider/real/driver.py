"""Runs `builtin/rules` on a screen of `screens` to the end, without a service around them."""

import attrs

from gui_agents.decider import RulesModel
from gui_agents.domain.actions import (
    Action,
    ActionName,
    Click,
    Done,
    Drag,
    Fail,
    Key,
    Move,
    Navigate,
    OpenApp,
    Scroll,
    Type,
    Wait,
)
from gui_agents.domain.model import DecisionRequest, Remaining, Turn
from gui_agents.domain.sandbox import TransientSandboxError
from tests.fakes import CallBook
from tests.gui_agents.decider.real.screens import Screen

POINTING: frozenset[ActionName] = frozenset(each.name for each in (Click, Move, Drag, Scroll, Type, Key, Wait))
BROWSER = POINTING | {Navigate.name}
DESKTOP = POINTING | {OpenApp.name}


@attrs.frozen
class Run:
    """What one instruction led to."""

    completed: bool
    answer: str
    actions: tuple[Action, ...]


async def run(instruction: str, screen: Screen, *, steps: int = 150) -> Run:
    """Follow one instruction."""
    model, actions, calls = RulesModel(), [], CallBook()
    history: tuple[Turn, ...] = ()
    supported = BROWSER if screen.role == "browser" else DESKTOP
    for left in range(steps, 0, -1):
        request = DecisionRequest(instruction, screen.observe(), history, Remaining(left, 60.0), supported)
        (action,) = (await model.decide(request, calls)).actions
        actions.append(action)
        if isinstance(action, Done | Fail):
            return Run(isinstance(action, Done), action.message, tuple(actions))
        try:
            outcome = screen.act(action)
        except TransientSandboxError as error:
            outcome = f"error: {error}"
        history = (*history, Turn(instruction, action, "", outcome))
    raise AssertionError(f"{instruction[:200]!r} did not end within {steps} steps: {actions[-5:]}")
