"""Money: exact decimals, ISO codes of currencies and their symbols.

Money is never rounded: prices and token counts are bounded where they come in, so that every sum fits the precision
of `EXACT`, which raises instead of rounding.
"""

from collections.abc import Mapping
from decimal import Context, DivisionByZero, Inexact, InvalidOperation, Overflow
from typing import Final

USD: Final = "USD"


EXACT: Final = Context(prec=100, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])
"""What all money is calculated in: a plain `+` has 28 digits, which a call at the bounds of both fills alone."""


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
    """Return the symbol that people write for an ISO code, or the code itself where there is no usual one."""
    return SYMBOLS.get(currency, currency)
