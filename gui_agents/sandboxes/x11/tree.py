"""A desktop's tree: its windows from the top, with what programs tell of them, and the apps that can be opened."""

from collections.abc import Iterator, Sequence
from typing import Final

import attrs

from gui_agents.domain.screen import PROTECTED, Bounds, Element
from gui_agents.sandboxes.x11.accessibility import Node, Program
from gui_agents.sandboxes.x11.roles import DIALOGS, LEFT_OUT, STATES, TEXT_ROLES, WORDS, Role, State
from gui_agents.sandboxes.x11.windows import Window

NOWHERE: Final = Bounds(0, 0, 0, 0)
HUNG: Final = "The program of this window does not answer."
MAYBE_HUNG: Final = "What is in this window is not known: its program may not answer."
CUT: Final = "More is here than this tree shows; scroll, or look at the picture."

CLOSE_BUTTON: Final = 16
"""Pixels of the close button's sides, at the right end of the window manager's title bar, and of their distance."""

_NAMED_BY_CONTENT: Final = frozenset(
    {"button", "checkbox", "radio", "tab", "menuitem", "menu", "listitem", "link", "row"}
)
"""What shows its name as a text in it, which says nothing more."""
_FIELDS: Final = frozenset({"textbox", "combobox", "slider"})
"""What often has a label in front of it, which says its name."""


def desktop(screen: Bounds, windows: Sequence[Window], programs: Sequence[Program], apps: Sequence[str]) -> Element:
    """Return the tree of a desktop; `windows` begins with the lowest one."""
    frames = [window.frame for window in windows]
    unmatched = list(windows)
    tops: list[tuple[int, Element]] = []
    for program in programs:
        for node in program.windows:
            if node is not None:
                window = _matching(node, unmatched)
                height = len(windows)
                if window is not None:
                    unmatched.remove(window)
                    height = windows.index(window)
                tops.append((height, _top(node, window, screen, frames[height + 1 :], hung=program.hung)))
    hung = any(program.hung for program in programs)
    for window in unmatched:
        height = windows.index(window)
        tops.append((height, _bare(window, screen, frames[height + 1 :], hung=hung)))
    tops.sort(key=lambda top: top[0], reverse=True)
    offered = tuple(Element("listitem", app, NOWHERE, states=frozenset({"offscreen"})) for app in apps)
    listed = Element("list", "Apps", NOWHERE, states=frozenset({"offscreen"}), children=offered)
    return Element("desktop", "Desktop", screen, children=(*(top for _, top in tops), listed))


def _matching(node: Node, windows: Sequence[Window]) -> Window | None:
    """Return the window that a program's node stands for: of the same title, and at the same place if it can be."""
    alike = [window for window in windows if window.title == _words(node.name)]
    placed = [window for window in alike or windows if window.bounds == node.bounds]
    return next(iter([*placed, *alike]), None)


def _top(node: Node, window: Window | None, screen: Bounds, above: Sequence[Bounds], *, hung: bool) -> Element:
    role = "dialog" if node.role in DIALOGS else WORDS.get(node.role, "window")
    children = tuple(_elements(node, screen, above))
    if window is None and node.role == Role.WINDOW and len(children) == 1:  # of a menu or a list that has opened
        return children[0]
    states = {STATES[state] for state in (State.MODAL,) if node.has(state)}
    bounds = _clipped(node.bounds or NOWHERE, screen)
    if window is not None:
        bounds = _clipped(window.frame, screen)
        states |= {"active"} if window.active else set()
        children = (*children, *_close_button(window, screen, above))
    if hung:
        children = (_note(HUNG), *children)
    return Element(role, _words(node.name), bounds, states=frozenset(states), children=children)


def _bare(window: Window, screen: Bounds, above: Sequence[Bounds], *, hung: bool) -> Element:
    states = frozenset({"active"}) if window.active else frozenset[str]()
    notes = [_note(MAYBE_HUNG)] if hung else []
    children = (*notes, *_close_button(window, screen, above))
    return Element("window", window.title, _clipped(window.frame, screen), states=states, children=children)


def _close_button(window: Window, screen: Bounds, above: Sequence[Bounds]) -> Iterator[Element]:
    frame = window.frame
    title_height = window.bounds.y - frame.y
    if title_height >= CLOSE_BUTTON:
        middle = title_height // 2
        place = Bounds(
            frame.x + frame.width - middle - CLOSE_BUTTON // 2,
            frame.y + middle - CLOSE_BUTTON // 2,
            *[CLOSE_BUTTON] * 2,
        )
        bounds = _clipped(place, screen)
        yield Element("button", "Close", bounds, states=frozenset(_offscreen(bounds, above)))


def _elements(node: Node, screen: Bounds, above: Sequence[Bounds]) -> Iterator[Element]:
    """Yield the elements below a node; what only arranges others gives way to them."""
    label = ""
    for child in node.children:
        if child is None or child.role in LEFT_OUT:
            continue
        below = tuple(_elements(child, screen, above))
        element = _element(child, screen, above, below)
        found = below if element is None else (element,)
        if found and found[0].role in _FIELDS and not found[0].name and label.endswith(":"):
            found = (attrs.evolve(found[0], name=label.removesuffix(":")), *found[1:])
        yield from found
        label = found[-1].name if found and found[-1].role == "text" else ""
    if node.cut:
        yield _note(CUT)


def _element(node: Node, screen: Bounds, above: Sequence[Bounds], below: tuple[Element, ...]) -> Element | None:
    """Return a node as an element, or None if it says nothing by itself."""
    name, role, value = _words(node.name), WORDS.get(node.role), _value(node)
    bounds = _clipped(node.bounds or NOWHERE, screen)
    if node.role in DIALOGS or role is None:  # the part of a dialog that another program could show by itself, or a box
        role = "group"
    if role in ("group", "tab") and (not name or bounds is NOWHERE):
        return None
    if role == "text":
        name, value = name or _words(value), ""
        if not name:
            return None
    if role in _NAMED_BY_CONTENT:
        name = name or " ".join(child.name for child in below if child.role == "text")
        below = tuple(child for child in below if child.role not in ("text", "image"))
    if role in _FIELDS:
        name = name.removesuffix(":")
    if role == "combobox":
        name, value = "", value or name
    if node.role == Role.PASSWORD:
        below = ()
    return Element(role, name, bounds, value, _states(node, role, bounds, above), below)


def _value(node: Node) -> str:
    if node.role == Role.PASSWORD:
        return ""
    if node.role in TEXT_ROLES and (node.text or node.value is None):
        return node.text
    return "" if node.value is None else f"{node.value:g}"


def _states(node: Node, role: str, bounds: Bounds, above: Sequence[Bounds]) -> frozenset[str]:
    states = {word for state, word in STATES.items() if node.has(state)} - {"active", "modal"}
    if role == "textbox":
        states |= {PROTECTED} if node.role == Role.PASSWORD else set()
        states |= set() if node.has(State.EDITABLE) else {"readonly"}
    else:
        states -= {"multiline", "readonly"}
    if not node.has(State.SENSITIVE):
        states.add("disabled")
    if node.role == Role.TOGGLE_BUTTON and "checked" in states:
        states = states - {"checked"} | {"pressed"}
    return frozenset(states | _offscreen(bounds, above))


def _offscreen(bounds: Bounds, above: Sequence[Bounds]) -> set[str]:
    covered = any(other.contains(*bounds.center) for other in above)
    return {"offscreen"} if covered or bounds is NOWHERE else set()


def _note(text: str) -> Element:
    return Element("text", text, NOWHERE)


def _words(name: str) -> str:
    return " ".join(name.split())


def _clipped(bounds: Bounds, screen: Bounds) -> Bounds:
    left, top = max(bounds.x, screen.x), max(bounds.y, screen.y)
    right = min(bounds.x + bounds.width, screen.x + screen.width)
    bottom = min(bounds.y + bounds.height, screen.y + screen.height)
    return Bounds(left, top, right - left, bottom - top) if right > left and bottom > top else NOWHERE
