"""The `.env` file: its lines, and what `${NAME}` in them stands for.

`${NAME}` is the variable of the environment, else that of an earlier line; `${NAME:-DEFAULT}` has a default. In single
quotes a text stands for itself.
"""

import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import attrs
from dotenv.parser import parse_stream

from gui_agents.domain.errors import ConfigError

REFERENCE: Final = re.compile(r"\$\{(?P<name>[^{}:]*)(:-(?P<default>[^{}]*))?\}")
LARGEST_BYTES: Final = 256 * 2**10
"""Of the file; the library that splits it takes seconds for a megabyte."""
LITERAL: Final = re.compile(r"=[^\S\n]*'")


@attrs.frozen
class Line:
    """One variable of the file, or a line that is none."""

    number: int
    """Counted from 1."""
    name: str | None
    """None for a line that is no NAME=VALUE."""
    value: str | None = None
    """None for a name alone."""
    literal: bool = False
    """Whether `${` stands for itself."""


@attrs.frozen
class Dotenv:
    """What a file says."""

    values: Mapping[str, str]
    unresolved: Mapping[str, str]
    """The variables that refer to another one that is not set, with the other one's name."""
    lines: tuple[Line, ...] = ()


NO_FILE: Final = Dotenv({}, {})


def read(path: Path | None, environment: Mapping[str, str]) -> Dotenv:
    """Return what a file says in this environment; nothing if there is none.

    Raises:
        ConfigError: it cannot be read.
    """
    if path is None or not path.is_file():
        return NO_FILE
    try:
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            raise ConfigError([f"{path} has {size} bytes; {LARGEST_BYTES} are the most"])
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problem = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError([f"{path} cannot be read: {problem}"]) from error
    lines = tuple(_lines(text))
    values: dict[str, str] = {}
    unresolved: dict[str, str] = {}
    for line in lines:
        if line.name is None or line.value is None:
            continue
        unresolved.pop(line.name, None)
        value, missing = (line.value, None) if line.literal else _resolved(line.value, {**values, **environment})
        values[line.name] = value
        if missing is not None:
            unresolved[line.name] = missing
    return Dotenv(values, unresolved, lines)


def _lines(text: str) -> Iterator[Line]:
    for binding in parse_stream(io.StringIO(text)):
        written = binding.original.string
        # Empty lines before a binding are counted as its own.
        number = binding.original.line + len(written) - len(written.lstrip("\r\n"))
        if binding.error:
            yield Line(number, None)
        elif binding.key is not None:
            yield Line(number, binding.key, binding.value, LITERAL.search(written) is not None)


def _resolved(text: str, known: Mapping[str, str]) -> tuple[str, str | None]:
    """Return a text without references, and the first name in it that is not known."""
    missing: list[str] = []

    def value_of(found: re.Match[str]) -> str:
        name, default = found["name"], found["default"]
        if name not in known and default is None:
            missing.append(name)
        return known.get(name, default or "")

    resolved = REFERENCE.sub(value_of, text)
    return resolved, missing[0] if missing else None
