"""How much memory a value takes, as far as clients and models decide it."""

from collections.abc import Mapping
from sys import getsizeof
from typing import Any

import attrs


def weight(value: Any) -> int:
    """Return the bytes of all texts in a value: strings, and mappings, sequences and attrs classes of them."""
    match value:
        case str():
            return getsizeof(value)
        case Mapping():
            return sum(weight(key) + weight(each) for key, each in value.items())
        case tuple() | list():
            return sum(map(weight, value))
        case _ if attrs.has(type(value)):
            return sum(weight(getattr(value, field.name)) for field in attrs.fields(type(value)))
        case _:
            return 0
