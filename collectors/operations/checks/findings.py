"""Findings, and data that remembers the lines that it was read from."""

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
    """A string that knows the line where it begins in its file."""

    __slots__ = ("block", "line")
    line: int
    """Counted from 1; of a block, the line of its indicator."""
    block: bool
    """Whether it is written as a literal block, so that its lines are lines of the file."""

    def line_of(self, token: str) -> int:
        """Return the line of the file on which `token` stands in this text; where it begins if it does not."""
        if not self.block or token not in self:
            return self.line
        return self.line + 1 + self[: self.index(token)].count("\n")


class _Loader(yaml.SafeLoader):
    """Reads YAML, and JSON, which is YAML as well."""


def _text(loader: _Loader, node: yaml.ScalarNode) -> Text:
    text = Text(loader.construct_scalar(node))
    text.line = node.start_mark.line + 1
    text.block = node.style == "|"
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
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return None, [Finding(str(path), line, f"is no valid YAML: {error.problem}")]


def line_of(value: object, otherwise: int = 1) -> int:
    """Return the line where `value` was read, or `otherwise` if it is no text."""
    return value.line if isinstance(value, Text) else otherwise
