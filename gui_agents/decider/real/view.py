"""One observation of a real screen, read: what is on it, in what order, what is in front, and what labels a field."""

from collections.abc import Iterator
from typing import Final

import attrs

from gui_agents.decider.real.nouns import TEXT_FIELDS
from gui_agents.decider.real.targets import plain
from gui_agents.domain.screen import Bounds, Element

_SURFACES: Final = frozenset({"window", "dialog"})
_POPUPS: Final = frozenset({"menu", "list"})
"""What stands beside windows and pages if it is open: a menu, or the list of a select."""
_PASSIVE: Final = frozenset({"text", "label", "paragraph"})
_FARTHEST_BESIDE: Final = 300
"""Pixels between a text and the field at its right that it labels."""
_FARTHEST_ABOVE: Final = 30
_OVERLAP: Final = -2
"""Pixels by which a text may reach into the field that it labels."""


@attrs.define(eq=False)
class Seen:
    """One element, and where it stands in its tree."""

    element: Element
    order: int
    """Its place among all, as the tree is read from top to bottom."""
    parent: "Seen | None"
    is_front: bool
    """Whether it is part of what input goes to."""

    @property
    def role(self) -> str:
        """The element's role."""
        return self.element.role

    @property
    def is_offscreen(self) -> bool:
        """Whether it must be scrolled into view before it can be clicked."""
        return "offscreen" in self.element.states

    @property
    def has_place(self) -> bool:
        """Whether there is a pixel of it to click."""
        return self.element.bounds.width > 0 < self.element.bounds.height

    def above(self) -> Iterator["Seen"]:
        """Yield what it stands in, from the inside to the outside."""
        holder = self.parent
        while holder is not None:
            yield holder
            holder = holder.parent


class View:
    """One observation, read."""

    def __init__(self, root: Element) -> None:
        self.root = root
        self.is_browser = self.root.role == "browser"
        self.modal = _modal(self.root)
        """What must be answered first; None if nothing must."""
        self.front = self.modal or _front(self.root)
        """What input goes to: a dialog, the active window, or the page."""
        self.all: list[Seen] = []
        """Everything that can be acted on: with a modal dialog, only what is in it."""
        self._read(self.modal or self.root)
        self._labels: dict[Seen, str] | None = None
        self._plain: dict[Seen, str] | None = None
        self.found: dict[tuple[str, frozenset[str]], Seen | None] = {}
        """What was looked for already, by label and roles."""

    def _read(self, top: Element) -> None:
        waiting: list[tuple[Element, Seen | None, bool]] = [(top, None, top is self.front)]
        while waiting:
            element, parent, is_front = waiting.pop()
            seen = Seen(element, len(self.all), parent, is_front)
            self.all.append(seen)
            is_popup = parent is not None and parent.parent is None and element.role in _POPUPS and seen.has_place
            waiting.extend(
                (child, seen, is_front or is_popup or child is self.front) for child in reversed(element.children)
            )

    @property
    def windows(self) -> list[Element]:
        """The windows and dialogs of a desktop."""
        return [child for child in self.root.children if child.role in _SURFACES]

    @property
    def tabs(self) -> list[Element]:
        """The tabs of a browser, in order."""
        return [child for child in self.root.children if child.role == "tab"] if self.is_browser else []

    @property
    def document(self) -> Element | None:
        """The page that a browser shows."""
        return next((child for child in self.root.children if child.role == "document"), None)

    @property
    def dialog(self) -> Element | None:
        """The dialog in front, modal or not; the last one, if there are several."""
        if self.modal is not None:
            return self.modal
        if self.front.role == "dialog":
            return self.front
        found = [seen.element for seen in self.all if seen.is_front and seen.role == "dialog"]
        return found[-1] if found else None

    @property
    def focused(self) -> Seen | None:
        """What has the keyboard's focus."""
        found = [seen for seen in self.all if "focused" in seen.element.states]
        return next((seen for seen in reversed(found) if seen.is_front), found[-1] if found else None)

    @property
    def text_fields(self) -> list[Seen]:
        """What text can be typed into, in front."""
        return [
            seen
            for seen in self.all
            if seen.is_front and seen.role in TEXT_FIELDS and not seen.element.states & {"disabled", "readonly"}
        ]

    @property
    def place(self) -> str:
        """What is in front, as a person calls it."""
        kind = {"document": "page"}.get(self.front.role, self.front.role)
        name = self.front.name or self.front.value
        return f'the {kind} "{name[:80]}"' if name else f"this {kind}"

    def is_surface(self, seen: Seen) -> bool:
        """Whether it is the whole of what is seen, or a tab of the browser: what only their own names mean."""
        return seen.parent is None or (seen.parent.parent is None and seen.role in {"document", "tab"})

    def label_of(self, seen: Seen) -> str:
        """Return the element's name, or if it has none, the text that stands where a label would."""
        return seen.element.name or self._texts_beside().get(seen, "")

    def plain_of(self, seen: Seen) -> str:
        """Return the element's label in the form in which names are compared; empty if it has none."""
        if self._plain is None:
            self._plain = {each: plain(label) if (label := self.label_of(each)) else "" for each in self.all}
        return self._plain[seen]

    def same(self, seen: Seen) -> Seen | None:
        """Return how an element of an earlier screen looks now, or None if it is gone."""
        alike = [now for now in self.all if now.role == seen.role and now.element.name == seen.element.name]
        if not alike:
            alike = [now for now in self.all if now.role == seen.role and now.element.bounds == seen.element.bounds]
        return min(alike, key=lambda now: (abs(now.order - seen.order), now.order), default=None)

    def within(self, seen: Seen) -> Iterator[Seen]:
        """Yield what stands inside of an element."""
        for inner in self.all[seen.order + 1 :]:
            if not any(holder is seen for holder in inner.above()):
                return
            yield inner

    def _texts_beside(self) -> dict[Seen, str]:
        if self._labels is None:
            texts = [seen for seen in self.all if seen.role in _PASSIVE and seen.element.name and seen.has_place]
            nameless = [
                seen for seen in self.all if not seen.element.name and seen.has_place and seen.role in _LABELLED
            ]
            self._labels = {
                seen: nearest.element.name
                for seen in nameless[:_MOST_NAMELESS]
                if (nearest := _labelling(seen, texts)) is not None
            }
        return self._labels


_LABELLED: Final = TEXT_FIELDS | {"combobox", "slider", "checkbox", "radio", "switch", "listbox"}
_LABELLED_AT_THE_RIGHT: Final = frozenset({"checkbox", "radio", "switch"})
_MOST_NAMELESS: Final = 50
"""Fields without a name whose labels are looked for: each is compared with every text."""


def _labelling(field: Seen, texts: list[Seen]) -> Seen | None:
    far = [(distance, text.order, text) for text in texts if (distance := _distance(field, text.element.bounds)) >= 0]
    return min(far)[2] if far else None


def _distance(field: Seen, text: Bounds) -> int:
    """Return how far a text is from the field that it may label, or -1 if it labels another thing."""
    box = field.element.bounds
    beside = box.y <= text.center[1] < box.y + box.height or text.y <= box.center[1] < text.y + text.height
    gap = text.x - box.x - box.width if field.role in _LABELLED_AT_THE_RIGHT else box.x - text.x - text.width
    if beside and _OVERLAP <= gap <= _FARTHEST_BESIDE:
        return max(gap, 0)
    drop = box.y - text.y - text.height
    over = text.x < box.x + box.width and box.x < text.x + text.width
    is_above = over and _OVERLAP <= drop <= _FARTHEST_ABOVE and field.role not in _LABELLED_AT_THE_RIGHT
    return max(drop, 0) + 1 if is_above else -1


def _modal(root: Element) -> Element | None:
    """Return the modal dialog that was opened last: a browser's own, a desktop's, or one that a page shows."""
    if root.role == "browser":
        for child in root.children:
            if child.role == "dialog":
                return child
    modal = [element for element in _surfaces(root) if "modal" in element.states]
    return next((element for element in reversed(modal) if "active" in element.states), modal[-1] if modal else None)


def _front(root: Element) -> Element:
    if root.role == "browser":
        return next((child for child in root.children if child.role == "document"), root)
    surfaces = [child for child in root.children if child.role in _SURFACES]
    return next((surface for surface in surfaces if "active" in surface.states), surfaces[0] if surfaces else root)


def _surfaces(root: Element) -> Iterator[Element]:
    waiting = [root]
    while waiting:
        element = waiting.pop()
        if element.role in _SURFACES:
            yield element
        waiting.extend(reversed(element.children))
