"""JSON as models and endpoints write it."""

import json
from collections.abc import Mapping
from typing import Any, Final

MAX_DIGITS: Final = 18


def _integer(digits: str) -> float:
    """Read an integer; one that no action can mean becomes a float, infinity for the largest."""
    return int(digits) if len(digits) <= MAX_DIGITS else float(digits)


DECODER: Final = json.JSONDecoder(parse_int=_integer, strict=False)
"""Not strict: models write line feeds and tabs into strings as they are."""


def decode(text: str | bytes) -> Any:
    """Return the value of a JSON text, or None if it is no JSON."""
    try:
        return DECODER.decode(text.decode("utf-8-sig", "replace") if isinstance(text, bytes) else text.strip())
    except (ValueError, RecursionError):
        return None


def as_object(value: Any) -> Mapping[str, Any]:
    """Return an object as it is, and an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Return a list as it is, and an empty one for anything else."""
    return value if isinstance(value, list) else []
