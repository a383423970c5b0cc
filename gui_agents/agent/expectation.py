"""Whether an action can be carried out on a screen, and whether a screen is still what a list of actions was made for.

A model that answers with several actions has seen the screen before the first one only. It expects what its own
actions do. It cannot expect a failure, another size of the screen, a dialog, or a window that came by itself.
Windows and dialogs are known by the accessibility tree; a sandbox without one can only tell failures and sizes.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Final

import attrs

from gui_agents.domain.actions import TERMINAL_ACTIONS, Action, ActionName
from gui_agents.domain.screen import Element, Observation

DIALOGS: Final = frozenset({"alertdialog", "dialog", "file chooser"})
WINDOWS: Final = frozenset({"frame", "window"})
MODAL: Final = "modal"
"""The state of whatever must be answered first."""
OPENING: Final = frozenset({ActionName.NAVIGATE, ActionName.OPEN_APP})
"""Actions whose effect is a window."""
MAX_ELEMENTS: Final = 5000
"""Of a tree that are looked at."""


def problem(action: Action, observation: Observation, supported: Collection[ActionName]) -> str | None:
    """Return why an action is not possible on this screen and in this sandbox; None if it is."""
    if action.name not in supported and action.name not in TERMINAL_ACTIONS:
        return f"{action.name} is no action of this sandbox"
    limits = {"x": observation.width, "y": observation.height}
    for field in attrs.fields(type(action)):
        axis, value = field.metadata["field"].axis, getattr(action, field.name)
        if axis is not None and not 0 <= value < limits[axis]:
            return f"{action.name}.{field.name}={value} leaves the screen (0 to {limits[axis] - 1})"
    return None


@attrs.frozen
class Outlook:
    """What a model counts on when it decides several actions."""

    size: tuple[int, int]
    dialogs: Counter[str]
    """How many of each name."""
    windows: tuple[Element, ...]

    @classmethod
    def of(cls, observation: Observation) -> "Outlook":
        """Return the outlook of a model that sees this screen."""
        surfaces = () if observation.tree is None else tuple(_surfaces(observation.tree))
        return cls(
            (observation.width, observation.height),
            Counter(element.name for element in surfaces if _is_dialog(element)),
            tuple(element for element in surfaces if not _is_dialog(element)),
        )

    def surprise(self, now: "Outlook", action: Action) -> str | None:
        """Return what came after `action` that the model cannot have expected; None if nothing did."""
        if now.size != self.size:
            return f"the screen has another size now, {now.size[0]} x {now.size[1]}"
        for name in now.dialogs - self.dialogs:
            return f"a dialog came: {name!r:.80}"
        if action.name not in OPENING:
            for window in now.windows:
                if not any(_same_window(window, known) for known in self.windows):
                    return f"another window came: {window.name!r:.80}"
        return None


def _surfaces(root: Element) -> Iterator[Element]:
    """Yield windows, dialogs and whatever is modal."""
    waiting = [root]
    for _ in range(MAX_ELEMENTS):
        if not waiting:
            return
        element = waiting.pop()
        if element.role in WINDOWS or _is_dialog(element):
            yield element
        waiting.extend(element.children)


def _is_dialog(element: Element) -> bool:
    return element.role in DIALOGS or MODAL in element.states


def _same_window(window: Element, known: Element) -> bool:
    """Return whether a window is the one known before; its title or its place may have changed, not both."""
    return window.name == known.name or window.bounds == known.bounds
