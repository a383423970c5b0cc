"""How names are compared, whatever the world is: what a person writes, and what a screen says."""

import re
from typing import Final

_ARTICLE: Final = re.compile(r"(?:the|a|an|my|this|that|its) ", re.IGNORECASE)
_FILE_NAME: Final = re.compile(r"[^\s/\\]+\.[A-Za-z][A-Za-z0-9]{0,4}")
_LONGEST_SHOWN: Final = 80


def short(name: str) -> str:
    """Return the name's letters and digits, or a sign's own character."""
    letters = "".join(character for character in name.lower() if character.isalnum())
    return letters or name.strip()


def without_article(label: str) -> str:
    """Return the label without a leading `the` and its like."""
    return _ARTICLE.sub("", label.strip(), count=1) if _ARTICLE.match(label.strip()) else label.strip()


def is_file_name(label: str) -> bool:
    """Tell whether it looks like a file's name."""
    return _FILE_NAME.fullmatch(label.strip()) is not None


def quoted(name: str) -> str:
    """Return the name in quotes, cut where it is long."""
    return f'"{name}"' if len(name) <= _LONGEST_SHOWN else f'"{name[:_LONGEST_SHOWN]}…"'
