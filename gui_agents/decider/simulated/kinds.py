"""What the captures of a pattern can be on the simulated desktop: how each kind looks, and what it means."""

import re
from collections.abc import Mapping
from typing import Final

from gui_agents.decider import arithmetic, quotes
from gui_agents.decider.kind import (
    CHECKING,
    END,
    NUMBER,
    SECONDS,
    STATE,
    TIMES,
    WAY,
    Kind,
    any_of,
    meaning,
    one_of,
    only_if,
)
from gui_agents.decider.labels import is_file_name, without_article
from gui_agents.decider.quotes import Quoted
from gui_agents.decider.simulated.names import APP_NAMES, app_named, home_of, names_of

_TEXT_OF_A_FILE: Final = re.compile(r"(?:all )?(?:the )?(?:text|contents?|lines?) (?:of|in|from) .*", re.IGNORECASE)
_AT_THE_END: Final = re.compile(
    r"(?:.* )?(?:to|in|into|of|at|onto) (?:the |my )?(?:file |document )?(\S+?)(?::.*)?", re.IGNORECASE | re.DOTALL
)
_PRONOUNS: Final = frozenset({"it", "this", "that", "them"})


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


_WORD: Final = r"\S+?"
_LABEL: Final = r".+?"
_SHORT: Final = r".{1,40}?"
_TEXT: Final = r".+"
_ENTRIES: Final = names_of({"textbox", "radiogroup"}, "Contact Form")
_ENTRY: Final = any_of(_ENTRIES)

KINDS: Final[Mapping[str, Kind]] = {
    "word": Kind(_WORD),
    "name": Kind(_WORD, only_if(lambda text: text.lower() not in _PRONOUNS)),
    "file": Kind(_WORD, only_if(is_file_name)),
    "place": Kind(_WORD, only_if(_is_place)),
    "target": Kind(_WORD, only_if(_may_be_file)),
    "label": Kind(_LABEL),
    "readable": Kind(_LABEL, only_if(_is_readable)),
    "sum": Kind(_LABEL, meaning(arithmetic.signs)),
    "few": Kind(_SHORT),
    "thing": Kind(_SHORT, only_if(lambda text: home_of(text) is not None)),
    "text": Kind(_TEXT),
    "words": Kind(_TEXT, _words),
    "prose": Kind(_TEXT, _prose),
    "clause": Kind(_TEXT, lambda raw, _quoted: raw),
    "formula": Kind(_TEXT, lambda raw, _quoted: arithmetic.formula(raw)),
    "quoting": Kind(f"[^{quotes.STAND_IN[1:]}*{quotes.STAND_IN}.*"),
    "quote": Kind(quotes.STAND_IN),
    "app": Kind(rf"{any_of(APP_NAMES)}(?: app| application| window)?", meaning(app_named)),
    "entry": Kind(_ENTRY),
    "given": Kind(rf"{_ENTRY}(?: field)? ?[:=]", meaning(lambda text: text.rstrip(":= ")), end=" ?"),
    "field": Kind(any_of([*_ENTRIES, "note text", "volume"])),
    "slider": Kind(any_of(names_of({"slider"}, "Settings"))),
    "box": Kind(any_of(names_of({"checkbox"}, "Contact Form"))),
    "state": STATE,
    "enabling": one_of("enable activate", "disable deactivate"),
    "checking": CHECKING,
    "way": WAY,
    "end": END,
    "times": TIMES,
    "level": Kind(r"(?:\d{1,6}(?:\.\d+)?|max|maximum|full|minimum)(?: ?%| ?percent| per cent)?", meaning(_level)),
    "number": NUMBER,
    "seconds": SECONDS,
}
"""Every kind by its name. Those of several words are as short as they can be, but `text` and what follows it."""
