"""What the screen says, in words for the answer of a task."""

from typing import Final

from gui_agents.decider.labels import without_article
from gui_agents.decider.real.hands import is_on
from gui_agents.decider.real.nouns import TEXT_FIELDS, TOGGLES
from gui_agents.decider.real.targets import plain, readings
from gui_agents.decider.real.view import Seen, View

_VALUED: Final = TEXT_FIELDS | {"combobox", "slider", "listbox"}
_MOST: Final = 5000
"""Characters of a page that are told."""


def answer(view: View, seen: Seen, label: str) -> str:
    """Return what an element shows: its value, its state, or its text; for `Total: 12`, asked for Total, 12."""
    if seen.role in TOGGLES | {"radio"}:
        return "on" if is_on(seen) else "off"
    if seen.role in _VALUED or seen.element.value:
        return seen.element.value
    text = _text_of(view, seen)
    before, colon, behind = text.partition(":")
    if colon and any(plain(before) == reading.name for reading in readings(label)):
        return behind.strip() or _text_behind(view, seen)
    is_label = seen.role == "text" and plain(text) == plain(without_article(label))
    return _text_behind(view, seen) or text if is_label else text


def labelled(view: View, label: str) -> Seen | None:
    """Return the text that begins with a label, such as `Total: 12`."""
    names = {reading.name for reading in readings(label) if not reading.within}
    texts = (seen for seen in view.all if seen.role == "text" and ":" in seen.element.name)
    return next((seen for seen in texts if plain(seen.element.name.partition(":")[0]) in names), None)


def page_text(view: View) -> str:
    """Return all that can be read in front, a line for each element."""
    lines: list[str] = []
    for seen in view.all:
        name = seen.element.name.strip()
        if seen.is_front and name and seen.element is not view.front and (not lines or lines[-1] != name):
            lines.append(name)
    return "\n".join(lines)[:_MOST]


def says(view: View, text: str) -> bool:
    """Tell whether some element has this text as a part of its name or value."""
    wanted = " ".join(text.split()).casefold()
    return bool(wanted) and any(
        wanted in " ".join(part.split()).casefold()
        for seen in view.all
        for part in (seen.element.name, seen.element.value)
        if part
    )


def _text_of(view: View, seen: Seen) -> str:
    """Return an element's name, or the texts inside of it."""
    inner = [each.element.name for each in view.within(seen) if each.role == "text" and each.element.name]
    joined = " ".join(dict.fromkeys(inner))
    return joined if joined and (not seen.element.name or seen.element.name in joined) else seen.element.name or joined


def _text_behind(view: View, seen: Seen) -> str:
    """Return the text that follows a label which stands alone."""
    following = (
        each for each in view.all[seen.order + 1 :] if each.element.name and each.element.name != seen.element.name
    )
    return next((each.element.value or each.element.name for each in following), "")
