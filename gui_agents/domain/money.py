"""Money: exact decimals, ISO codes of currencies and their symbols.

Money is never rounded. Prices and token counts are bounded when they are read, so every sum fits the precision of
`EXACT`. `EXACT` raises instead of rounding.
"""

from collections.abc import Mapping
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
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


SHOWN: Final = Context(prec=6)
"""The digits of an amount in words for people."""


def shown(amount: Decimal) -> str:
    """Return an amount for people, such as 0.0125: at most 6 digits, and no exponent."""
    text = f"{SHOWN.plus(amount):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def symbol(currency: str) -> str:
    """Return the symbol of an ISO code, such as $ for USD, or the code itself if there is no usual symbol."""
    return SYMBOLS.get(currency, currency)
