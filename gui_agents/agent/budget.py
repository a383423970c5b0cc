"""The limits of a task."""

from decimal import Decimal

import attrs

from gui_agents.agent.ledger import Ledger
from gui_agents.domain.lifecycle import Ending, FailureReason, failure


@attrs.frozen
class Budget:
    """The limits of one task, apart from its deadline."""

    steps: int
    tokens: int | None = None
    cost: Decimal | None = None

    def exceeded(self, ledger: Ledger) -> Ending | None:
        """Return how the task ends if `ledger` has reached a limit, else None."""
        if ledger.steps >= self.steps:
            return failure(FailureReason.STEP_LIMIT, f"not done after {self.steps} steps, which is the limit")
        if self.tokens is not None and ledger.tokens >= self.tokens:
            return failure(FailureReason.BUDGET, f"{ledger.tokens} tokens were used; the limit is {self.tokens}")
        if self.cost is not None and ledger.cost >= self.cost:
            return failure(FailureReason.BUDGET, f"{ledger.cost} was spent; the limit is {self.cost}")
        return None
