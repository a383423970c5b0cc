"""Findings, and data that remembers the lines that it was read from."""

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs
import yaml


@attrs.frozen(order=True)
class Finding:
    """Something wrong in a file."""

    path: str
    line: int
    """Counted from 1."""
    reason: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.reason}"


class Text(str):
    """A string that knows where it stands in its file."""

    __slots__ = ("line",)
    line: int
    """Where it begins, counted from 1; of a block, the line of its indicator."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # ten times faster, if it is
    """Reads YAML, and JSON, which is YAML as well."""


def _text(loader: Any, node: yaml.ScalarNode) -> Text:
    text = Text(loader.construct_scalar(node))
    text.line = node.start_mark.line + 1
    return text


_Loader.add_constructor("tag:yaml.org,2002:str", _text)


def read(path: Path) -> tuple[Any, list[Finding]]:
    """Read a YAML or JSON file, its strings as `Text`; a file that cannot be read is a finding."""
    try:
        return yaml.load(path.read_text("utf-8"), _Loader), []  # noqa: S506  (the loader is a SafeLoader)
    except OSError as error:
        return None, [Finding(str(path), 1, f"cannot be read: {error.strerror}")]
    except UnicodeDecodeError:
        return None, [Finding(str(path), 1, "is no UTF-8 text")]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        return None, [Finding(str(path), mark.line + 1 if mark else 1, f"is no valid YAML: {error}")]


def line_of(value: object, otherwise: int = 1) -> int:
    """Return the line on which `value` was read, or `otherwise` if it is no text."""
    return value.line if isinstance(value, Text) else otherwise


def suggestion(name: str, names: Iterable[str]) -> str:
    """Return the end of a reason, which asks whether the most similar one of `names` is meant, if one is similar."""
    close = difflib.get_close_matches(name, sorted(names), n=1)
    return f"; is {close[0]} meant?" if close else ""
