"""The prices of all models: the operator's, else public ones, else unknown.

What nobody knows is None, and callers count that instead of adding nothing in silence.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol

from gui_agents.domain.model import Provider
from gui_agents.domain.money import USD
from gui_agents.domain.price import FREE, Price
from gui_agents.domain.providers import provider_row
from gui_agents.models.prices.known_prices import known_price
from gui_agents.models.prices.price_file import read_prices

REMEMBERED_PRICES: Final = 256
"""Looked-up models that stay in memory; a client may name any number of them."""

SHOWN_ENTRIES: Final = 5
"""Entries of the file that a warning names."""

KnownPrices = Callable[[str, str, date], Price | None]
"""A source of public prices: provider, model and day -> price, or None if it knows none."""


class PricedModels(Protocol):
    """Prices that the operator has named together with other settings of a model."""

    def price(self, provider: str, model: str) -> Price | None:
        """Return the price of a model, or None if none is named."""

    def prices(self) -> Mapping[str, Price]:
        """Return all of them."""


def _today() -> date:
    return datetime.now(UTC).date()


class PriceList:
    """The prices of all models that this service may call.

    The prices of `models` go first. `own` holds the operator's other prices by exact model name; they go before those
    of `known`. What `known` says is remembered for a day, because public prices change on dates.
    """

    def __init__(
        self,
        own: Mapping[str, Price],
        *,
        models: PricedModels | None = None,
        known: KnownPrices = known_price,
        today: Callable[[], date] = _today,
    ) -> None:
        self._models = models
        self._own = dict(own)
        self._known = lru_cache(maxsize=REMEMBERED_PRICES)(known)
        self._today = today

    @classmethod
    def load(cls, path: Path | None, models: PricedModels | None = None) -> "PriceList":
        """Read the operator's file, if there is one.

        Raises:
            ConfigError: with one line for each mistake in the file.
        """
        return cls({} if path is None else read_prices(path), models=models)

    def price(self, provider: str, model: str, *, public: bool = True) -> Price | None:
        """Return the model's price, or None if it is unknown.

        Whoever runs a server may name its models like a vendor's, so public prices hold at the vendor's own address
        alone. `public` says whether the model is there.
        """
        if provider == Provider.BUILTIN:
            return FREE
        named = None if self._models is None else self._models.price(provider, model)
        own = named or self._own.get(model)
        return self._known(provider, model, self._today()) if own is None and public else own

    def doubts(self, default_model: str) -> Iterator[str]:
        """Yield what the operator's file seems to mean and does not do; `default_model` is PROVIDER/NAME."""
        provider, _, default = default_model.partition("/")
        for name in self._own:
            prefix, slash, rest = name.partition("/")
            if slash and (prefix == Provider.BUILTIN or provider_row(prefix) is not None) and name != default:
                yield (
                    f"MODEL_PRICES_FILE: the entry {name!r:.100} begins with the name of a provider, and entries are "
                    f"matched with the name that is sent to the endpoint: write {rest!r:.100}, unless it is sent so"
                )
        if self._own and self.price(provider, default) is None:
            entries = ", ".join(f"{name!r:.60}" for name in list(self._own)[:SHOWN_ENTRIES])
            yield (
                f"MODEL_PRICES_FILE: no entry is the price of {default!r:.100}, the model of DEFAULT_MODEL, whose "
                f"price is unknown; the entries are {entries}{' and more' if len(self._own) > SHOWN_ENTRIES else ''}"
            )

    def currencies(self) -> frozenset[str]:
        """Return every currency that a cost can have: USD, and those of the operator's files."""
        named = () if self._models is None else self._models.prices().values()
        return frozenset({USD, *(price.currency for price in (*self._own.values(), *named))})
