"""What every model offers: it decides one action after the other, and reports each call that it made."""

from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum, unique
from typing import Protocol

import attrs

from gui_agents.agent.actions import Action, ActionName
from gui_agents.sandboxes.base import Observation


@unique
class CallOutcome(StrEnum):
    """How a call to a model ended, as metrics spell it."""

    OK = "ok"
    """An action came back."""
    ERROR = "error"
    """The endpoint refused or failed, or the call was given up because its task was cancelled."""
    TIMEOUT = "timeout"
    """No answer in time."""
    INVALID = "invalid"
    """An answer came back that is no action on this screen."""


@attrs.frozen
class Usage:
    """The tokens of one call, as the endpoint told them."""

    input_tokens: int
    """All of the prompt, cached tokens included."""
    cached_input_tokens: int
    """The part of `input_tokens` that came from a cache."""
    output_tokens: int

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.cached_input_tokens <= self.input_tokens or self.output_tokens < 0:
            raise ValueError(f"token counts cannot be negative, nor more cached than read: {self}")


@attrs.frozen
class ModelCall:
    """One call to a model, retries counted one by one."""

    provider: str
    """One of the configured providers."""
    model: str
    """The model's name, as prices list it."""
    outcome: CallOutcome
    usage: Usage | None
    """None where the endpoint told none."""
    duration_seconds: float
    """From the request to its end, on the monotonic clock."""


@attrs.frozen
class Bill:
    """What one call to a model cost."""

    amount: Decimal
    """0 where the call told no usage."""
    currency: str | None
    """ISO code; None where the model has no known price."""


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
