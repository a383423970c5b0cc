"""How much memory a value takes, as far as clients and models decide it."""

from collections.abc import Mapping
from functools import cache
from sys import getsizeof
from typing import Any

import attrs


def weight(value: Any) -> int:
    """Return the bytes of all texts in a value: strings, and mappings, sequences and attrs classes of them."""
    if isinstance(value, str):
        return getsizeof(value)
    names = _attributes(type(value))  # type: ignore[arg-type]  # mypy takes the type of Any for unhashable
    if names:
        return sum(weight(getattr(value, name)) for name in names)
    if isinstance(value, tuple | list):
        return sum(map(weight, value))
    if isinstance(value, Mapping):
        return sum(weight(key) + weight(each) for key, each in value.items())
    return 0


@cache
def _attributes(cls: type) -> tuple[str, ...]:
    """Return the names of an attrs class's attributes; none for another class."""
    return tuple(field.name for field in attrs.fields(cls)) if attrs.has(cls) else ()
