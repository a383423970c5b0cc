"""What a person calls a thing on the screen: a name, what kind of thing it is, which of several, and where."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

import attrs

from gui_agents.decider.labels import short, without_article
from gui_agents.decider.real.nouns import ANY, NOUNS, STRICTLY, Roles

_NOUN: Final = f"(?:{'|'.join(sorted(map(re.escape, NOUNS), key=len, reverse=True))})"
_NOUN_BEHIND: Final = re.compile(rf"(?: |^)({_NOUN})$", re.IGNORECASE)
_NOUN_BEFORE: Final = re.compile(
    rf"({_NOUN}) (?:(?:that is )?(?:named|called|labelled|labeled|titled)|for|of|next to|beside|saying|that says"
    r"|with the (?:text|label|name|title))? ?(?=\S)",
    re.IGNORECASE,
)
_ORDINALS: Final[Mapping[str, int]] = {
    word: number
    for number, words in enumerate(("first 1st", "second 2nd", "third 3rd", "fourth 4th", "fifth 5th", "sixth 6th"), 1)
    for word in words.split()
} | {"last": -1}
_PLACE: Final = re.compile(
    r" (?:in|inside|inside of|within|on|of|under|below|from|for|next to|at) (?:the |my )?(?=\S)", re.IGNORECASE
)
_PLACE_NOUN: Final = re.compile(
    r" (?:form|section|dialog|dialogue|window|group|box|panel|row|table|list|menu|toolbar|dropdown|field|area|page)$",
    re.IGNORECASE,
)
_PLACE_BEFORE: Final = re.compile(
    r"^(?:row|section|group|form|item|line|list) (?:of|for|with|named|called) ", re.IGNORECASE
)
_SHORTCUT: Final = re.compile(
    r" \(?(?:(?:(?:ctrl|control|alt|shift|super|meta|cmd)\+)++\S++|f\d{1,2}\)?|\(alt\+\S\))$", re.IGNORECASE
)
_MNEMONIC: Final = re.compile(r"(?<![^\W_])_(?=[^\W_])")
_REMARK: Final = re.compile(r" ?\((?:required|optional|\*)\)$", re.IGNORECASE)
_WORDS: Final = re.compile(r"[^\W_]+")
_LONGEST: Final = 200
"""Characters of a name that are compared; a longer one is a text that nobody calls a thing by."""
_MAX_PLACES: Final = 5


@attrs.frozen
class Target:
    """One reading of what a person called a thing."""

    name: str
    """In the form of `plain`; empty for any thing of these roles."""
    shown: str
    """As it was written."""
    roles: Roles = ANY
    ordinal: int = 0
    """1 for the first of several, -1 for the last, 0 if it was not said."""
    within: str = ""
    """The name of what it stands in; empty if it was not said."""


def readings(label: str) -> Iterator[Target]:
    """Yield what a label may mean, the most literal first; nothing for what is too long for a name."""
    text = without_article(" ".join(label.split()))
    if not text or len(text) > _LONGEST:
        return
    yield Target(plain(text), text)
    yield from _of_a_kind(text, "")
    for cut in list(_PLACE.finditer(text))[: -_MAX_PLACES - 1 : -1]:
        place = text[cut.end() :]
        yield from _named_in(text[: cut.start()], _PLACE_BEFORE.sub("", _PLACE_NOUN.sub("", place), count=1) or place)


def _named_in(text: str, place: str) -> Iterator[Target]:
    yield Target(plain(text), text, within=place)
    yield from _of_a_kind(text, place)


def _of_a_kind(text: str, place: str) -> Iterator[Target]:
    word, _, rest = text.partition(" ")
    ordinal = _ORDINALS.get(word.lower(), 0)
    bare_text = without_article(rest) if ordinal and rest else text
    if ordinal and rest:
        yield Target(plain(bare_text), bare_text, ANY, ordinal, place)
    behind = _NOUN_BEHIND.search(bare_text)
    if behind is not None:
        yield from _with_noun(bare_text[: behind.start()].strip(), behind[1], ordinal, place)
    before = _NOUN_BEFORE.match(bare_text)
    if before is not None:
        yield from _with_noun(without_article(bare_text[before.end() :]), before[1], ordinal, place)


def _with_noun(name: str, noun: str, ordinal: int, place: str) -> Iterator[Target]:
    wide = NOUNS[noun.lower()]
    strict = STRICTLY.get(noun.lower(), wide)
    yield Target(plain(name), name, strict, ordinal, place)
    if strict != wide and name and not ordinal:
        yield Target(plain(name), name, wide, ordinal, place)


@lru_cache(maxsize=16_384)
def plain(name: str) -> str:
    """Return the form in which names are equal: without marks, shortcuts, signs and spaces, in small letters."""
    return short(bare(name))


@lru_cache(maxsize=16_384)
def words(name: str) -> tuple[str, ...]:
    """Return the words of a name, in small letters."""
    return tuple(_WORDS.findall(bare(name).lower()))


def bare(name: str) -> str:
    """Return a name without what is no part of it: `_Save…   Ctrl+S`, `Email: *`, `Phone (optional)`."""
    text = " ".join(name[: _LONGEST + 1].split())
    text = _SHORTCUT.sub("", text, count=1)
    text = _REMARK.sub("", text.rstrip("*: "), count=1)
    stripped = _MNEMONIC.sub("", text.rstrip("*:… ").removesuffix("..."))
    return stripped if stripped.strip() else text or name.strip()
