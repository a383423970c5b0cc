"""What the captures of a pattern can be on a real screen, of which no name is known beforehand."""

from collections.abc import Mapping
from typing import Final

from gui_agents.decider import arithmetic, quotes
from gui_agents.decider.kind import CHECKING, END, NUMBER, SECONDS, STATE, TIMES, WAY, Kind, meaning, only_if
from gui_agents.decider.labels import is_file_name
from gui_agents.decider.quotes import Quoted
from gui_agents.decider.real.browser_hands import is_address
from gui_agents.decider.real.worker import chord

_PRONOUNS: Final = frozenset({"it", "this", "that", "them", "everything", "all"})
_WORD: Final = r"\S+?"
_SHORT: Final = r".{1,60}?"
_TEXT: Final = r".+"


def _named(text: str) -> str | None:
    return text if text.lower() not in _PRONOUNS else None


def _sum(raw: str, _quoted: Quoted) -> str | None:
    return arithmetic.formula(raw)


KINDS: Final[Mapping[str, Kind]] = {
    "label": Kind(r".+?", meaning(_named)),
    "few": Kind(_SHORT, meaning(_named)),
    "file": Kind(_WORD, only_if(is_file_name)),
    "url": Kind(_WORD, only_if(is_address)),
    "given": Kind(r"[^:=]{1,60} ?[:=]", meaning(lambda text: text.rstrip(":= ")), end=" "),
    "word": Kind(_WORD),
    "text": Kind(_TEXT),
    "clause": Kind(_TEXT, lambda raw, _quoted: raw),
    "formula": Kind(_TEXT, _sum),
    "sum": Kind(r".+?", _sum),
    "quote": Kind(quotes.STAND_IN),
    "joint": Kind("into|in to|in|on|onto|to|as|for"),
    "key": Kind(r".{1,40}?", meaning(lambda text: chord(text.lower().replace(" + ", "+")))),
    "state": STATE,
    "checking": CHECKING,
    "way": WAY,
    "end": END,
    "times": TIMES,
    "number": NUMBER,
    "seconds": SECONDS,
}
"""Every kind by its name. Those of several words are as short as they can be, but `text` and what follows it."""
