"""The one table from errors to gRPC statuses. Details distinguish statuses with the same code."""

import math
from collections.abc import Mapping
from typing import Final

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from gui_agents.domain.access import (
    REFUSING,
    AuthFailure,
    MissingRoleError,
    Quota,
    QuotaExceededError,
    UnauthenticatedError,
)
from gui_agents.domain.errors import (
    DayBudgetSpentError,
    DrainingError,
    InvalidFieldError,
    NotAllowedError,
    NotFoundError,
    NotStoredError,
    OversizedMessageError,
    PreconditionError,
    QueueFullError,
    RefusedError,
    StorageDownError,
    TooManyCallsError,
)
from gui_agents.domain.redaction import KNOWS_NO_KEYS

ERROR_DOMAIN: Final = "gui-agents"
RETRY_SECONDS: Final = 1
INTERNAL_TEXT: Final = "internal error; the service's log has the details"

_DETAILS_KEY: Final = "grpc-status-details-bin"

STATUSES: Final[Mapping[type[RefusedError] | AuthFailure | Quota, tuple[grpc.StatusCode, str]]] = {
    InvalidFieldError: (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"),
    NotFoundError: (grpc.StatusCode.NOT_FOUND, "NOT_FOUND"),
    PreconditionError: (grpc.StatusCode.FAILED_PRECONDITION, "PRECONDITION"),
    NotAllowedError: (grpc.StatusCode.PERMISSION_DENIED, "NOT_ALLOWED"),
    QueueFullError: (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL"),
    DayBudgetSpentError: (grpc.StatusCode.RESOURCE_EXHAUSTED, "DAY_BUDGET_SPENT"),
    TooManyCallsError: (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_CALLS"),
    OversizedMessageError: (grpc.StatusCode.RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE"),
    DrainingError: (grpc.StatusCode.UNAVAILABLE, "DRAINING"),
    StorageDownError: (grpc.StatusCode.UNAVAILABLE, "STORAGE_DOWN"),
    NotStoredError: (grpc.StatusCode.UNAVAILABLE, "STORAGE_DOWN"),
    MissingRoleError: (grpc.StatusCode.PERMISSION_DENIED, "MISSING_ROLE"),
    AuthFailure.MISSING: (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_MISSING"),
    AuthFailure.MALFORMED: (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_MALFORMED"),
    AuthFailure.UNKNOWN: (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_UNKNOWN"),
    AuthFailure.LIMITED: (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_WRONG_TOKENS"),
    **{quota: (grpc.StatusCode.RESOURCE_EXHAUSTED, f"QUOTA_{quota.upper()}") for quota in REFUSING},
}
"""The code of each refusal, and the reason in its details; some errors are told apart by what they are about."""


def code_and_reason(error: RefusedError) -> tuple[grpc.StatusCode, str]:
    """Return the code of a refusal, and the reason in its details."""
    if isinstance(error, UnauthenticatedError):
        return STATUSES[error.failure]
    return STATUSES[error.quota if isinstance(error, QuotaExceededError) else type(error)]


def status_of(error: RefusedError) -> status_pb2.Status:
    """Return the status of a refused request, with its details.

    A refusal quotes what is wrong, which may be a key that was written into the wrong field.
    """
    code, reason = code_and_reason(error)
    details: list[Message] = [error_details_pb2.ErrorInfo(reason=reason, domain=ERROR_DOMAIN)]
    if isinstance(error, InvalidFieldError):
        violation = error_details_pb2.BadRequest.FieldViolation(
            field=error.field, description=KNOWS_NO_KEYS.redacted(error.problem)
        )
        details.append(error_details_pb2.BadRequest(field_violations=[violation]))
    seconds = _retry_seconds(error)
    if seconds is not None:
        delay = duration_pb2.Duration(seconds=math.ceil(seconds))
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    message = KNOWS_NO_KEYS.redacted(str(error))
    return status_pb2.Status(code=code.value[0], message=message, details=[_packed(detail) for detail in details])


def _retry_seconds(error: RefusedError) -> float | None:
    """Return after how many seconds it may help to try again; None if it does not."""
    match error:
        case QueueFullError() | TooManyCallsError() | DrainingError() | StorageDownError():
            return RETRY_SECONDS
        case UnauthenticatedError(failure=AuthFailure.LIMITED):
            return RETRY_SECONDS
        case QuotaExceededError():
            return error.retry_seconds
        case DayBudgetSpentError():
            return error.next_day_seconds
        case _:
            return None


def refuse(context: grpc.aio.ServicerContext, error: RefusedError) -> None:
    """Give a call the status of a refusal; its handler then returns, whatever it returns.

    `context.abort` would raise an error that holds the call, and is held by it: thousands of refused calls would stay
    in memory until the next full garbage collection.
    """
    status = status_of(error)
    code, _ = code_and_reason(error)
    set_status(context, code, status.message)
    context.set_trailing_metadata(((_DETAILS_KEY, status.SerializeToString()),))


def set_status(context: grpc.aio.ServicerContext, code: grpc.StatusCode, text: str) -> None:
    """Give a call a status without details."""
    context.set_code(code)
    context.set_details(text)


def _packed(detail: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(detail)
    return packed
