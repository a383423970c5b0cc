"""What the captures of a pattern can be: how each kind looks, and what it means."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import attrs

from gui_agents.simulated.decider import arithmetic, quotes
from gui_agents.simulated.decider.names import APP_NAMES, app_named, home_of, is_file_name, names_of, without_article
from gui_agents.simulated.decider.quotes import Quoted

_TEXT_OF_A_FILE: Final = re.compile(r"(?:all )?(?:the )?(?:text|contents?|lines?) (?:of|in|from) .*", re.IGNORECASE)
_AT_THE_END: Final = re.compile(
    r"(?:.* )?(?:to|in|into|of|at|onto) (?:the |my )?(?:file |document )?(\S+?)(?::.*)?", re.IGNORECASE | re.DOTALL
)
_PRONOUNS: Final = frozenset({"it", "this", "that", "them"})

Read = Callable[[str, Quoted], Any]
"""Takes a part of a clause, and returns the argument, or None where the part is not of this kind."""


@attrs.frozen
class Kind:
    """What a capture takes."""

    pattern: str
    read: Read = lambda raw, quoted: quoted.restore(raw)
    end: str = ":? "
    """What stands behind it."""


def _meaning(read: Callable[[str], Any]) -> Read:
    return lambda raw, quoted: read(quoted.restore(raw))


def _if(holds: Callable[[str], bool]) -> Read:
    return _meaning(lambda text: text if holds(text) else None)


def _any_of(names: Iterable[str]) -> str:
    return f"(?:{'|'.join(re.escape(name) for name in sorted(names, key=len, reverse=True))})"


def _one_of(true: str, false: str) -> Kind:
    """Return a kind of words that mean yes, or no."""
    return Kind("|".join(f"{true} {false}".split()), _meaning(lambda text: text.lower() in true.split()))


def _words(raw: str, quoted: Quoted) -> str | None:
    """Return a text, unless it names the text of a file."""
    names_text = is_file_name(raw) or _TEXT_OF_A_FILE.fullmatch(raw) is not None
    return None if names_text else quoted.restore(raw)


def _prose(raw: str, quoted: Quoted) -> str | None:
    """Return a text, unless it ends with a place that it belongs to, and so is no text to write as it stands."""
    match = _AT_THE_END.fullmatch(raw)
    place = "" if match is None else quoted.restore(match[1])
    return None if is_file_name(place) or home_of(place) is not None else quoted.restore(raw)


def _is_place(text: str) -> bool:
    return is_file_name(text) or app_named(text) == "Notes"


def _may_be_file(text: str) -> bool:
    """Tell whether this is a place, or a name without an ending that may mean a file, too."""
    return _is_place(text) or not (home_of(text, buttons=True) or app_named(text))


def _is_readable(text: str) -> bool:
    return is_file_name(without_article(text)) or (home_of(text) is not None and app_named(text) is None)


def _level(text: str) -> str:
    number = re.sub(r" ?(?:%|percent|per cent)$", "", text.lower())
    return {"max": "100", "maximum": "100", "full": "100", "minimum": "0"}.get(number, number)


def _seconds(text: str) -> float:
    number = "".join(character for character in text if character in "0123456789.")
    return float(number or 1) / (1000 if re.search(r"\d ?m", text, re.IGNORECASE) else 1)


_WORD: Final = r"\S+?"
_LABEL: Final = r".+?"
_SHORT: Final = r".{1,40}?"
_TEXT: Final = r".+"
_ENTRIES: Final = names_of({"textbox", "radiogroup"}, "Contact Form")
_ENTRY: Final = _any_of(_ENTRIES)

KINDS: Final[Mapping[str, Kind]] = {
    "word": Kind(_WORD),
    "name": Kind(_WORD, _if(lambda text: text.lower() not in _PRONOUNS)),
    "file": Kind(_WORD, _if(is_file_name)),
    "place": Kind(_WORD, _if(_is_place)),
    "target": Kind(_WORD, _if(_may_be_file)),
    "label": Kind(_LABEL),
    "readable": Kind(_LABEL, _if(_is_readable)),
    "sum": Kind(_LABEL, _meaning(arithmetic.signs)),
    "few": Kind(_SHORT),
    "thing": Kind(_SHORT, _if(lambda text: home_of(text) is not None)),
    "text": Kind(_TEXT),
    "words": Kind(_TEXT, _words),
    "prose": Kind(_TEXT, _prose),
    "clause": Kind(_TEXT, lambda raw, _quoted: raw),
    "formula": Kind(_TEXT, lambda raw, _quoted: arithmetic.formula(raw)),
    "quoting": Kind(f"[^{quotes.STAND_IN[1:]}*{quotes.STAND_IN}.*"),
    "quote": Kind(quotes.STAND_IN),
    "app": Kind(rf"{_any_of(APP_NAMES)}(?: app| application| window)?", _meaning(app_named)),
    "entry": Kind(_ENTRY),
    "given": Kind(rf"{_ENTRY}(?: field)? ?[:=]", _meaning(lambda text: text.rstrip(":= ")), end=" ?"),
    "field": Kind(_any_of([*_ENTRIES, "note text", "volume"])),
    "slider": Kind(_any_of(names_of({"slider"}, "Settings"))),
    "box": Kind(_any_of(names_of({"checkbox"}, "Contact Form"))),
    "state": _one_of("on enabled", "off disabled"),
    "enabling": _one_of("enable activate", "disable deactivate"),
    "checking": _one_of("check tick mark", "uncheck untick unmark deselect unselect"),
    "way": _one_of("up", "down"),
    "end": _one_of("top start beginning", "bottom end"),
    "times": Kind("double|triple", _meaning(lambda text: {"double": 2, "triple": 3}[text.lower()]), end="[- ]?"),
    "level": Kind(r"(?:\d{1,6}(?:\.\d+)?|max|maximum|full|minimum)(?: ?%| ?percent| per cent)?", _meaning(_level)),
    "number": Kind(r"\d{1,4}", _meaning(int)),
    "seconds": Kind(
        r"(?:\d{1,6}(?:\.\d{1,6})?|a|one)(?: ?(?:ms|milliseconds?|s|secs?|seconds?|moment))?", _meaning(_seconds)
    ),
}
"""Every kind by its name. Those of several words are as short as they can be, but `text` and what follows it."""
