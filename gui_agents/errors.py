"""The errors that this service raises on purpose.

GuiAgentsError
├── ConfigError                      the environment or a file of the operator's is wrong
├── IllegalTransitionError           a task event that its status does not allow
├── RefusedError                     a request that is answered with a clear refusal
│   ├── InvalidFieldError            a field of the request is wrong
│   ├── NotFoundError                the thing that the request names is unknown
│   ├── PreconditionError            known, but not usable now or here
│   ├── NotAllowedError              the operator has not allowed it
│   ├── QueueFullError               no place in the queue
│   ├── DrainingError                the service is shutting down
│   └── OversizedMessageError        the request is larger than the configured limit
├── ModelError                       a model that cannot decide
├── CallError                        a client's call to a service that did not succeed
└── SandboxError                     a sandbox that cannot go on
    ├── UnsupportedActionError       it does not know this action
    ├── TransientSandboxError        this action failed; another may work
    └── SandboxGoneError             it no longer exists
"""

from collections.abc import Sequence


class GuiAgentsError(Exception):
    """Base of all errors of this package."""


class ConfigError(GuiAgentsError):
    """The configuration is wrong; `mistakes` holds one line for each mistake."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


class IllegalTransitionError(GuiAgentsError):
    """A task in `status` cannot take `event`."""

    def __init__(self, status: str, event: str) -> None:
        super().__init__(f"a {status} task cannot {event}")
        self.status = status
        self.event = event


class RefusedError(GuiAgentsError):
    """A request is refused; the text is for the client, and tells what to do."""


class InvalidFieldError(RefusedError):
    """`field` of the request is wrong, as `problem` says."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class NotFoundError(RefusedError):
    """No `kind` of this name is known."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"no {kind} {name!r:.80} is known")
        self.kind = kind
        self.name = name


class PreconditionError(RefusedError):
    """What the request names is known, but cannot be used now or here."""


class NotAllowedError(RefusedError):
    """The operator has not allowed this; the text names the variable that would."""


class QueueFullError(RefusedError):
    """The bounded queue has no place left."""

    def __init__(self, capacity: int) -> None:
        super().__init__(f"the queue is full ({capacity} tasks are waiting); try again later")
        self.capacity = capacity


class DrainingError(RefusedError):
    """The service is shutting down and accepts no new task."""

    def __init__(self) -> None:
        super().__init__("the service is shutting down and accepts no new tasks")


class OversizedMessageError(RefusedError):
    """A request message of `size` bytes is above the `limit` in bytes."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"the request has {size} bytes; at most {limit} are accepted")
        self.size = size
        self.limit = limit


class ModelError(GuiAgentsError):
    """A model cannot decide: it is out of reach, refuses, or answers nonsense again and again."""


class CallError(GuiAgentsError):
    """A call to the service at `address` ended with the gRPC status `code`; `facts` are its details, a line each."""

    def __init__(self, *, address: str, code: str, text: str, facts: Sequence[str] = ()) -> None:
        super().__init__(f"{code}: {text}")
        self.address = address
        self.code = code
        self.text = text
        self.facts = tuple(facts)


class SandboxError(GuiAgentsError):
    """A sandbox cannot be created, or broke."""


class UnsupportedActionError(SandboxError):
    """The sandbox does not know this action."""


class TransientSandboxError(SandboxError):
    """This action failed; the sandbox lives on, and another action may work."""


class SandboxGoneError(SandboxError):
    """The sandbox no longer exists."""
