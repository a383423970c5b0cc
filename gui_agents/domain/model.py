"""The protocol of models: a model decides one action after the other and reports each call that it makes."""

from collections.abc import Callable
from enum import StrEnum, unique
from typing import Any, Final, Protocol

import attrs

from gui_agents.domain.actions import Action, ActionName
from gui_agents.domain.errors import GuiAgentsError
from gui_agents.domain.model_settings import CoordinateSpace
from gui_agents.domain.screen import Observation, Picture
from gui_agents.domain.usage import CallBound, ModelCall


@unique
class Provider(StrEnum):
    """The providers of models, as metrics and DEFAULT_MODEL spell them; `domain.providers` has the row of each one."""

    BUILTIN = "builtin"
    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    GEMINI = "gemini"
    AZURE = "azure"
    OPENROUTER = "openrouter"
    VLLM = "vllm"
    DASHSCOPE = "dashscope"
    DOUBAO = "doubao"
    DEEPSEEK = "deepseek"
    SILICONFLOW = "siliconflow"
    MONICA = "monica"
    HUGGINGFACE = "huggingface"
    ZHIPU = "zhipu"
    GROQ = "groq"
    XAI = "xai"
    OLLAMA = "ollama"
    LMSTUDIO = "lmstudio"


BUILTIN_MODEL: Final = "builtin/rules"
"""The built-in decider: it follows simple instructions, and is no language model."""


@attrs.frozen
class Turn:
    """One past action, as a model is shown it. An answer with several actions makes as many turns, in order."""

    instruction: str
    """The instruction of that step. It differs from the current one if the task continues another task."""
    action: Action | None
    """What was decided; None for an invalid answer."""
    rationale: str
    outcome: str
    """The result in a few words; for an invalid answer, what was wrong."""
    said: str = ""
    """An invalid answer as it was, bounded."""
    picture: Picture | None = None
    """The screen as the model saw it when it decided this; only the last few turns have one, as its settings say. Of
    an answer with several actions the first turn has it.
    """

    def rewritten(self, rewrite: Callable[[str], str]) -> "Turn":
        """Return the turn with each of its texts rewritten; itself if that changes none."""
        changed = attrs.evolve(
            self,
            instruction=rewrite(self.instruction),
            action=None if self.action is None else _rewritten(self.action, rewrite),
            rationale=rewrite(self.rationale),
            outcome=rewrite(self.outcome),
            said=rewrite(self.said),
        )
        return self if changed == self else changed


def _rewritten(action: Action, rewrite: Callable[[str], str]) -> Action:
    values = {name: value for name, value in attrs.asdict(action, recurse=False).items() if type(value) is str}
    changes: dict[str, Any] = {name: rewrite(text) for name, text in values.items()}
    return attrs.evolve(action, **changes)


@attrs.frozen
class History:
    """The steps of a conversation, oldest first."""

    turns: tuple[Turn, ...] = ()
    text_bytes: int = 0
    """Of all texts in them."""


NO_HISTORY: Final = History()


@attrs.frozen
class Remaining:
    """What is left of a task's budget."""

    steps: int
    seconds: float


@attrs.frozen
class DecisionRequest:
    """Everything that a model needs for a decision."""

    instruction: str
    observation: Observation
    history: tuple[Turn, ...]
    """Past actions, oldest first. Those of a continued task come before the task's own."""
    remaining: Remaining
    supported: frozenset[ActionName]
    """The actions of the sandbox. Those that end the loop are always allowed."""
    coordinates: CoordinateSpace = CoordinateSpace.PIXELS
    """What the model's coordinates count; `gui_agents.pictures.coordinates` reads them and shows them."""
    note: str = ""
    """What the loop tells the model at this step only; it is shown with the screen."""


@attrs.frozen
class Decision:
    """One action or several, and why."""

    actions: tuple[Action, ...]
    """In the order in which they are carried out; at least one."""
    rationale: str
    """The reason, in one sentence."""


class Calls(Protocol):
    """What a model tells of each call that it makes, on the event loop."""

    async def reserve(self, bound: CallBound) -> int:
        """Set aside what the next call can cost at most, before it is made; it may have to wait for other calls.

        Returns the most output tokens that the call may ask for: `bound.output_tokens`, or fewer if the budget is
        nearly used up, but never fewer than `bound.least_output_tokens`. Each reservation is settled by one
        `model_called` before the next one. If this is cancelled or raises, nothing is reserved.

        Raises:
            BudgetExhaustedError: the budget has no room for it, and will not have.
        """

    def model_called(self, call: ModelCall) -> None:
        """Record a call that ended, however it ended, and settle its reservation if it has one."""


class Model(Protocol):
    """Decides the next action of a task. One instance serves one task."""

    @property
    def provider(self) -> str:
        """The provider, as metrics spell it."""

    @property
    def takes_screenshots(self) -> bool:
        """Whether `decide` needs a screenshot in the observation."""

    async def decide(self, request: DecisionRequest, calls: Calls) -> Decision:
        """Return the next action, or several that follow each other.

        `calls` is told of each call when it ends, before this method returns or raises. That includes calls that
        failed, were retried or were cancelled.

        Raises:
            InvalidActionError: the answer is not a valid action; the loop shows the model why and asks again.
            ModelError: the model cannot decide.
            BudgetExhaustedError: the next call has no room in the budget.
            ModelRefusedError: the model or its provider refuses the task.
        """

    async def close(self) -> None:
        """Release connections. A second call does nothing."""


class ModelError(GuiAgentsError):
    """A model cannot decide: it cannot be reached, refuses, or gives invalid answers several times in a row."""


class ModelRefusedError(ModelError):
    """The model, or a policy of its provider, refuses the task; asking again would not help. The text has its words."""


class BudgetExhaustedError(GuiAgentsError):
    """A call would cost more than a budget still has."""
