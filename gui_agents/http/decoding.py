"""JSON as models and endpoints write it."""

import json
from collections.abc import Mapping
from typing import Any, Final

MAX_DIGITS: Final = 18
MAX_COMMAS: Final = 3
"""How many commas before a closing bracket are left out."""
MAX_SPACE: Final = 100
"""Characters between such a comma and the bracket."""


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


def value_at(text: str, start: int) -> tuple[Any, int]:
    """Return the value that starts here, and where it ends; commas that stand too many at its ends are left out.

    Raises:
        JSONDecodeError: there is none.
        RecursionError: it is too deep.
    """
    left_out = 0
    while True:
        try:
            value, end = DECODER.raw_decode(text, start)
        except json.JSONDecodeError as error:
            comma = error.pos if text[error.pos : error.pos + 1] == "," else text.rfind(",", start, error.pos)
            behind = text[comma + 1 : comma + 1 + MAX_SPACE].lstrip()[:1] if comma >= 0 else ""
            if behind not in {"}", "]"} or left_out == MAX_COMMAS:
                raise
            text = text[:comma] + text[comma + 1 :]
            left_out += 1
        else:
            return value, end + left_out


def as_object(value: Any) -> Mapping[str, Any]:
    """Return an object as it is, and an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Return a list as it is, and an empty one for anything else."""
    return value if isinstance(value, list) else []
