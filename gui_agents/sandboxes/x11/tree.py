"""A desktop's tree: its windows from the top, with what programs tell of them, and the apps that can be opened."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from gui_agents.domain.screen import Bounds, Element
from gui_agents.sandboxes.x11.accessibility import Node, Program
from gui_agents.sandboxes.x11.roles import DIALOGS, LEFT_OUT, STATES, TEXT_ROLES, WORDS, Role, State
from gui_agents.sandboxes.x11.windows import Window

NOWHERE: Final = Bounds(0, 0, 0, 0)
HUNG: Final = "The program of this window does not answer."
CUT: Final = "More is here than this tree shows; scroll, or look at the picture."

_TOP_ROLES: Final = frozenset({*DIALOGS, Role.FRAME, Role.WINDOW})
_WITH_WORDS: Final = frozenset({"button", "checkbox", "radio", "tab", "menuitem", "menu"})
"""What shows its own name: a text of the same name in it says nothing more."""


def desktop(screen: Bounds, windows: Sequence[Window], programs: Iterable[Program], apps: Sequence[str]) -> Element:
    """Return the tree of a desktop; `windows` begins with the lowest one."""
    unmatched = list(windows)
    tops: list[tuple[int, Element]] = []
    for program in programs:
        for node in program.windows:
            if node is None:
                continue
            window = _matching(node, unmatched)
            if window is not None:
                unmatched.remove(window)
            above = [] if window is None else [other.frame for other in windows[windows.index(window) + 1 :]]
            height = len(windows) if window is None else windows.index(window)
            tops.append((height, _top(node, window, screen, above, hung=program.hung)))
    tops.extend((windows.index(window), _bare(window, screen)) for window in unmatched)
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
    if hung:
        children = (_note(HUNG), *children)
    states = {STATES[state] for state in (State.MODAL,) if node.has(state)}
    if window is None:
        bounds = _clipped(node.bounds or NOWHERE, screen)
        if node.role == Role.WINDOW and len(children) == 1:  # of a menu that has opened
            return children[0]
    else:
        bounds = _clipped(window.frame, screen)
        states |= {"active"} if window.active else set()
    return Element(role, _words(node.name), bounds, states=frozenset(states), children=children)


def _bare(window: Window, screen: Bounds) -> Element:
    states = frozenset({"active"}) if window.active else frozenset[str]()
    return Element("window", window.title, _clipped(window.frame, screen), states=states)


def _elements(node: Node, screen: Bounds, above: Sequence[Bounds]) -> Iterator[Element]:
    """Yield the elements below a node; what only arranges others gives way to them."""
    for child in node.children:
        if child is None or child.role in LEFT_OUT:
            continue
        below = tuple(_elements(child, screen, above))
        element = _element(child, screen, above, below)
        if element is None:
            yield from below
        else:
            yield element
    if node.cut:
        yield _note(CUT)


def _element(node: Node, screen: Bounds, above: Sequence[Bounds], below: tuple[Element, ...]) -> Element | None:
    name = _words(node.name)
    role = WORDS.get(node.role)
    if role is None:
        if not name:
            return None
        role = "group"
    if role == "text" and not name and not node.text.strip():
        return None
    if role in _WITH_WORDS:
        below = tuple(child for child in below if child.role not in ("text", "image"))
    value = _value(node)
    if node.role == Role.COMBO_BOX and not value:
        value = next((child.name for child in below if "selected" in child.states), "")
    if role == "text" and not name:
        name, value = value, ""
    bounds = _clipped(node.bounds or NOWHERE, screen)
    return Element(role, name, bounds, value, _states(node, bounds, above), below)


def _value(node: Node) -> str:
    if node.role == Role.PASSWORD:
        return ""
    if node.role in TEXT_ROLES and (node.text or node.value is None):
        return node.text
    return "" if node.value is None else f"{node.value:g}"


def _states(node: Node, bounds: Bounds, above: Sequence[Bounds]) -> frozenset[str]:
    states = {word for state, word in STATES.items() if node.has(state) and state is not State.ACTIVE}
    if not node.has(State.SENSITIVE):
        states.add("disabled")
    if node.role == Role.PASSWORD:
        states.add("protected")
    if node.role == Role.TOGGLE_BUTTON and node.has(State.CHECKED):
        states = states - {"checked"} | {"pressed"}
    if bounds.width <= 0 or bounds.height <= 0 or any(other.contains(*bounds.center) for other in above):
        states.add("offscreen")
    return frozenset(states)


def _note(text: str) -> Element:
    return Element("text", text, NOWHERE)


def _words(name: str) -> str:
    return " ".join(name.split())


def _clipped(bounds: Bounds, screen: Bounds) -> Bounds:
    left, top = max(bounds.x, screen.x), max(bounds.y, screen.y)
    right = min(bounds.x + bounds.width, screen.x + screen.width)
    bottom = min(bounds.y + bounds.height, screen.y + screen.height)
    return Bounds(left, top, right - left, bottom - top) if right > left and bottom > top else NOWHERE
