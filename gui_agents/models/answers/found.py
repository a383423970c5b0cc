"""What one answer of a model holds, before it is known to be a decision."""

from collections.abc import Mapping
from typing import Any, Final

import attrs

from gui_agents.domain.action_json import parse
from gui_agents.domain.actions import TERMINAL_ACTIONS, Action, InvalidActionError
from gui_agents.domain.model import Decision, DecisionRequest
from gui_agents.models.answers.rationale import encodable, sentence
from gui_agents.pictures.coordinates import View

MAX_ACTIONS: Final = 100
"""Of one answer, those included that are not carried out because there are too many."""
MAX_SAID: Final = 2000
"""Characters of an invalid answer that are shown back."""


@attrs.frozen
class Found:
    """The objects of an answer that should be actions, and the words around them."""

    answers: tuple[Mapping[str, Any], ...]
    words: str


def decision_of(found: Found, request: DecisionRequest) -> Decision:
    """Return what the objects decide, in their order; what follows the end of the task is left out.

    Raises:
        InvalidActionError: one of them is no action that this screen and this sandbox can take.
    """
    if len(found.answers) > MAX_ACTIONS:
        raise InvalidActionError(f"an answer may have at most {MAX_ACTIONS} actions")
    actions: list[Action] = []
    seen = request.observation
    view = View.of(seen, request.coordinates)
    for answer in found.answers:
        read = view.read(answer)
        actions.append(parse(read, width=seen.width, height=seen.height, supported=request.supported))
        if actions[-1].name in TERMINAL_ACTIONS:
            break
    return Decision(tuple(actions), sentence(found.words))


def shown_back(error: InvalidActionError, said: str) -> InvalidActionError:
    """Return the error with the answer as it was, for the model to see it again."""
    return InvalidActionError(error.problem, said=encodable(said[:MAX_SAID]))
