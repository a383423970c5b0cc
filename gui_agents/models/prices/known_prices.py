"""Public prices from the `genai-prices` package, if it is installed.

The package carries its prices with it; nothing is fetched. Which model a name stands for is decided by the package's
own rules for the provider. A model that charges for something else than text tokens alone, or that has no price for
one of the two directions, is unknown here, never free.
"""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from gui_agents.models.prices.price import Price, Rates


def load() -> None:
    """Read the package's prices now: it takes half a second, which an event loop cannot spare. Any thread may call."""
    known_price("openai", "", datetime.now(UTC).date())


def known_price(provider: str, model: str, day: date) -> Price | None:
    """Return the model's price in US dollars on that day, or None if the package is missing or knows none."""
    try:
        # Imported here: it is optional, and slow; see `load`.
        from genai_prices import Usage, calc_price  # noqa: PLC0415
    except ImportError:
        return None
    noon = datetime.combine(day, time(12), tzinfo=UTC)
    try:
        found = calc_price(
            Usage(input_tokens=0, output_tokens=0), model, provider_id=provider, genai_request_timestamp=noon
        )
    except LookupError:
        return None
    return _price(found.model_price)


def _price(listed: Any) -> Price | None:
    given, output = listed.input_mtok, listed.output_mtok
    if given is None or output is None:
        return None
    cached = given if listed.cache_read_mtok is None else listed.cache_read_mtok
    parts = (given, cached, output)
    base = Rates(*(_above(part, 0) for part in parts))
    starts = sorted({tier.start for part in parts for tier in getattr(part, "tiers", ())})
    return Price(
        input=base.input,
        cached_input=base.cached_input,
        output=base.output,
        long_prompts=tuple((start, Rates(*(_above(part, start + 1) for part in parts))) for start in starts),
    )


def _above(listed: Any, input_tokens: int) -> Decimal:
    """Return what applies to a call of that many input tokens: some prices have tiers, the others are one number."""
    if isinstance(listed, Decimal):
        return listed
    price: Decimal = listed.base
    for tier in listed.tiers:
        if input_tokens > tier.start:
            price = tier.price
    return price
