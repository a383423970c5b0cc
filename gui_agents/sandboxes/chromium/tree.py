"""What the script tells of a page's frames -> the accessibility tree of the browser. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from gui_agents.domain.screen import PROTECTED, Bounds, Element
from gui_agents.sandboxes.chromium.panels import Panel
from gui_agents.sandboxes.chromium.tab import Tab
from gui_agents.sandboxes.chromium.words import address

NOWHERE: Final = Bounds(0, 0, 0, 0)
MAX_FRAME_DEPTH: Final = 8
MORE: Final = "(the page has more elements than are listed here; scroll to see others)"
UNREAD: Final = "(what the page shows could not be read)"

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""
Place = tuple[float, float, float]
"""Of a frame on the screen: left, top, and by what it is enlarged."""
WHOLE: Final[Place] = (0.0, 0.0, 1.0)


def browser_tree(
    size: tuple[int, int],
    tabs: Sequence[Tab],
    shown: Tab,
    told: Mapping[str, Mapping[str, Any]] | None,
    panel: Panel | None,
) -> Element:
    """Return the tree of a browser: an open dialog or list, its tabs, and the document that is seen.

    `told` is what each frame shows, by its id; None if the page cannot be read.
    """
    screen = Bounds(0, 0, *size)
    root = (told or {}).get(shown.target_id)
    children = [] if panel is None else [panel.element()]
    title = shown.title if root is None else root["title"]
    for tab in tabs:
        states = frozenset({"selected"}) if tab is shown else frozenset[str]()
        children.append(Element("tab", title if tab is shown else tab.title, NOWHERE, address(tab.url)[:500], states))
    if root is None:
        content: tuple[Element, ...] = ()
        if panel is None or panel.over_page:
            content = (Element("text", UNREAD, NOWHERE),)
        children.append(Element("document", shown.title, screen, address(shown.url)[:500], frozenset(), content))
    else:
        box = (0.0, 0.0, float(size[0]), float(size[1]))
        content = tuple(_document(root, told or {}, box, WHOLE, 0))
        children.append(Element("document", root["title"], screen, address(shown.url)[:500], frozenset(), content))
    return Element("browser", title, screen, children=tuple(children))


def frame_places(told: Mapping[str, Mapping[str, Any]], root: str) -> dict[str, Place]:
    """Return where the frames of a page are on the screen: left, top, and by what they are enlarged."""
    places = {root: WHOLE}
    waiting = [root]
    while waiting and len(places) <= len(told):
        outer = waiting.pop()
        left, top, enlarged = places[outer]
        for _, frame_id, x, y, scale, _shown in _frame_nodes(told[outer]["nodes"]):
            if frame_id in told and frame_id not in places:
                places[frame_id] = (left + x * enlarged, top + y * enlarged, enlarged * scale)
                waiting.append(frame_id)
    return places


def _frame_nodes(nodes: Sequence[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    for node in nodes:
        if node[0] == "#frame":
            yield node
        else:
            yield from _frame_nodes(node[8])


def _document(
    document: Mapping[str, Any],
    told: Mapping[str, Mapping[str, Any]],
    clip: Box,
    place: Place,
    depth: int,
) -> Iterator[Element]:
    for node in document["nodes"]:
        yield from _elements(node, told, clip, place, depth)
    if document["truncated"]:
        yield Element("text", MORE, NOWHERE)


def _elements(
    node: Sequence[Any],
    told: Mapping[str, Mapping[str, Any]],
    clip: Box,
    place: Place,
    depth: int,
) -> Iterator[Element]:
    if node[0] == "#frame":
        yield from _frame(node, told, clip, place, depth)
        return
    role, name, x, y, width, height, value, states, children = node
    if place == WHOLE:
        bounds = Bounds(x, y, width, height)
    else:
        bounds = _clipped((x, y, x + width, y + height), clip, place)
        if not (bounds.width and bounds.height) and "offscreen" not in states:
            states = [*states, "offscreen"]
    below = tuple(each for child in children for each in _elements(child, told, clip, place, depth))
    if PROTECTED in states:
        value, below = "", ()
    yield Element(role, name, bounds, value, frozenset(states), below)


def _frame(
    node: Sequence[Any],
    told: Mapping[str, Mapping[str, Any]],
    clip: Box,
    place: Place,
    depth: int,
) -> Iterator[Element]:
    """Yield what a frame within a frame shows, moved to where it is on the screen."""
    _, frame_id, x, y, scale, shown = node
    document = told.get(frame_id)
    if document is None or depth >= MAX_FRAME_DEPTH:
        return
    left, top, outer = place
    inner = (left + x * outer, top + y * outer, outer * scale)
    box = (
        max(clip[0], left + shown[0] * outer),
        max(clip[1], top + shown[1] * outer),
        min(clip[2], left + shown[2] * outer),
        min(clip[3], top + shown[3] * outer),
    )
    yield from _document(document, told, box, inner, depth + 1)


def _clipped(box: Box, clip: Box, place: Place) -> Bounds:
    left, top, scale = place
    x0, x1 = (round(min(max(left + x * scale, clip[0]), max(clip[0], clip[2]))) for x in box[::2])
    y0, y1 = (round(min(max(top + y * scale, clip[1]), max(clip[1], clip[3]))) for y in box[1::2])
    return Bounds(x0, y0, max(0, x1 - x0), max(0, y1 - y0))
