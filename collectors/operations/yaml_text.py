"""Plain data -> YAML text that a person likes to read and that is the same on every machine.

Long expressions stand in literal blocks, keys keep their order, and whatever could be read as something else than
text is quoted.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

PLAIN: Final = re.compile(r"[A-Za-z_/][A-Za-z0-9_ ./()=-]*[A-Za-z0-9_/)]|[A-Za-z_]|[0-9]+(ms|[smhd])")
"""Text that YAML cannot take for anything else, but for the words in RESERVED."""

RESERVED: Final = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
BLOCK_LINE: Final = re.compile(r"[\x20-\x7e]*[\x21-\x7e]")
"""A line that a literal block keeps as it is; of its first line the block also learns its indentation."""


def render(data: Any) -> str:
    """Write `data` (mappings, sequences, text, numbers, switches, None) as a YAML document."""
    return "\n".join(_lines(data)) + "\n"


def _lines(data: Any) -> Iterator[str]:
    if isinstance(data, Mapping) and data:
        for key, value in data.items():
            yield from _entry(f"{_scalar(key)}:", value)
    elif isinstance(data, Sequence) and not isinstance(data, str) and data:
        for item in data:
            yield from _item(item)
    else:
        yield _scalar(data)


def _entry(head: str, value: Any) -> Iterator[str]:
    if isinstance(value, str) and _is_block(value):
        yield f"{head} |-"
        yield from (f"  {line}" for line in value.split("\n"))
    elif isinstance(value, (Mapping, list, tuple)) and value:
        yield head
        yield from (f"  {line}" for line in _lines(value))
    else:
        yield f"{head} {_scalar(value)}"


def _item(item: Any) -> Iterator[str]:
    if isinstance(item, str) and _is_block(item):
        yield from _entry("-", item)
        return
    lines = _lines(item)
    yield f"- {next(lines)}"
    yield from (f"  {line}" for line in lines)


def _is_block(text: str) -> bool:
    return "\n" in text and not text.startswith(" ") and all(BLOCK_LINE.fullmatch(line) for line in text.split("\n"))


def _scalar(value: Any) -> str:
    if isinstance(value, str) and PLAIN.fullmatch(value) and value.lower() not in RESERVED:
        return value
    if isinstance(value, str) and '"' in value and "'" not in value and BLOCK_LINE.fullmatch(value):
        return f"'{value}'"
    return json.dumps(value, ensure_ascii=False)
