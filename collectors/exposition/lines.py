"""Lines with numbers in them: what stands between the numbers is cut out once, and joined with new ones each time."""

from collections.abc import Iterable
from itertools import chain, repeat


def cut(text: str, before: str = "") -> tuple[list[str], str]:
    """Return what stands before each number of a rendered text, and what is left after the last one.

    `before` is what an earlier cut has left.
    """
    pieces = []
    for line in text.split("\n")[:-1]:
        if line.startswith("#"):
            before += f"{line}\n"
        else:
            pieces.append(before + line[: line.rindex(" ") + 1])
            before = "\n"
    return pieces, before


class Lines:
    """A text with a number, or another text, after each of its pieces."""

    def __init__(self, pieces: Iterable[str], after: str) -> None:
        self._parts = [*chain.from_iterable(zip(pieces, repeat(""))), after]

    def joined(self, texts: Iterable[str]) -> str:
        """Return the pieces, each with a text after it."""
        self._parts[1::2] = texts
        return "".join(self._parts)
