"""What every model offers: it decides one action after the other, and reports each call that it made."""

from collections.abc import Callable
from enum import StrEnum, unique
from typing import Final, Protocol

import attrs

from gui_agents.domain.actions import Action, ActionName
from gui_agents.domain.errors import GuiAgentsError
from gui_agents.domain.screen import Observation
from gui_agents.domain.usage import ModelCall


@unique
class Provider(StrEnum):
    """The providers of models, as metrics and DEFAULT_MODEL spell them."""

    BUILTIN = "builtin"
    OPENAI = "openai"


BUILTIN_MODEL: Final = "builtin/rules"
"""The built-in decider: it follows simple instructions, and is no language model."""


@attrs.frozen
class Turn:
    """One past step, as a model is reminded of it."""

    instruction: str
    """The instruction that was being followed; it changes where a task continues another one."""
    action: Action | None
    """What was decided; None for an answer that was no action."""
    rationale: str
    outcome: str
    """What came of it, in a few words; for an invalid answer, what was wrong with it."""


@attrs.frozen
class Remaining:
    """What is left of a task's budget."""

    steps: int
    seconds: float


@attrs.frozen
class DecisionRequest:
    """Everything that a model decides from."""

    instruction: str
    observation: Observation
    history: tuple[Turn, ...]
    """Oldest first; the steps of a continued conversation come before the task's own."""
    remaining: Remaining
    supported: frozenset[ActionName]
    """The sandbox's actions; the terminal ones are always allowed."""


@attrs.frozen
class Decision:
    """One action, and why."""

    action: Action
    rationale: str
    """One sentence."""


Report = Callable[[ModelCall], None]
"""Called once for each call to a model, at the moment it ends, on the event loop."""


class Model(Protocol):
    """What decides a task's next action. One instance serves one task."""

    @property
    def provider(self) -> str:
        """One of the configured providers, as metrics spell it."""

    @property
    def takes_screenshots(self) -> bool:
        """Whether `decide` wants a screenshot in its observation."""

    async def decide(self, request: DecisionRequest, report: Report) -> Decision:
        """Return the next action.

        `report` is called for each call as it ends: also for those that failed, were retried or cancelled, and
        before this method returns or raises.

        Raises:
            InvalidActionError: the answer is no action here; the loop tells the model and asks again.
            ModelError: the model cannot decide.
        """

    async def close(self) -> None:
        """Release connections. A second call does nothing."""


class ModelError(GuiAgentsError):
    """A model cannot decide: it is out of reach, refuses, or answers nonsense again and again."""
