"""Finding things in an accessibility tree, as a person who looks at the screen would."""

from collections.abc import Collection, Iterator
from typing import Final

from gui_agents.decider.labels import short
from gui_agents.decider.simulated.names import variants
from gui_agents.domain.screen import Element, Observation

_NAMED_LOOSELY: Final = frozenset({"checkbox", "slider", "switch", "textbox"})
"""Roles that a part of their name is enough for, where it fits one thing only."""

_SHORTEST_PART: Final = 4


class Screen:
    """One observation, read."""

    def __init__(self, observation: Observation) -> None:
        children = () if observation.tree is None else observation.tree.children
        self.windows = sorted(
            (element for element in children if element.role == "window"), key=lambda window: "active" in window.states
        )
        """Open windows, the active one last."""
        self.window = next((window for window in self.windows if "active" in window.states), None)
        """The active window."""
        self.dialog = None if self.window is None else next(_matching(self.window, {"dialog"}), None)
        """The modal dialog of the active window."""
        self._scope = self.dialog or self.window
        self._bars = [element for element in children if element.role == "taskbar"]

    def is_active(self, app: str) -> bool:
        """Tell whether the app's window is the active one."""
        return self.window is not None and self.window.name == app

    def all(self, roles: Collection[str]) -> list[Element]:
        """Return everything of these roles in the dialog, or else in the active window."""
        return [] if self._scope is None else list(_matching(self._scope, roles))

    def find(self, roles: Collection[str], label: str, within: Element | None = None) -> Element | None:
        """Return what is meant by `label` among the roles, where input goes to now or `within`."""
        found = self.all(roles) if within is None else list(_matching(within, roles))
        names = [(short(element.name), element) for element in found]
        forms = list(variants(label))
        for form in forms:
            exact = next((element for name, element in names if name == form), None)
            if exact is not None:
                return exact
        for form in forms:
            if len(form) >= _SHORTEST_PART:
                fitting = [element for name, element in names if form in name and element.role in _NAMED_LOOSELY]
                if len(fitting) == 1:
                    return fitting[0]
        return None

    def same(self, element: Element) -> Element:
        """Return how an element of an earlier screen looks now; as it was, if it is gone."""
        return self.find({element.role}, element.name) or element

    def launcher(self, app: str) -> Element | None:
        """Return the taskbar's button for an app."""
        return next((button for bar in self._bars for button in bar.children if button.name == app), None)

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
