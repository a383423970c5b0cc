"""Attempts that failed: what an endpoint says in an error, whatever its shape, and whether to try again.

An error may come with an HTTP status, or in the clothes of an answer: status 200 and an error in the body. Both are
read here, for every protocol.
"""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

RETRIED_STATUS: Final = frozenset({408, 409, 429})
SERVER_FAULTS: Final = range(500, 600)
STATUSES: Final = range(100, 600)
MAX_SAID: Final = 10_000
"""Characters of an endpoint's message that are kept to look through them."""
MAX_DEPTH: Final = 6
"""How deep an error may wrap another one."""
MAX_PARTS: Final = 5
"""How many errors of a list are shown."""
WRAPPERS: Final = ("error", "errors", "message", "msg", "detail", "details", "status_msg", "error_msg", "error_message")
"""Where an error keeps its words, best first."""
CODES: Final = ("status_code", "code", "status", "http_code", "error_code", "type")
"""Where an error keeps its kind, best first."""
KINDS: Final[Mapping[str, HTTPStatus]] = {
    "rate": HTTPStatus.TOO_MANY_REQUESTS,
    "too many": HTTPStatus.TOO_MANY_REQUESTS,
    "throttl": HTTPStatus.TOO_MANY_REQUESTS,
    "resource_exhausted": HTTPStatus.TOO_MANY_REQUESTS,
    "overload": HTTPStatus.SERVICE_UNAVAILABLE,
    "unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "timeout": HTTPStatus.GATEWAY_TIMEOUT,
    "server_error": HTTPStatus.INTERNAL_SERVER_ERROR,
    "internal": HTTPStatus.INTERNAL_SERVER_ERROR,
    "api_error": HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""What the name of a kind of error holds -> the status that means the same."""


class FailedAttemptError(Exception):
    """One attempt failed; `problem` says how.

    A dialect raises it, best by `reported`, with the endpoint's own words; whoever calls the endpoint masks keys in
    them and says which endpoint it was. Raised by all others, `problem` may be shown to a user as it is.
    """

    def __init__(
        self,
        problem: str,
        *,
        retryable: bool,
        retry_after_seconds: float | None = None,
        rate_limited: bool = False,
        unbilled: bool = False,
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.retryable = retryable
        self.retry_after_seconds = retry_after_seconds
        """How long the endpoint asks to wait; None if it does not say."""
        self.rate_limited = rate_limited
        """Whether there were too many requests; then only time helps."""
        self.unbilled = unbilled
        """Whether it cost nothing for sure."""

    def told(self, problem: str) -> "FailedAttemptError":
        """Return the same failure in other words."""
        return FailedAttemptError(
            problem,
            retryable=self.retryable,
            retry_after_seconds=self.retry_after_seconds,
            rate_limited=self.rate_limited,
            unbilled=self.unbilled,
        )


def reported(said: str, status: int | None) -> FailedAttemptError:
    """Return the failure that an endpoint reports in the body of an answer; `status` is what HTTP would call it."""
    return FailedAttemptError(
        said,
        retryable=status is not None and is_retryable(status),
        rate_limited=status == HTTPStatus.TOO_MANY_REQUESTS,
        unbilled=status is not None,
    )


def is_retryable(status: int) -> bool:
    """Tell whether another attempt may succeed after this HTTP status."""
    return status in RETRIED_STATUS or status in SERVER_FAULTS


def said_in(body: Any) -> str:
    """Return the words of an error's body, whatever its shape; empty if it has none."""
    return "; ".join(dict.fromkeys(_words(body, MAX_DEPTH)))[:MAX_SAID]


def status_in(error: Any) -> int | None:
    """Return the HTTP status that an error in a body amounts to, or None if it does not say."""
    if not isinstance(error, Mapping):
        return None
    for name in CODES:
        status = _status(error.get(name))
        if status is not None:
            return status
    inner = error.get("error")
    return status_in(inner) if isinstance(inner, Mapping) and inner is not error else None


def _words(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        if value.strip():
            yield value.strip()
    elif depth > 0 and isinstance(value, Mapping):
        for name in WRAPPERS:
            found = list(_words(value.get(name), depth - 1))
            if found:
                yield from found
                return
    elif depth > 0 and isinstance(value, list):
        for part in value[:MAX_PARTS]:
            yield from _words(part, depth - 1)


def _status(code: Any) -> int | None:
    if isinstance(code, bool):
        return None
    if isinstance(code, str) and code.isascii() and code.isdigit() and len(code) == len("200"):
        code = int(code)
    if isinstance(code, int):
        return code if code in STATUSES else None
    kind = code.lower() if isinstance(code, str) else ""
    return next((int(status) for part, status in KINDS.items() if part in kind), None)
