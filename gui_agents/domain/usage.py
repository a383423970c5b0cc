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
    """Tokens, each of them once: input is what came from no cache."""

    INPUT = "input"
    CACHED_INPUT = "cached_input"
    OUTPUT = "output"


@attrs.frozen
class Usage:
    """The tokens of one call, as the endpoint reported them."""

    input_tokens: int
    """All of the prompt, cached tokens included."""
    cached_input_tokens: int
    """The part of `input_tokens` that came from a cache."""
    output_tokens: int

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.cached_input_tokens <= self.input_tokens or self.output_tokens < 0:
            raise ValueError(f"token counts cannot be negative, nor more cached than read: {self}")


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


@attrs.frozen
class Bill:
    """What one call to a model cost."""

    amount: Decimal
    """0 if the endpoint reported no usage."""
    currency: str | None
    """ISO code; None if the price of the model is not known."""
