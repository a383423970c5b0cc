"""Public prices from the `genai-prices` package, if it is installed.

The package carries its prices with it; nothing is fetched. Which model a name stands for is decided by the package's
own rules for the provider. A model that charges for something else than text tokens alone, or that has no price for
one of the two directions, is unknown here, never free.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Final

from gui_agents.domain.price import Price, Rates

FIELDS: Final = ("input_mtok", "cache_read_mtok", "output_mtok", "cache_write_mtok", "cache_write_1h_mtok")
"""What the package calls our rates, in their order."""
IDS: Final[Mapping[str, str]] = {"gemini": "google", "xai": "x-ai"}
"""What the package calls our providers, where it does not spell them as we do."""


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
            Usage(input_tokens=0, output_tokens=0),
            model,
            provider_id=IDS.get(provider, provider),
            genai_request_timestamp=noon,
        )
    except LookupError:
        return None
    return _price(found.model_price)


def _price(listed: Any) -> Price | None:
    if listed.input_mtok is None or listed.output_mtok is None or any(_apart(listed)):
        return None
    base = _rates(listed, 0)
    tiers = (tier for name in FIELDS for tier in getattr(getattr(listed, name), "tiers", ()))
    starts = sorted({tier.start for tier in tiers})
    return Price(
        input=base.input,
        cached_input=base.cached_input,
        output=base.output,
        cache_write=base.cache_write,
        cache_write_hour=base.cache_write_hour,
        long_prompts=tuple((start, _rates(listed, start + 1)) for start in starts),
    )


def _apart(listed: Any) -> Iterator[bool]:
    """Yield whether the model charges for something that an answer's usage does not tell apart."""
    yield listed.requests_kcount is not None
    for name, usual in (("input_image_mtok", "input_mtok"), ("output_reasoning_mtok", "output_mtok")):
        apart = getattr(listed, name)
        yield apart is not None and apart != getattr(listed, usual)


def _rates(listed: Any, input_tokens: int) -> Rates:
    """Return the rates of a call of that many input tokens. What a cache has no price for costs what input does."""
    given, cached, output, written, written_hour = (_above(getattr(listed, name), input_tokens) for name in FIELDS)
    written = given if written is None else written
    return Rates(
        input=given,
        cached_input=given if cached is None else cached,
        output=output,
        cache_write=written,
        cache_write_hour=written if written_hour is None else written_hour,
    )


def _above(listed: Any, input_tokens: int) -> Any:
    """Return what applies to a call of that many input tokens: some prices have tiers, the others are one number."""
    if listed is None or isinstance(listed, Decimal):
        return listed
    price: Decimal = listed.base
    for tier in listed.tiers:
        if input_tokens > tier.start:
            price = tier.price
    return price
