"""Calls to Lybic that fail: what each status means, and whether the call may have had its effect."""

from collections.abc import Mapping
from enum import Enum, auto, unique
from http import HTTPStatus
from typing import Any, Final

import attrs

from gui_agents.domain.secret import Secret
from gui_agents.http.masking import masked

MAX_SAID: Final = 2000
"""Characters of an error's words that are looked at."""


@unique
class Trouble(Enum):
    """Kinds of failed calls."""

    ACCOUNT = auto()
    """The account is unknown, or may not do this."""
    MISSING = auto()
    """The thing that the path names does not exist."""
    REFUSED = auto()
    """Lybic does not do this, and will not."""
    LATER = auto()
    """Lybic does not do this now."""
    FAILED = auto()
    """Something at Lybic, or on the way, broke."""


@attrs.frozen
class _Meaning:
    trouble: Trouble
    advice: str = ""


MEANINGS: Final[Mapping[int, _Meaning]] = {
    HTTPStatus.UNAUTHORIZED: _Meaning(Trouble.ACCOUNT, "the key is not one of this organization"),
    HTTPStatus.PAYMENT_REQUIRED: _Meaning(Trouble.ACCOUNT, "the account has to be paid, or needs another plan"),
    HTTPStatus.FORBIDDEN: _Meaning(Trouble.ACCOUNT, "the account may not do this"),
    HTTPStatus.NOT_FOUND: _Meaning(Trouble.MISSING),
    HTTPStatus.REQUEST_TIMEOUT: _Meaning(Trouble.FAILED),
    HTTPStatus.CONFLICT: _Meaning(Trouble.LATER, "it is not ready for this"),
    HTTPStatus.GONE: _Meaning(Trouble.MISSING),
    HTTPStatus.LOCKED: _Meaning(Trouble.LATER, "it is locked"),
    HTTPStatus.TOO_EARLY: _Meaning(Trouble.LATER),
    HTTPStatus.TOO_MANY_REQUESTS: _Meaning(Trouble.LATER, "too many requests"),
}
REDIRECTED: Final = _Meaning(Trouble.REFUSED, "it wants to be called elsewhere, and redirects are not followed")
OTHER: Final = _Meaning(Trouble.REFUSED)
BROKEN: Final = _Meaning(Trouble.FAILED)


class FailedCallError(Exception):
    """One call to Lybic failed. The text says how; what Lybic said in it is masked."""

    def __init__(
        self, problem: str, trouble: Trouble, *, undone: bool, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(problem)
        self.trouble = trouble
        self.undone = undone
        """Whether the call surely had no effect."""
        self.retry_after_seconds = retry_after_seconds
        """How long Lybic asks to wait."""

    @property
    def passing(self) -> bool:
        """Whether another attempt may succeed."""
        return self.trouble in {Trouble.LATER, Trouble.FAILED}


def of_status(
    where: str, status: int, body: Any, key: Secret, retry_after_seconds: float | None = None
) -> FailedCallError:
    """Return the failure that an answer with a status other than success is; `body` is its decoded JSON."""
    meaning = _meaning(status)
    said = masked(_said(body), key)
    details = ": ".join(filter(None, (meaning.advice, said)))
    return FailedCallError(
        f"{where} answered {status}" + (f": {details}" if details else ""),
        meaning.trouble,
        undone=meaning.trouble is not Trouble.FAILED,
        retry_after_seconds=retry_after_seconds,
    )


def _meaning(status: int) -> _Meaning:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return BROKEN
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return REDIRECTED
    return MEANINGS.get(status, OTHER)


def _said(body: Any) -> str:
    """Return the words of an error: {"code": …, "message": …}, the message of a framework may be a list."""
    if not isinstance(body, dict):
        return ""
    message = body.get("message")
    parts = message if isinstance(message, list) else [message]
    words = "; ".join(part for part in parts[:5] if isinstance(part, str))
    code = body.get("code")
    return f"{words} ({code})"[:MAX_SAID] if isinstance(code, str) and code else words[:MAX_SAID]
