"""The tokens that an answer reports.

Endpoints report the same counts under many names. `Counts` collects what one answer says; `usage_of` makes of it what
is billed, or None if that is not known.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs

from gui_agents.domain.usage import Usage

MAX_TOKENS: Final = 10**12
"""Above this, or below 0, a count is no count."""


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

    Where the total is more than prompt and output, the rest is output: some endpoints leave out the reasoning.
    Parts that are more than the whole count as the whole. If all counts are 0, nobody has counted.
    """
    prompt, output = counts.prompt, counts.output
    if counts.total is not None:
        if output is None and prompt is not None:
            output = counts.total - prompt
        elif prompt is None and output is not None:
            prompt = counts.total - output
        elif prompt is not None and output is not None:
            output = max(output, counts.total - prompt)
    if prompt is None or output is None or min(prompt, output) < 0 or prompt + output == 0:
        return None
    cached = min(counts.cached or 0, prompt)
    written = min(counts.cache_write or 0, prompt - cached)
    return Usage(prompt, cached, output, written, min(counts.cache_write_hour or 0, written))


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
