"""The tokens that an answer reports.

Endpoints report the same counts under many names. `Counts` collects what one answer says; `usage_of` makes of it what
is billed, or None if that is not known.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs

from gui_agents.domain.usage import Usage
from gui_agents.http.decoding import as_object

MAX_TOKENS: Final = 10**12
"""Above this, or below 0, a count is no count."""
CACHED: Final = (
    "cached_tokens",
    "cached_input_tokens",
    "cache_read_tokens",
    "cache_read_input_tokens",
    "num_cached_tokens",
)
CACHE_WRITE: Final = ("cache_write_tokens", "cache_creation_tokens", "cache_creation_input_tokens")


@attrs.frozen(kw_only=True)
class Counts:
    """What an answer reports; None for what it does not."""

    prompt: int | None
    """All of the prompt, what came from a cache and what was written to one included."""
    output: int | None
    total: int | None = None
    cached: int | None = None
    cache_write: int | None = None
    cache_write_hour: int | None = None
    """The part of `cache_write` that is kept for an hour."""


def usage_of(counts: Counts) -> Usage | None:
    """Return what was used, or None if it is not known.

    Some endpoints count the prompt without what concerns a cache, and some count the output without the reasoning.
    Where the total is more than prompt and output, the rest is output. No prompt is empty: one of 0 tokens was not
    counted. An output of 0 is only believed if the endpoint says so.
    """
    prompt, output, total = counts.prompt, counts.output, counts.total
    if not prompt and total is not None and output is not None:
        prompt = total - output
    if prompt is None or prompt < 0:
        return None
    cached, written = counts.cached or 0, counts.cache_write or 0
    apart = cached + written
    if apart > prompt or (output is not None and total == prompt + apart + output):
        prompt += apart
    if total is not None and total > prompt + (output or 0):
        output = total - prompt
    if not prompt or output is None:
        return None
    return Usage(prompt, cached, output, written, min(counts.cache_write_hour or 0, written))


def counted(usage: Usage | None) -> Usage | None:
    """Return the usage of an answer that holds something, or None if its output was not counted."""
    return usage if usage is not None and usage.output_tokens else None


def openai_usage(usage: Mapping[str, Any]) -> Usage | None:
    """Return the tokens in the `usage` of an OpenAI protocol, as the vendor and those that follow it spell them."""
    prompt = [as_object(usage.get(name)) for name in ("prompt_tokens_details", "input_tokens_details")]
    output = [as_object(usage.get(name)) for name in ("completion_tokens_details", "output_tokens_details")]
    written = largest((usage, ("completion_tokens", "output_tokens")))
    reasoning = largest(*((fields, ("reasoning_tokens",)) for fields in (usage, *output))) or 0
    if written is not None and reasoning > written:
        # More reasoning than there is output was not counted in it.
        written += reasoning
    lives = as_object(usage.get("cache_creation"))
    hour = count(lives.get("ephemeral_1h_input_tokens")) or 0
    minutes = count(lives.get("ephemeral_5m_input_tokens")) or 0
    return usage_of(
        Counts(
            prompt=largest((usage, ("prompt_tokens", "input_tokens"))),
            output=written,
            total=count(usage.get("total_tokens")),
            cached=largest((usage, ("prompt_cache_hit_tokens",)), *((fields, CACHED) for fields in (usage, *prompt))),
            cache_write=max(largest(*((fields, CACHE_WRITE) for fields in (usage, *prompt))) or 0, hour + minutes),
            cache_write_hour=hour,
        )
    )


def largest(*places: tuple[Mapping[str, Any], Iterable[str]]) -> int | None:
    """Return the largest of the counts with these names, or None if there is none: what one leaves out is 0 in it."""
    found = [count(fields.get(name)) for fields, names in places for name in names]
    return max((number for number in found if number is not None), default=None)


def count(value: Any) -> int | None:
    """Return a count of tokens, or None if the value is none."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 <= value <= MAX_TOKENS else None
