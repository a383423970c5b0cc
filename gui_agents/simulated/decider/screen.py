"""Finding things in an accessibility tree, as a person who looks at the screen would."""

from collections.abc import Collection, Iterator
from typing import Final

from gui_agents.domain.screen import Element, Observation
from gui_agents.simulated.decider.names import short, variants

NAMED_LOOSELY: Final = frozenset({"checkbox", "slider", "switch", "textbox"})
"""Roles that a part of their name is enough for, where it fits one thing only."""

_SHORTEST_PART: Final = 4


class Screen:
    """One observation, read."""

    def __init__(self, observation: Observation) -> None:
        self._root = observation.tree
        self._children = () if self._root is None else self._root.children

    @property
    def windows(self) -> list[Element]:
        """Open windows, the active one last."""
        found = [element for element in self._children if element.role == "window"]
        return sorted(found, key=lambda window: "active" in window.states)

    @property
    def window(self) -> Element | None:
        """The active window."""
        return next((window for window in self.windows if "active" in window.states), None)

    @property
    def dialog(self) -> Element | None:
        """The modal dialog of the active window."""
        window = self.window
        return None if window is None else next(_matching(window, {"dialog"}), None)

    @property
    def scope(self) -> Element | None:
        """What takes input now: the dialog, or else the active window."""
        return self.dialog or self.window

    def is_active(self, app: str) -> bool:
        """Tell whether the app's window is the active one."""
        return self.window is not None and self.window.name == app

    def all(self, roles: Collection[str]) -> list[Element]:
        """Return everything of these roles in scope."""
        return [] if self.scope is None else list(_matching(self.scope, roles))

    def find(self, roles: Collection[str], label: str, within: Element | None = None) -> Element | None:
        """Return what is meant by `label` among the roles, in scope or `within`."""
        scope = within or self.scope
        if scope is None:
            return None
        candidates = list(_matching(scope, roles))
        names = [(short(candidate.name), candidate) for candidate in candidates]
        for form in variants(label):
            for name, candidate in names:
                if form == name:
                    return candidate
        return _by_part(names, label)

    def focused(self) -> Element | None:
        """Return the text box that keys go to."""
        return next((box for box in self.all({"textbox"}) if "focused" in box.states), None)

    def launcher(self, app: str) -> Element | None:
        """Return the taskbar's button for an app."""
        for bar in self._children:
            if bar.role == "taskbar":
                return next((button for button in bar.children if button.name == app), None)
        return None

    def list_of(self, item: Element) -> Element | None:
        """Return the list that holds an item."""
        return next((found for found in self.all({"list"}) if item in found.children), None)


def is_on(element: Element) -> bool:
    """Tell whether a switch, box or option is on."""
    return "checked" in element.states


def _matching(scope: Element, roles: Collection[str]) -> Iterator[Element]:
    for child in scope.children:
        if child.role in roles:
            yield child
        yield from _matching(child, roles)


def _by_part(names: list[tuple[str, Element]], label: str) -> Element | None:
    for form in variants(label):
        if len(form) >= _SHORTEST_PART:
            fitting = [element for name, element in names if form in name and element.role in NAMED_LOOSELY]
            if len(fitting) == 1:
                return fitting[0]
    return None
