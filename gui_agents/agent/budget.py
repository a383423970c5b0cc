"""The limits of a task, and how to detect that it repeats itself."""

from decimal import Decimal
from typing import Final

import attrs

from gui_agents.agent.ledger import Ledger
from gui_agents.domain.actions import Action
from gui_agents.domain.lifecycle import Ending, FailureReason, TaskEvent
from gui_agents.domain.screen import Observation

STUCK_REPEATS: Final = 5


@attrs.frozen
class Budget:
    """The limits of one task, apart from its deadline."""

    steps: int
    tokens: int | None = None
    cost: Decimal | None = None

    def exceeded(self, ledger: Ledger) -> Ending | None:
        """Return how the task ends if `ledger` has reached a limit, else None."""
        if ledger.steps >= self.steps:
            return _failure(FailureReason.STEP_LIMIT, f"not done after {self.steps} steps, which is the limit")
        if self.tokens is not None and ledger.tokens >= self.tokens:
            return _failure(FailureReason.BUDGET, f"{ledger.tokens} tokens were used; the limit is {self.tokens}")
        if self.cost is not None and ledger.cost >= self.cost:
            return _failure(FailureReason.BUDGET, f"{ledger.cost} was spent; the limit is {self.cost}")
        return None


class Repetition:
    """Detects that the same action is repeated on the same screen."""

    def __init__(self) -> None:
        self._last: tuple[Action, Observation] | None = None
        self._count = 0

    def stuck(self, action: Action, observation: Observation) -> Ending | None:
        """Record one step. Return how the task ends if it is the fifth equal one in a row, else None."""
        last, self._last = self._last, (action, observation)
        if last is None or last[0] != action or last[1].fingerprint() != observation.fingerprint():
            self._count = 1
            return None
        self._count += 1
        if self._count < STUCK_REPEATS:
            return None
        return _failure(FailureReason.STUCK, f"{action.name} was repeated {self._count} times on an unchanged screen")


def _failure(reason: FailureReason, message: str) -> Ending:
    return Ending(event=TaskEvent.FAIL, reason=reason, message=f"{reason}: {message}")
