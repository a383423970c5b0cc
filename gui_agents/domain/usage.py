"""What calls to models use and cost: tokens, outcomes, bills."""

from decimal import Decimal
from enum import StrEnum, unique

import attrs


@unique
class CallOutcome(StrEnum):
    """How a call to a model ended, as metrics spell it."""

    OK = "ok"
    """An action came back."""
    ERROR = "error"
    """The endpoint refused or failed, or the call was given up because its task was cancelled."""
    TIMEOUT = "timeout"
    """No answer in time."""
    INVALID = "invalid"
    """An answer came back that is no action on this screen."""


@unique
class TokenType(StrEnum):
    """Tokens, the cached ones among the input; the third is the sum of the other two."""

    INPUT = "input"
    OUTPUT = "output"
    TOTAL = "total"


@unique
class TokenDirection(StrEnum):
    """Tokens, each of them once: input is what neither came from a cache nor was written to one."""

    INPUT = "input"
    CACHED_INPUT = "cached_input"
    CACHE_WRITE = "cache_write"
    OUTPUT = "output"


@unique
class BudgetScope(StrEnum):
    """What a budget of money is for."""

    DAY = "day"
    """All tasks of the service together, on one UTC day."""
    TASK = "task"
    """Each task by itself."""


@attrs.frozen
class Usage:
    """The tokens of one call, as the endpoint reported them."""

    input_tokens: int
    """All of the prompt, cached tokens included."""
    cached_input_tokens: int
    """The part of `input_tokens` that came from a cache."""
    output_tokens: int
    """Everything that the model wrote, its reasoning included."""
    cache_write_tokens: int = 0
    """The part of `input_tokens` that was written to a cache; none of it came from one."""
    cache_write_hour_tokens: int = 0
    """The part of `cache_write_tokens` that is kept for an hour, which some providers bill apart."""

    def __attrs_post_init__(self) -> None:
        known = self.cached_input_tokens, self.output_tokens, self.cache_write_hour_tokens
        whole = self.cached_input_tokens + self.cache_write_tokens <= self.input_tokens
        if min(known) < 0 or self.cache_write_hour_tokens > self.cache_write_tokens or not whole:
            raise ValueError(f"token counts cannot be negative, nor a part larger than the whole: {self}")


@attrs.frozen
class ModelCall:
    """One call to a model, retries counted one by one."""

    provider: str
    """One of the configured providers."""
    model: str
    """The model's name, as prices list it."""
    outcome: CallOutcome
    usage: Usage | None
    """None if the endpoint reported none."""
    duration_seconds: float
    """From the request to its end, on the monotonic clock."""
    unbilled: bool = False
    """Whether nothing was billed for sure: the call never reached the endpoint, or was refused by it. What told its
    usage was billed, whatever this says.
    """
    kept: bool = False
    """Whether budgets keep its worst case even so: a gateway stopped waiting, and the model may have gone on."""

    @property
    def billed(self) -> bool:
        """Whether it may have been billed."""
        return self.usage is not None or not self.unbilled


def _output_tokens(bound: "CallBound") -> int:
    return bound.output_tokens


@attrs.frozen
class CallBound:
    """The most that one call to a model can use, known before it is made."""

    provider: str
    """One of the configured providers."""
    model: str
    """The model's name, as prices list it."""
    input_tokens: int
    """The most that its input can have."""
    output_tokens: int
    """The most that its answer may have, if the budgets have room for that many."""
    least_output_tokens: int = attrs.field(default=attrs.Factory(_output_tokens, takes_self=True))
    """The fewest with which it is still worth making; as many as `output_tokens` unless given."""


@attrs.frozen
class Bill:
    """What one call to a model cost."""

    amount: Decimal
    """0 if the endpoint reported no usage."""
    currency: str | None
    """ISO code; None if the price of the model is not known."""
