"""What differs between the protocols of models: the request's path, headers and body, and how an answer is read."""

from collections.abc import Mapping
from typing import Any, Protocol

from gui_agents.domain.model import Decision, DecisionRequest
from gui_agents.domain.secret import Secret
from gui_agents.domain.usage import Usage


class Dialect(Protocol):
    """One protocol, as one task speaks it to one model. It may keep what the protocol wants to see again."""

    @property
    def path(self) -> str:
        """The path below the endpoint's base URL."""

    @property
    def token_field(self) -> str:
        """The field of the body that limits the tokens of the answer. The caller fills it in."""

    def headers(self, key: Secret | None) -> Mapping[str, str]:
        """Return what identifies the caller, and what the protocol demands."""

    def question(self, request: DecisionRequest) -> dict[str, Any]:
        """Return the body that asks for the next action, without the field that limits its tokens."""

    def read_usage(self, body: Any) -> Usage | None:
        """Return the tokens in an answer's body, or None if it does not report them."""

    def read_decision(self, body: Any, request: DecisionRequest) -> Decision:
        """Return what a successful answer decides.

        Raises:
            InvalidActionError: it holds nothing that this screen and this sandbox can take.
            FailedAttemptError: it is an error in the clothes of an answer.
            ModelRefusedError: the model, or a policy of its provider, refuses.
        """
