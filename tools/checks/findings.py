"""Findings, and data that remembers the lines that it was read from."""

import difflib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import attrs
import yaml

BLOCKS: Final = ("|", ">")
CHARACTER: Final = re.compile(r"(?P<blank>\s)|.")
ESCAPES: Final = {
    "'": re.compile(r"(?P<blank>\s)|''|."),
    '"': re.compile(r"(?P<blank>\s|\\[fnrtvLNP_\s])|\\x\w{2}|\\u\w{4}|\\U\w{8}|\\.|."),
}
"""How a character of a scalar is written, by the quotation mark around it."""


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

    __slots__ = ("line", "source")
    line: int
    """Where it begins, counted from 1; of a block, the line of its indicator."""
    source: str
    """How it is written there, with its quotation marks or the indicator of its block."""

    def line_at(self, offset: int) -> int:
        """Return the line of the file on which the character at `offset` stands.

        YAML folds lines and takes away indentation, but leaves what is between the blanks: as many characters stand
        before this one in the file as in the text.
        """
        style = self.source[:1]
        begin = self.source.find("\n") + 1 if style in BLOCKS else len(style) if style in ESCAPES else 0
        written = ESCAPES.get(style, CHARACTER).finditer(self.source, begin)
        places = [match.start() for match in written if not match["blank"]]
        before = sum(not character.isspace() for character in self[:offset])
        return self.line + self.source.count("\n", 0, places[before] if before < len(places) else begin)


class _Loader(yaml.SafeLoader):
    """Reads YAML, and JSON, which is YAML as well."""


def _text(loader: _Loader, node: yaml.ScalarNode) -> Text:
    text = Text(loader.construct_scalar(node))
    text.line = node.start_mark.line + 1
    text.source = loader.buffer[node.start_mark.index : node.end_mark.index]
    return text


_Loader.add_constructor("tag:yaml.org,2002:str", _text)


def read(path: Path) -> tuple[Any, list[Finding]]:
    """Read a YAML or JSON file, its strings as `Text`; a file that cannot be read is a finding."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        return None, [Finding(str(path), 1, f"cannot be read: {error.strerror}")]
    except UnicodeDecodeError:
        return None, [Finding(str(path), 1, "is no UTF-8 text")]
    try:
        return yaml.load(text, _Loader), []  # noqa: S506  (the loader is a SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return None, [Finding(str(path), line, f"is no valid YAML: {error.problem}")]
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return None, [Finding(str(path), line, f"is no valid YAML: {error.reason}")]


def line_of(value: object, otherwise: int = 1) -> int:
    """Return the line where `value` was read, or `otherwise` if it is no text."""
    return value.line if isinstance(value, Text) else otherwise


def suggestion(name: str, names: Iterable[str]) -> str:
    """Return the end of a reason, which asks whether the most similar one of `names` is meant, if one is similar."""
    close = difflib.get_close_matches(name, sorted(names), n=1)
    return f"; is {close[0]} meant?" if close else ""
