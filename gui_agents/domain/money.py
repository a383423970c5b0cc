"""Money: exact decimals, ISO codes of currencies and their symbols.

Money is never rounded. Prices and token counts are bounded when they are read, so every sum fits the precision of
`EXACT`. `EXACT` raises instead of rounding.
"""

from collections.abc import Mapping
from decimal import Context, DivisionByZero, Inexact, InvalidOperation, Overflow
from typing import Final

USD: Final = "USD"


EXACT: Final = Context(prec=100, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])
"""The context for all calculations with money. A plain `+` has 28 digits, which one call at the bounds needs alone."""


SYMBOLS: Final[Mapping[str, str]] = {
    "USD": "$",
    "EUR": "€",
    "GBP": "£",
    "JPY": "¥",
    "CNY": "¥",
    "KRW": "₩",
    "INR": "₹",
}


def symbol(currency: str) -> str:
    """Return the symbol of an ISO code, such as $ for USD, or the code itself if there is no usual symbol."""
    return SYMBOLS.get(currency, currency)
