"""What a capture of a pattern can be: how it looks, and what it means. Those are here that every world has."""

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

import attrs

from gui_agents.decider.quotes import Quoted

Read = Callable[[str, Quoted], Any]
"""Takes a part of a clause, and returns the argument, or None where the part is not of this kind."""


@attrs.frozen
class Kind:
    """What a capture takes."""

    pattern: str
    read: Read = lambda raw, quoted: quoted.restore(raw)
    end: str = ":? "
    """What stands behind it."""


def meaning(read: Callable[[str], Any]) -> Read:
    """Return a reading of the text as it is meant."""
    return lambda raw, quoted: read(quoted.restore(raw))


def only_if(holds: Callable[[str], bool]) -> Read:
    """Return a reading of texts of which something holds."""
    return meaning(lambda text: text if holds(text) else None)


def any_of(names: Iterable[str]) -> str:
    """Return a pattern of these names."""
    return f"(?:{'|'.join(re.escape(name) for name in sorted(names, key=len, reverse=True))})"


def one_of(true: str, false: str) -> Kind:
    """Return a kind of words that mean yes, or no."""
    return Kind("|".join(f"{true} {false}".split()), meaning(lambda text: text.lower() in true.split()))


def _seconds(text: str) -> float:
    number = "".join(character for character in text if character in "0123456789.")
    return float(number or 1) / (1000 if re.search(r"\d ?m", text, re.IGNORECASE) else 1)


STATE: Final = one_of("on enabled", "off disabled")
CHECKING: Final = one_of("check tick mark", "uncheck untick unmark deselect unselect")
WAY: Final = one_of("up", "down")
END: Final = one_of("top start beginning", "bottom end")
TIMES: Final = Kind("double|triple", meaning(lambda text: {"double": 2, "triple": 3}[text.lower()]), end="[- ]?")
NUMBER: Final = Kind(r"\d{1,4}", meaning(int))
SECONDS: Final = Kind(
    r"(?:\d{1,6}(?:\.\d{1,6})?|a|one)(?: ?(?:ms|milliseconds?|s|secs?|seconds?|moment))?", meaning(_seconds)
)
