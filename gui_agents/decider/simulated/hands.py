"""What hands do: bring an app up, click, fill in, scroll something into view; each looks at what came of it.

Every method that acts is a generator: it yields an action, and when it goes on, `screen` shows what came of it. So
each reads from top to bottom as what a person would do.
"""

from collections.abc import Collection, Generator, Iterator
from typing import Final

from gui_agents.decider.labels import quoted
from gui_agents.decider.problems import NotPossibleError
from gui_agents.decider.simulated.names import home_of
from gui_agents.decider.simulated.screen import Screen
from gui_agents.domain.actions import MAX_TEXT_LENGTH, Action, ActionName, Click, Key, OpenApp, Scroll, Type, Wait
from gui_agents.domain.model import DecisionRequest
from gui_agents.domain.screen import Element

ATTEMPTS: Final = 3
_MAX_SCROLLS: Final = 200
_TOAST_SECONDS: Final = 0.2
_MAX_PROBLEM_LENGTH: Final = 500


class Hands:
    """Acts on what `screen` shows."""

    screen: Screen
    """What there is to see now; `look` renews it before the first action and after each."""

    def __init__(self, supported: Collection[ActionName]) -> None:
        self.answers: list[str] = []
        self._supported = supported

    def look(self, request: DecisionRequest) -> None:
        """See what the screen shows now."""
        self.screen = Screen(request.observation)

    def _activate(self, app: str) -> Iterator[Action]:
        if self.screen.is_active(app):
            return
        launcher = self.screen.launcher(app)
        if ActionName.OPEN_APP in self._supported:
            yield OpenApp(app)
        elif launcher is not None:
            yield from self._click(launcher)
        if not self.screen.is_active(app):
            raise NotPossibleError(f"{app} does not open")

    def _go_to(self, app: str) -> Iterator[Action]:
        """Activate an app, without a dialog over it."""
        yield from self._activate(app)
        if self.screen.dialog is not None:
            yield from self._click_button("Cancel")

    def _click(self, element: Element, count: int = 1) -> Iterator[Action]:
        if "disabled" in element.states:
            raise NotPossibleError(f"the {element.role} {quoted(element.name)} is disabled")
        if "obscured" in element.states:
            yield Wait(_TOAST_SECONDS)
        x, y = element.bounds.center
        yield Click(x, y, count=count)

    def _click_button(self, label: str) -> Iterator[Action]:
        yield from self._click(self._found({"button"}, label, "button"))

    def _scrolled_into_view(self, item: Element) -> Generator[Action, None, Element]:
        for _ in range(_MAX_SCROLLS):
            holder = self.screen.list_of(item)
            if holder is None or "offscreen" not in item.states:
                break
            items = [child for child in holder.children if child.role == item.role]
            seen = [index for index, child in enumerate(items) if "offscreen" not in child.states]
            x, y = holder.bounds.center
            yield Scroll(x, y, 0, 3 if not seen or items.index(item) > seen[-1] else -3)
            item = self.screen.same(item)
        return item

    def _fill(self, label: str, text: str, *, append: bool = False) -> Iterator[Action]:
        """Make a text box hold `text`, or end with it."""
        box = self._found({"textbox"}, label, "field")
        wanted = box.value + text if append else text
        for _ in range(ATTEMPTS):
            if box.value == wanted:
                return
            yield from self._click(box)
            if box.value and not append:
                yield Key(("ctrl", "a"))
            typed = text if append else wanted
            if not typed:
                yield Key(("backspace",))
            for start in range(0, len(typed), MAX_TEXT_LENGTH):
                yield Type(typed[start : start + MAX_TEXT_LENGTH])
            box, append = self.screen.same(box), False
        if box.value != wanted:
            raise NotPossibleError(f"the field {box.name} does not take this text")

    def _locate(
        self, roles: Collection[str], label: str, noun: str, home: str | None = None
    ) -> Generator[Action, None, Element]:
        """Find something where it is in sight, or else in the app that has it."""
        where = home_of(label, buttons="button" in roles) or home
        if where is not None and self.screen.find(roles, label) is None:
            yield from self._go_to(where)
        return (yield from self._scrolled_into_view(self._found(roles, label, noun)))

    def _found(self, roles: Collection[str], label: str, noun: str) -> Element:
        element = self.screen.find(roles, label)
        if element is None:
            there = ", ".join(dict.fromkeys(found.name for found in self.screen.all(roles)))
            offer = f"; there are: {there}" if there else ""
            problem = f"there is no {noun} named {quoted(label)} in {self._place()}{offer}"
            raise NotPossibleError(problem[:_MAX_PROBLEM_LENGTH])
        return element

    def _place(self) -> str:
        if self.screen.dialog is not None:
            return f"the dialog {quoted(self.screen.dialog.name)}"
        return "the desktop: no window is open" if self.screen.window is None else self.screen.window.name
