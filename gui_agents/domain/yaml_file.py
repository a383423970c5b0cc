"""YAML files of the operator: read with bounds, and with no more than a line number in the errors.

Such a file may hold passwords and keys, which the text of a YAML error would quote.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from gui_agents.domain.errors import ConfigError
from gui_agents.domain.packages import install_command

MAX_CHARACTERS: Final = 256 * 1024
"""Of a file: three times as much as the most users of the metrics endpoint need."""
MAX_DEPTH: Final = 12
"""Of collections in each other; hundreds cost the parser seconds."""

Value = TypeVar("Value")


def read_yaml(path: Path, read: Callable[[Any, Any], Value], *, variable: str, extra: str) -> Value:
    """Return what `read` makes of the root node, or of None for an empty file, and of the loader.

    `variable` names the file in errors, and `extra` has the package that reads it.

    Raises:
        ConfigError: the file cannot be read, or is more than a file of settings may be; or `read` says so.
    """
    try:
        import yaml  # noqa: PLC0415 - optional
    except ImportError as error:
        raise ConfigError([f"{variable} needs {error.name}; run: {install_command(extra)}"]) from error
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(MAX_CHARACTERS + 1)
        if len(text) > MAX_CHARACTERS:
            raise ConfigError([f"{variable} {path}: is larger than {MAX_CHARACTERS >> 10} KiB"])
        depth = 0
        for event in yaml.parse(text, yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise ConfigError([f"{variable} {path}: nests too deep"])
            if isinstance(event, yaml.AliasEvent):
                raise ConfigError([f"{variable} {path}: has an alias (*{event.anchor:.40}); write the value out"])
        loader = yaml.SafeLoader(text)
        try:
            return read(loader.get_single_node(), loader)
        finally:
            loader.dispose()
    # Numbers, dates and escapes that the parser reads by itself, it does not check.
    except (OSError, ValueError, OverflowError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        place = "" if mark is None else f" in line {mark.line + 1}"
        reason = getattr(error, "strerror", None) or f"is no YAML in UTF-8{place}"
        raise ConfigError([f"{variable} {path}: {reason}"]) from error
