"""Exact amounts of money as text that sorts as the amounts do, for databases without exact decimals.

0003123.45 is 123.45: the digits before the point are counted first, so that amounts of any size are compared as text.
"""

from decimal import Decimal
from typing import Final

_WIDTH: Final = 4


def written(amount: Decimal) -> str:
    """Return an amount, which is not negative, as text."""
    whole, _, fraction = f"{amount:f}".partition(".")
    whole, fraction = whole.lstrip("0"), fraction.rstrip("0")
    return f"{len(whole):0{_WIDTH}}{whole}.{fraction or 0}"


def read(text: str) -> Decimal:
    """Return the amount that `written` has written."""
    return Decimal(text[_WIDTH:])
