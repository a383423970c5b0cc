"""What hands do on a real screen: find, wait for, scroll to, click, press; each looks at what came of it.

Every method that acts is a generator: it yields an action, and when it goes on, `view` shows what came of it. So each
reads from top to bottom as what a person would do.
"""

from collections.abc import Callable, Collection, Generator, Iterator
from typing import Final

from gui_agents.decider.labels import quoted
from gui_agents.decider.problems import NotPossibleError
from gui_agents.decider.real.finding import find, missing
from gui_agents.decider.real.nouns import ANY, Roles
from gui_agents.decider.real.view import Seen, View
from gui_agents.domain.actions import (
    MAX_NOTCHES,
    MAX_TEXT_LENGTH,
    Action,
    ActionName,
    Button,
    Click,
    Key,
    Scroll,
    Type,
    Wait,
)
from gui_agents.domain.model import DecisionRequest
from gui_agents.domain.screen import Bounds

ATTEMPTS: Final = 3
PATIENCE: Final = (0.3, 0.7, 1.5, 2.5)
"""Seconds of each wait for something that is not there yet, such as what a page is still loading."""
BRIEFLY: Final = (0.2, 0.5)
"""The same for what an action should have changed at once."""
_MAX_SCROLLS: Final = 30
_MAX_SCREENS: Final = 12
_NOTCHES: Final = 5
_NOWHERE: Final = Bounds(0, 0, 0, 0)
_FAILED: Final = ("error: ", "not carried out: ")
"""How the outcome of an action begins that failed."""

Act = Iterator[Action]


class Hands:
    """Acts on what `view` shows."""

    view: View
    """What there is to see now; `look` renews it before the first action and after each."""

    def __init__(self, supported: Collection[ActionName]) -> None:
        self.answers: list[str] = []
        self._supported = supported
        self._failure = ""
        """Why the last action failed; empty if it did not."""
        self._acted = False

    def look(self, request: DecisionRequest) -> None:
        """See what the screen shows now, and what came of the last action.

        Raises:
            NotPossibleError: there is no tree to look at.
        """
        if request.observation.tree is None:
            raise NotPossibleError("the sandbox shows no accessibility tree any more, which builtin/rules needs")
        self.view = View(request.observation.tree)
        outcome = request.history[-1].outcome if self._acted and request.history else ""
        prefix = next((prefix for prefix in _FAILED if outcome.startswith(prefix)), None)
        self._failure = "" if prefix is None else outcome.removeprefix(prefix)
        self._acted = True

    def _do(self, action: Action) -> Act:
        """Carry out an action, once more if it failed.

        Raises:
            NotPossibleError: it failed again.
        """
        yield action
        if self._failure:
            yield Wait(PATIENCE[0])
            yield action
        if self._failure:
            raise NotPossibleError(self._failure)

    def _do_once(self, action: Action) -> Act:
        """Carry out an action that does not become better by repeating it."""
        yield action
        if self._failure:
            raise NotPossibleError(self._failure)

    def _until(self, is_so: Callable[[], bool], pauses: tuple[float, ...] = BRIEFLY) -> Generator[Action, None, bool]:
        """Wait until something is so, and return whether it is."""
        for pause in pauses:
            if is_so():
                return True
            yield Wait(pause)
        return is_so()

    def _found(
        self, label: str, roles: Roles, noun: str, pauses: tuple[float, ...] = PATIENCE
    ) -> Generator[Action, None, Seen]:
        """Return something that is in sight and enabled; wait for it, look for it further down, and scroll to it.

        Raises:
            NotPossibleError: it is not there, or cannot be reached.
        """

        def is_ready() -> bool:
            found = find(self.view, label, roles)
            return found is not None and "disabled" not in found.element.states

        yield from self._until(is_ready, pauses)
        found = find(self.view, label, roles)
        if found is None:
            yield from self._look_further_down(lambda: find(self.view, label, roles) is not None)
            found = find(self.view, label, roles)
        if found is None:
            raise NotPossibleError(missing(self.view, label, roles, noun))
        if "disabled" in found.element.states:
            raise NotPossibleError(f"the {found.role} {quoted(self.view.label_of(found))} is disabled")
        return (yield from self._in_sight(found))

    def _look_further_down(self, is_there: Callable[[], bool]) -> Act:
        """Scroll down a long page until something is there: a tree does not list all that is far below."""
        notches = _NOTCHES
        for _ in range(_MAX_SCREENS):
            if is_there() or not any(seen.is_offscreen and seen.is_front for seen in self.view.all):
                return
            before = self._signature()
            yield from self._do(Scroll(*self.view.front.bounds.center, 0, notches))
            if before == self._signature():
                if notches == MAX_NOTCHES:
                    return
                notches = MAX_NOTCHES

    def _in_sight(self, seen: Seen) -> Generator[Action, None, Seen]:
        """Scroll until an element is in sight: further if that shows nothing new, back by less if it was too far.

        Raises:
            NotPossibleError: it does not come into sight.
        """
        notches, way, turned = _NOTCHES, (0, 0), False
        for _ in range(_MAX_SCROLLS):
            holder = next((each for each in seen.above() if each.has_place and not each.is_offscreen), None)
            if not seen.is_offscreen or holder is None:
                break
            before, former = self._signature(), way
            way = self._way_to(seen, holder)
            if former not in ((0, 0), way):
                turned, notches = True, max(notches // 2, 1)
            yield from self._do(Scroll(*holder.element.bounds.center, way[0] * notches, way[1] * notches))
            seen = self._again(seen)
            if seen.is_offscreen and before == self._signature() and not turned:
                if notches == MAX_NOTCHES:
                    break
                notches = min(4 * notches, MAX_NOTCHES)
        if seen.is_offscreen:
            raise NotPossibleError(f"the {seen.role} {quoted(self.view.label_of(seen))} does not come into sight")
        return seen

    def _way_to(self, seen: Seen, holder: Seen) -> tuple[int, int]:
        """Return in which direction the wheel turns over `holder` for what is out of sight in it.

        It may lie at the edge behind which it is; what has no place at all is found by the order of the tree.
        """
        box, around = seen.element.bounds, holder.element.bounds
        if box.y >= around.y + around.height > 0:
            return 0, 1
        if box.x >= around.x + around.width > 0:
            return 1, 0
        if box != _NOWHERE and box.y + box.height <= around.y:
            return 0, -1
        visible = [each.order for each in self.view.within(holder) if each.has_place and not each.is_offscreen]
        return 0, 1 if not visible or seen.order > visible[len(visible) // 2] else -1

    def _signature(self) -> list[tuple[str, int, int]]:
        """Return what scrolling changes."""
        return [(seen.element.name, seen.element.bounds.x, seen.element.bounds.y) for seen in self.view.all]

    def _again(self, seen: Seen) -> Seen:
        """Return how an element looks now.

        Raises:
            NotPossibleError: it is gone.
        """
        now = self.view.same(seen)
        if now is None:
            raise NotPossibleError(f"the {seen.role} {quoted(seen.element.name)} has gone meanwhile")
        return now

    def _click(self, seen: Seen, count: int = 1, button: Button = Button.LEFT) -> Act:
        if any(tab is seen.element for tab in self.view.tabs):
            yield from self._switch_tab(self.view.tabs.index(seen.element))
            return
        seen = yield from self._in_sight(seen)
        if not seen.has_place:
            raise NotPossibleError(f"the {seen.role} {quoted(self.view.label_of(seen))} has no place on the screen")
        yield from self._do(Click(*seen.element.bounds.center, button, count))

    def _switch_tab(self, place: int) -> Act:
        """Show the tab of a browser at this place, counted from 0."""
        title = self.view.tabs[place].name
        if place > _LAST_NUMBERED_TAB and place + 1 < len(self.view.tabs):
            raise NotPossibleError(f"the tab {quoted(title)} has no key of its own: only the first 8 and the last have")
        number = "9" if place > _LAST_NUMBERED_TAB else str(place + 1)
        yield from self._do(Key(("ctrl", number)))
        shown = yield from self._until(lambda: "selected" in self.view.tabs[min(place, len(self.view.tabs) - 1)].states)
        if not shown:
            raise NotPossibleError(f"the tab {quoted(title)} does not come to the front")

    def _press_key(self, *keys: str) -> Act:
        yield from self._do(Key(keys))

    def _type(self, text: str) -> Act:
        for start in range(0, len(text), MAX_TEXT_LENGTH):
            yield from self._do_once(Type(text[start : start + MAX_TEXT_LENGTH]))

    def _click_named(self, label: str, roles: Roles, noun: str, pauses: tuple[float, ...] = PATIENCE) -> Act:
        yield from self._click((yield from self._found(label, roles, noun, pauses)))

    def _first_named(self, names: Collection[str], roles: Roles = ANY) -> Seen | None:
        """Return the first thing in front that has one of these names, in their order."""
        for name in names:
            found = find(self.view, name, roles)
            if found is not None and found.is_front and "disabled" not in found.element.states:
                return found
        return None


_LAST_NUMBERED_TAB: Final = 7


def is_on(seen: Seen) -> bool:
    """Tell whether a box, switch, radio button, toggle or option is on."""
    return bool(seen.element.states & {"checked", "pressed", "selected"})
