"""Attempts that failed: what an endpoint says in an error, whatever its shape, and whether to try again.

An error may come with an HTTP status, or in the clothes of an answer: status 200 and an error in the body. Both are
read here, for every protocol.
"""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

from gui_agents.http.decoding import decode

RETRIED_STATUS: Final = frozenset({408, 409, 425, 429, 498, 499})
"""498 is Groq's for too little capacity, 499 that of proxies whose own call was closed."""
SERVER_FAULTS: Final = range(500, 600)
STATUSES: Final = range(400, 600)
MAX_SAID: Final = 10_000
"""Characters of an endpoint's message that are kept to look through them."""
MAX_DEPTH: Final = 8
"""How deep an error may wrap another one."""
LIST_DEPTH: Final = 3
"""A list counts as so many wrappings, which bounds how many errors are looked at."""
MAX_CODE: Final = 6
"""Digits of a code that is a number."""
MAX_PARTS: Final = 5
"""How many errors of a list are shown."""
WRAPPERS: Final = (
    *("error", "errors", "message", "msg", "detail", "details", "status_msg", "error_msg", "error_message"),
    *("errmsg", "error_description", "description", "reason", "title"),
    *("errorMsg", "errorMessage", "errMsg", "statusMessage", "Message"),
)
"""Where an error keeps its words, best first."""
INNER: Final = ("error", "errors", "detail", "innererror", "base_resp")
"""Where an error keeps the one that it wraps."""
CODES: Final = (
    *("status_code", "statusCode", "code", "status", "http_code", "error_code", "errorCode", "errcode", "type"),
)
"""Where an error keeps its kind, best first."""
NUMBERS: Final[Mapping[int, HTTPStatus]] = {
    1000: HTTPStatus.INTERNAL_SERVER_ERROR,
    1001: HTTPStatus.GATEWAY_TIMEOUT,
    1002: HTTPStatus.TOO_MANY_REQUESTS,
    1004: HTTPStatus.UNAUTHORIZED,
    1008: HTTPStatus.PAYMENT_REQUIRED,
    1013: HTTPStatus.INTERNAL_SERVER_ERROR,
    1024: HTTPStatus.INTERNAL_SERVER_ERROR,
    1033: HTTPStatus.INTERNAL_SERVER_ERROR,
    1039: HTTPStatus.TOO_MANY_REQUESTS,
    1041: HTTPStatus.TOO_MANY_REQUESTS,
    1302: HTTPStatus.TOO_MANY_REQUESTS,
    1303: HTTPStatus.TOO_MANY_REQUESTS,
    1305: HTTPStatus.TOO_MANY_REQUESTS,
}
"""Codes of MiniMax (10..) and Zhipu (13..) -> the status that means the same."""
KINDS: Final[Mapping[str, HTTPStatus]] = {
    "rate_limit": HTTPStatus.TOO_MANY_REQUESTS,
    "rate limit": HTTPStatus.TOO_MANY_REQUESTS,
    "ratelimit": HTTPStatus.TOO_MANY_REQUESTS,
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
SAID: Final[Mapping[HTTPStatus, re.Pattern[str]]] = {
    HTTPStatus.TOO_MANY_REQUESTS: re.compile(
        r"rate[- _]?limit|too many requests|throttl|quota exceeded|requests per (?:second|minute)|请求过于频繁|限流"
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: re.compile(
        r"overloaded|temporarily|service (?:is )?unavailable|capacity|server (?:is )?busy|try again later|繁忙|稍后"
    ),
    HTTPStatus.GATEWAY_TIMEOUT: re.compile(r"gateway time-?out|upstream (?:request )?time(?:d )?-?out"),
    HTTPStatus.INTERNAL_SERVER_ERROR: re.compile(
        r"internal (?:server )?error|bad gateway|upstream (?:connect )?error|connection reset"
        r"|(?:upstream|status|code|http|error)[ :]{1,2}5[0-9][0-9](?![0-9])"
    ),
}
"""What the words of an error without a code hold -> the status that means the same."""
BAD_GENERATION: Final = frozenset({"tool_use_failed", "output_parse_failed", "json_validate_failed"})
"""Codes of errors that say that the model wrote what the endpoint cannot read."""
POLICY: Final = frozenset({"1301", "1026", "1027"})
"""Codes of Zhipu (1301) and MiniMax for content that is refused."""
POLICY_PARTS: Final = (
    "content_filter",
    "content_policy",
    "contentfilter",
    "datainspection",
    "data_inspection",
    "responsibleaipolicy",
    "safety",
    "prohibited",
    "sensitive",
    "moderation",
)
"""What codes of errors hold that say that content is refused."""
EXHAUSTED: Final = frozenset({"insufficient_quota", "billing_hard_limit_reached", "insufficient_balance", "1113"})
"""Codes of errors that come as rate limits and do not pass."""


class FailedAttemptError(Exception):
    """One attempt failed; `problem` says how.

    A dialect raises it by `reported`, with the endpoint's own words; whoever calls the endpoint masks keys in them and
    says which endpoint it was. Raised by all others, `problem` may be shown to a user as it is.
    """

    def __init__(
        self,
        problem: str,
        *,
        retryable: bool,
        retry_after_seconds: float | None = None,
        rate_limited: bool = False,
        unbilled: bool = False,
        status: int | None = None,
        said: str = "",
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
        self.status = status
        """What HTTP calls it; None if no answer came, or one that does not say."""
        self.said = said
        """The endpoint's words as they were, which nobody may see."""


def reported(said: str, status: int | None) -> FailedAttemptError:
    """Return the failure that an endpoint reports in the body of an answer; `status` is what HTTP would call it."""
    return FailedAttemptError(said, retryable=status is not None and is_retryable(status), status=status, said=said)


def is_retryable(status: int) -> bool:
    """Tell whether another attempt may succeed after this HTTP status."""
    return status in RETRIED_STATUS or status in SERVER_FAULTS


def error_in(body: Any) -> Any:
    """Return the error in a body that came with status 200, or None if it is an answer.

    That an answer has other fields than an error is for its dialect to see.
    """
    if not isinstance(body, Mapping):
        return None
    error = body.get("error")
    if error:
        return body
    base = body.get("base_resp")
    if isinstance(base, Mapping) and base.get("status_code"):
        return base
    return None


def bad_generation(body: Any) -> str | None:
    """Return what the model wrote if an error says that the endpoint could not read it; else None.

    Such an answer is the model's mistake, and the request was right.
    """
    for error in nested(body):
        written = error.get("failed_generation")
        if isinstance(written, str):
            return written
        if _code(error) in BAD_GENERATION:
            return ""
    return None


def refused_by_policy(body: Any) -> bool:
    """Tell whether an error says that a filter of the provider refuses the content."""
    return any(
        code in POLICY or any(part in code for part in POLICY_PARTS)
        for error in nested(body)
        for code in (_code(error), str(error.get("type", "")).lower(), str(error.get("status_code", "")))
    )


def is_final(body: Any) -> bool:
    """Tell whether an error says that no pause helps, whatever its status: the account has nothing left."""
    return any(_code(error) in EXHAUSTED for error in nested(body))


def said_in(body: Any) -> str:
    """Return the words of an error's body, whatever its shape; empty if it has none."""
    return "; ".join(dict.fromkeys(_words(body, MAX_DEPTH)))[:MAX_SAID]


def status_in(body: Any) -> int | None:
    """Return the HTTP status that an error in a body amounts to, or None if it does not say."""
    statuses = (_status(error.get(name)) for error in nested(body) for name in CODES)
    return next((status for status in statuses if status is not None), None) or _status_said(body)


def nested(body: Any) -> Iterator[Mapping[str, Any]]:
    """Yield an error and those that it wraps, from the outside in."""
    for _ in range(MAX_DEPTH):
        if isinstance(body, list) and body:
            body = body[0]
        if not isinstance(body, Mapping):
            return
        yield body
        body = next((body[name] for name in INNER if body.get(name)), None) or _relayed(body)


def _code(error: Mapping[str, Any]) -> str:
    code = error.get("code")
    return str(code).lower()[:100] if isinstance(code, str | int) else ""


def _relayed(error: Mapping[str, Any]) -> Any:
    """Return the error of whom a gateway asked; it may come as JSON in a string."""
    metadata = error.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, Mapping) else None
    return _decoded(raw) if isinstance(raw, str) else raw


def _decoded(words: str) -> Any:
    """Return the list or object that words are the JSON of; or None."""
    begins = words.lstrip()[:1] in {"{", "["}
    return decode(words) if begins and len(words) <= MAX_SAID else None


def _status_said(body: Any) -> int | None:
    words = said_in(body).lower()
    return next((int(status) for status, pattern in SAID.items() if pattern.search(words)), None)


def _words(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        found = list(_words(_decoded(value), depth - 1)) if depth > 0 else []
        if found or value.strip():
            yield from found or [value.strip()]
    elif depth > 0 and isinstance(value, Mapping):
        for name in WRAPPERS:
            found = list(_words(value.get(name), depth - 1))
            if found:
                yield from found
                break
        if isinstance(value.get("metadata"), Mapping):
            # A gateway's own words are few; those of whom it asked stand here.
            yield from _words(value["metadata"].get("raw"), depth - 1)
    elif depth > 0 and isinstance(value, list):
        for part in value[:MAX_PARTS]:
            yield from _words(part, depth - LIST_DEPTH)


def _status(code: Any) -> int | None:
    if isinstance(code, bool):
        return None
    if isinstance(code, str) and code.isascii() and code.isdigit() and len(code) <= MAX_CODE:
        code = int(code)
    if isinstance(code, int):
        return code if code in STATUSES else NUMBERS.get(code)
    kind = code.lower() if isinstance(code, str) else ""
    return next((int(status) for part, status in KINDS.items() if part in kind), None)
