"""Carries out the steps of an instruction one after the other, whatever the hands are that do each of them."""

from collections.abc import Iterator, Sequence

from gui_agents.decider.patterns import Step
from gui_agents.domain.actions import Action


class Carrier:
    """Works through the steps of one instruction. A worker adds what an instruction can ask for."""

    clause = ""
    """The clause that is being carried out."""

    def work(self, steps: Sequence[Step]) -> Iterator[Action]:
        """Yield the actions for all steps.

        Raises:
            NotPossibleError: a step cannot be carried out here.
        """
        for step in steps:
            self.clause = step.clause
            for call in step.calls:
                yield from call.deed(self, **call.arguments)

    def do_nothing(self) -> Iterator[Action]:
        """Do nothing."""
        yield from ()
