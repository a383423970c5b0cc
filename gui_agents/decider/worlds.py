"""Which world a screen is of, and what speaks its language and works in it.

A world is the simulated desktop, whose apps are known by name, or a real desktop or browser, of which only the tree
is known.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final, Protocol

import attrs

from gui_agents.decider.grammar import Language
from gui_agents.decider.patterns import Deed, Step
from gui_agents.decider.real.language import RealLanguage
from gui_agents.decider.real.worker import Worker as RealWorker
from gui_agents.decider.simulated.language import SimulatedLanguage
from gui_agents.decider.simulated.worker import Worker as SimulatedWorker
from gui_agents.domain.actions import Action, ActionName
from gui_agents.domain.model import DecisionRequest
from gui_agents.domain.screen import Element

_TASKBAR: Final = "taskbar"
"""What only the simulated desktop has."""


class Worker(Protocol):
    """Carries out steps, one action at a time."""

    clause: str
    """The clause that is being carried out."""
    answers: list[str]
    """What the instruction asked to be told."""

    def look(self, request: DecisionRequest) -> None:
        """See what the screen shows now, and what came of the last action."""

    def work(self, steps: Sequence[Step]) -> Iterator[Action]:
        """Yield the actions for all steps.

        Raises:
            NotPossibleError: a step cannot be carried out here.
        """


@attrs.frozen
class World:
    """The words and the hands for screens of one kind."""

    language: Language
    worker: Callable[[Collection[ActionName]], Worker]
    """Takes the actions that the sandbox supports."""
    idle: Deed
    """The deed of a clause that asks for nothing."""


_SIMULATED: Final = World(SimulatedLanguage(), SimulatedWorker, SimulatedWorker.do_nothing)
_REAL: Final = World(RealLanguage(), RealWorker, RealWorker.do_nothing)


def world_of(tree: Element) -> World:
    """Return the world that an accessibility tree is of."""
    return _SIMULATED if any(child.role == _TASKBAR for child in tree.children) else _REAL
