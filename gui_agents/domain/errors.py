"""The base of all errors that this service raises on purpose, and the refusals of a request.

GuiAgentsError
├── ConfigError                      the environment or a file of the operator is wrong
├── RefusedError                     a request is refused
│   ├── InvalidFieldError            a field of the request is wrong
│   ├── NotFoundError                the thing that the request names is unknown
│   ├── PreconditionError            known, but not usable now or here
│   ├── NotAllowedError              the operator has not allowed it
│   ├── QueueFullError               no place in the queue
│   ├── DayBudgetSpentError          this day's money is spent
│   ├── DrainingError                the service is shutting down
│   ├── StorageDownError             the storage cannot be written, or not be read, now
│   │   └── NotStoredError           so a new task was cancelled
│   ├── TooManyCallsError            there is no room for another call
│   ├── OversizedMessageError        the request is larger than the configured limit
│   └── UnauthenticatedError, MissingRoleError, QuotaExceededError   in `access`
├── IllegalTransitionError           in `lifecycle`
├── ModelError and its leaf          in `model`
├── BudgetExhaustedError             in `model`
├── StorageError, CursorError        in `storage`
├── SandboxError and its leaves      in `sandbox`
├── CertificateError                 in `certificates`
├── CredentialsError                 in `gui_agents.credentials`
└── CallError                        in `gui_agents.client`
"""

import math
from collections.abc import Sequence
from decimal import Decimal

from gui_agents.domain.money import shown


class GuiAgentsError(Exception):
    """Base of all errors of this package."""


class ConfigError(GuiAgentsError):
    """The configuration is wrong; `mistakes` holds one line for each mistake."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


class RefusedError(GuiAgentsError):
    """A request is refused. The text is for the client and says what to do."""


class InvalidFieldError(RefusedError):
    """`field` of the request is wrong, as `problem` says."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class NotFoundError(RefusedError):
    """No `kind`, such as a task, with this name is known."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"no {kind} {name!r:.80} is known")
        self.kind = kind
        self.name = name


class PreconditionError(RefusedError):
    """The request names something that is known but cannot be used now or here."""


class NotAllowedError(RefusedError):
    """The operator has not allowed this. The text names the variable that allows it."""


class QueueFullError(RefusedError):
    """The queue is full; `capacity` tasks are waiting."""

    def __init__(self, capacity: int) -> None:
        super().__init__(f"the queue is full ({capacity} tasks are waiting); try again later")
        self.capacity = capacity


class DayBudgetSpentError(RefusedError):
    """What is left of the day's `limit` is too little for any call to the model."""

    def __init__(self, limit: Decimal, unspent: Decimal, currency: str, next_day_seconds: float) -> None:
        super().__init__(
            f"DAILY_MAX_COST allows {shown(limit)} {currency} a day, and {shown(unspent)} is left: too little for a "
            f"call to this model; try again after midnight UTC, in {math.ceil(next_day_seconds)} seconds"
        )
        self.next_day_seconds = next_day_seconds


class DrainingError(RefusedError):
    """The service is shutting down: it accepts no task, and ends the streams of tasks that wait for its next start."""

    def __init__(self, what: str = "and accepts no new tasks") -> None:
        super().__init__(f"the service is shutting down {what}")


class StorageDownError(RefusedError):
    """The storage cannot be written now, so nothing is accepted; or not be read, and the answer is not in memory.

    `problem` is for the operator: it may name files and hosts.
    """

    def __init__(self, problem: str) -> None:
        super().__init__("the storage of tasks does not answer; try again later")
        self.problem = problem


class NotStoredError(StorageDownError):
    """A task could not be stored, and was cancelled before it began."""


class TooManyCallsError(RefusedError):
    """There is no room for another call; `what` says what there are `limit` of."""

    def __init__(self, limit: int, what: str) -> None:
        super().__init__(f"{limit} {what}, which is the limit; try again later")
        self.limit = limit


class OversizedMessageError(RefusedError):
    """A request of `size` bytes is larger than the `limit` in bytes."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"the request has {size} bytes; at most {limit} are accepted")
        self.size = size
        self.limit = limit
