"""What differs between the protocols of models: the request's path, headers and body, and how an answer is read."""

from collections.abc import Mapping
from typing import Any, Protocol

from gui_agents.domain.model import Decision, DecisionRequest
from gui_agents.domain.secret import Secret
from gui_agents.domain.usage import Usage
from gui_agents.models.features import NOTHING, Lacking


class Dialect(Protocol):
    """One protocol, as one task speaks it to one model. It may keep what the protocol wants to see again."""

    @property
    def path(self) -> str:
        """The path below the endpoint's base URL."""

    def headers(self, key: Secret | None) -> Mapping[str, str]:
        """Return what identifies the caller, and what the protocol demands."""

    def question(self, request: DecisionRequest, lacking: Lacking = NOTHING) -> dict[str, Any]:
        """Return the body that asks for the next action, without what the endpoint is known to be `lacking`.

        It may be asked for more than once. It holds the largest number of tokens. `ModelSettings.extra_body` is added
        by whoever calls.
        """

    def read_usage(self, body: Any) -> Usage | None:
        """Return the tokens in an answer's body, or None if it does not report them."""

    def read_decision(self, body: Any, request: DecisionRequest, max_tokens: int | None = None) -> Decision:
        """Return what a successful answer decides; `max_tokens` is the limit that was sent, None if the usual one was.

        Raises:
            InvalidActionError: it holds nothing that this screen and this sandbox can take; `said` is the answer.
            FailedAttemptError: it is an error in the clothes of an answer; see `failures.reported`. Whoever calls names
                the endpoint and masks keys in the words. An object with `error` alone never gets here.
            ModelRefusedError: the model, or a policy of its provider, refuses; with its words as they were.
        """
