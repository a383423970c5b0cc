"""From an HTTP answer to a decision, or to the error that it amounts to, whatever the protocol."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import attrs

from gui_agents.domain.actions import InvalidActionError
from gui_agents.domain.model import Decision, DecisionRequest, ModelRefusedError
from gui_agents.domain.secret import Secret
from gui_agents.http.masking import MAX_READ, masked
from gui_agents.models.dialect import Dialect
from gui_agents.models.failures import (
    FailedAttemptError,
    bad_generation,
    error_in,
    is_final,
    is_retryable,
    refused_by_policy,
    said_in,
    status_in,
)
from gui_agents.models.retry import pause_in, pause_said
from gui_agents.models.unbilled import unbilled_body, unbilled_status

if TYPE_CHECKING:
    from gui_agents.http.client import Answer

MARKUP: Final = ("<", "\ufeff<")
WANTS_TLS: Final = "The plain HTTP request was sent to HTTPS port"
"""What nginx says on a page of its own."""
EVENTS: Final = ("data:", "event:", ":", "id:", "retry:")
"""How the lines of an event stream begin."""
JSON_BEGINS: Final = ("{", "[")
MOST_BYTES: Final = 4
"""Of a character."""


@attrs.frozen
class Reader:
    """Reads the answers of one endpoint; what it says is masked, and told with its address."""

    where: str
    """What errors call the endpoint."""
    key: Secret | None
    dialect: Dialect
    hidden: tuple[str, ...] = ()
    """Words of the operator's own headers that nobody is shown."""

    def decision(
        self,
        answer: "Answer",
        body: Any,
        request: DecisionRequest,
        retry_after_seconds: float | None,
        max_tokens: int | None = None,
    ) -> Decision:
        """Return what an answer decides; `body` is the decoded one, None if it is no JSON.

        `max_tokens` is the limit that was sent, None if the usual one was.

        Raises:
            InvalidActionError: it holds no action, or the endpoint could not read what the model wrote.
            FailedAttemptError: the endpoint refuses or fails, in whatever clothes.
            ModelRefusedError: the model, or a policy of its provider, refuses.
        """
        status = answer.status
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            pause = retry_after_seconds or pause_in(body)
            raise self._refusal(_words(answer.body, body), body, status, f"answered {status}", pause)
        if status != HTTPStatus.OK or body is None:
            raise self._no_answer(answer, body)
        error = error_in(body)
        if error is not None:
            pause = retry_after_seconds or pause_in(error)
            refusal = self._refusal(said_in(error), error, status_in(error), "reports an error", pause)
            raise _of_body(refusal, body)
        try:
            return self.dialect.read_decision(body, request, max_tokens)
        except FailedAttemptError as failed:
            failure = self._failure(failed.said, failed.status, "reports an error", retry_after_seconds)
            raise _of_body(failure, body) from None
        except ModelRefusedError as refused:
            raise self._refused(str(refused)) from None

    def _refusal(
        self, said: str, body: Any, status: int | None, how: str, retry_after_seconds: float | None
    ) -> Exception:
        """Return what an error of the endpoint amounts to."""
        written = bad_generation(body)
        if written is not None:
            problem = f"the endpoint could not read the answer: {masked(said, self.key, self.hidden)}"
            return InvalidActionError(problem, said=masked(written, self.key, self.hidden))
        if refused_by_policy(body):
            return self._refused(said)
        failure = self._failure(said, status, how, retry_after_seconds)
        if is_final(body):
            failure.retryable = failure.rate_limited = False
        return failure

    def _refused(self, said: str) -> ModelRefusedError:
        return ModelRefusedError(f"{self.where} refuses: {masked(said, self.key, self.hidden)}")

    def _failure(
        self, said: str, status: int | None, how: str, retry_after_seconds: float | None
    ) -> FailedAttemptError:
        shown = masked(said, self.key, self.hidden)
        return FailedAttemptError(
            f"{self.where} {how}" + (f": {shown}" if shown else ""),
            retryable=status is not None and is_retryable(status),
            retry_after_seconds=retry_after_seconds or pause_said(said),
            rate_limited=status == HTTPStatus.TOO_MANY_REQUESTS,
            unbilled=unbilled_status(status),
            status=status,
            said=said,
        )

    def _no_answer(self, answer: "Answer", body: Any) -> FailedAttemptError:
        """Return the failure that an answer without the JSON of its protocol is."""
        text = _beginning(answer.body)
        status, retryable = None, False
        unbilled = unbilled_status(answer.status) or text.startswith(MARKUP)
        if answer.status != HTTPStatus.OK:
            kind = f"answered {answer.status}, which is no answer of a model"
        elif not text:
            kind, retryable = "sent an empty answer", True
        elif text.startswith(MARKUP):
            kind = "sent a page and no JSON; the base URL may be wrong"
        elif text.startswith(EVENTS):
            kind = "sent a stream of events, which was not asked for"
        elif text.startswith(JSON_BEGINS):
            kind, retryable = "sent JSON that breaks off or is malformed", True
        else:
            kind, status = "sent no JSON", status_in(text)
            retryable = status is not None and is_retryable(status)
        said = _words(answer.body, body)
        shown = masked(said, self.key, self.hidden)
        return FailedAttemptError(
            f"{self.where} {kind}" + (f": {shown}" if shown else ""),
            retryable=retryable,
            retry_after_seconds=pause_said(said),
            rate_limited=status == HTTPStatus.TOO_MANY_REQUESTS,
            unbilled=unbilled,
            said=said,
        )


def _of_body(error: Exception, body: Any) -> Exception:
    """Return what the error in a body amounts to, with what is known of its bill."""
    if isinstance(error, FailedAttemptError) and unbilled_body(body):
        error.unbilled = True
    return error


def _words(raw: bytes, body: Any) -> str:
    """Return the words of an error's body, whatever its shape.

    Words that are no JSON are shown too. A page of HTML is not: it comes from something that is no model's endpoint,
    and is nothing to show to whoever named its address.
    """
    if body is not None:
        return said_in(body)
    text = _beginning(raw)
    if text.startswith(MARKUP):
        return f"{WANTS_TLS}; the base URL must begin with https://" if WANTS_TLS in text else ""
    return text


def _beginning(raw: bytes) -> str:
    """Return as much of a text as is read; one that is cut here is so long that `masked` sees that it was."""
    return raw[: MAX_READ * MOST_BYTES].decode("utf-8", "replace").strip()[:MAX_READ]
