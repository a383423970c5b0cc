"""Whether a task still gets anywhere, by what its actions do to the screen.

Theory of operation. A round is a decision and the screen that it was made on. A screen is known if a recent round had
the same one. The time of day in a tree is no difference. A picture may differ by what `Glimpse` calls small, a
caret, a clock or the pointer: but pictures are compared so only if the accessibility tree has not changed, or if there
is none and the same was done before, since most rounds need no such work.

A round on a new screen is progress. Each one on a known screen has points, and many points are stuck: most for doing
again what was done there, so the same click, a click a pixel apart, and A, B, A, B end after five or six rounds; fewer
for something new, which may be a search. Waiting is cheap for five rounds, because pages are slow. If the screens of
one round look alike and no tree says that they are equal, a small number may have changed, and repeating counts half.
"""

import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from typing import Final

import attrs

from gui_agents.domain import actions
from gui_agents.domain.actions import TERMINAL_ACTIONS, Action, ActionName
from gui_agents.domain.lifecycle import Ending, FailureReason, failure
from gui_agents.domain.screen import Element, Observation
from gui_agents.pictures.likeness import Glimpse
from gui_agents.pictures.studio import Studio

REMEMBERED: Final = 24
"""Rounds."""
PICTURED: Final = 4
"""Screens whose pictures are held to compare them: those that were seen last."""
VARIANTS: Final = 4
"""Pictures of one screen that are known to be it, such as one with and one without a caret."""
CLOSE: Final = 8
"""Pixels between two places that mean the same."""
NUDGED_AT: Final = 12
"""Points at which the model is told, once."""
STUCK_AT: Final = 24
"""Points at which the task ends."""
REPEATED: Final = 6
"""Points for what was done on this screen before."""
REPEATED_ON_SIMILAR: Final = 3
"""The same if the screen is known by the likeness of its picture alone."""
WITHOUT_EFFECT: Final = 3
"""Points for another action if the last one has not changed the screen."""
BACK: Final = 1
"""Points for another action on a screen that was left and came back."""
WAITED: Final = 2
"""Points for waiting, for the first `PATIENCE` rounds in a row."""
PATIENCE: Final = 5
MAX_ELEMENTS: Final = 5000
"""Of a tree that are compared."""
MAX_DONE: Final = 3
"""Kinds of actions that are named."""

TIME_OF_DAY: Final = re.compile(r"\b\d{1,2}:\d{2}(:\d{2})?(\s?[ap]\.?m\.?)?", re.IGNORECASE | re.ASCII)


@attrs.frozen(kw_only=True)
class Verdict:
    """What is to be done about a round."""

    note: str = ""
    """What the model is told with the next screen."""
    ending: Ending | None = None
    """How the task ends if it is stuck."""


@attrs.define(eq=False)
class _Screen:
    size: tuple[int, int]
    tree: int | None
    """A digest of the accessibility tree."""
    pictures: list[Glimpse]
    """The first is what others are compared with."""


@attrs.frozen
class _Deed:
    """An action as it is compared with others."""

    name: ActionName
    manner: object
    """What has to be equal, apart from places."""
    places: tuple[int, ...]

    def is_like(self, other: "_Deed") -> bool:
        """Return whether both mean the same: a wait of any length, a click nearby, a scroll to the same side."""
        if self.name is not other.name or self.manner != other.manner:
            return False
        return all(abs(place - near) <= CLOSE for place, near in zip(self.places, other.places, strict=True))


@attrs.frozen
class _Round:
    screen: _Screen
    deeds: tuple[_Deed, ...]


class Effects:
    """Watches one task. `judge` is called once for each decision, before it is carried out."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._rounds: deque[_Round] = deque(maxlen=REMEMBERED)
        self._points = 0
        self._waits = 0
        """Rounds in a row that only waited."""
        self._stale: list[tuple[_Deed, ...]] = []
        """What was decided since there was something new."""
        self._nudged = False

    async def judge(self, decided: Sequence[Action], observation: Observation) -> Verdict:
        """Record a round, and say whether the task is stuck. A task that says how it ends is not."""
        if decided[0].name in TERMINAL_ACTIONS:
            return Verdict()
        done = tuple(_distinct(decided))
        same = [round_ for round_ in self._rounds if _alike(round_.deeds, done)]
        seen = _screen(observation)
        screen, similar = await self._known(seen, same)
        last = self._rounds[-1].screen if self._rounds else None
        self._waits = self._waits + 1 if _waits(done) else 0
        if screen is None:
            self._points, self._nudged = 0, False
            self._stale.clear()
            screen = seen
        elif self._waits:
            self._points += WAITED if self._waits <= PATIENCE else REPEATED
        elif any(round_.screen is screen for round_ in same):
            self._points += REPEATED_ON_SIMILAR if similar else REPEATED
        else:
            self._points += WITHOUT_EFFECT if screen is last else BACK
        self._rounds.append(_Round(screen, done))
        self._stale.append(done)
        self._forget_pictures()
        if self._points >= STUCK_AT:
            return Verdict(ending=_stuck(self._stale))
        if self._points >= NUDGED_AT and not self._nudged:
            self._nudged = True
            return Verdict(note=_nudge(self._stale))
        return Verdict()

    async def _known(self, seen: _Screen, same: Sequence[_Round]) -> tuple[_Screen | None, bool]:
        """Return the known screen that this one is, and whether only the likeness of their pictures says so."""
        known = list(dict.fromkeys(round_.screen for round_ in reversed(self._rounds)))
        known = [screen for screen in known if screen.size == seen.size and screen.tree == seen.tree]
        for screen in known:
            if _same_pictures(screen, seen):
                return screen, False
        done_there = {id(round_.screen) for round_ in same}
        alike = [
            screen
            for screen in known
            if (seen.tree is not None or id(screen) in done_there) and screen.pictures and screen.pictures[0].comparable
        ]
        if not alike or not seen.pictures:
            return None, False
        picture = seen.pictures[0]
        place = await self._studio.resembling(picture, [screen.pictures[0] for screen in alike])
        if place is None:
            return None, False
        screen = alike[place]
        if len(screen.pictures) < VARIANTS:
            screen.pictures.append(picture)
        return screen, seen.tree is None

    def _forget_pictures(self) -> None:
        screens = dict.fromkeys(round_.screen for round_ in reversed(self._rounds))
        for screen in list(screens)[PICTURED:]:
            for picture in screen.pictures:
                picture.forget()


def _screen(observation: Observation) -> _Screen:
    tree, picture = observation.tree, observation.screenshot
    return _Screen(
        (observation.width, observation.height),
        None if tree is None else hash(tuple(_told(tree))),
        [] if picture is None else [Glimpse(picture)],
    )


def _told(root: Element) -> Iterator[object]:
    """Yield what a tree tells, without times of day."""
    waiting = [root]
    for _ in range(MAX_ELEMENTS):
        if not waiting:
            return
        element = waiting.pop()
        bounds = element.bounds
        yield from (element.role, _timeless(element.name), _timeless(element.value or ""), element.states)
        yield from (bounds.x, bounds.y, bounds.width, bounds.height, len(element.children))
        waiting.extend(element.children)


def _timeless(text: str) -> str:
    return TIME_OF_DAY.sub("", text) if ":" in text else text


def _same_pictures(screen: _Screen, seen: _Screen) -> bool:
    if not screen.pictures or not seen.pictures:
        return True
    return any(picture.equals(seen.pictures[0]) for picture in screen.pictures)


def _distinct(decided: Sequence[Action]) -> Iterator[_Deed]:
    """Yield actions without those that are like the one before: two clicks in one answer are no other idea than one."""
    last = None
    for action in decided:
        deed = _Deed(action.name, _manner(action), tuple(_places(action)))
        if last is None or not deed.is_like(last):
            yield deed
        last = deed


def _alike(some: Sequence[_Deed], others: Sequence[_Deed]) -> bool:
    return len(some) == len(others) and all(one.is_like(other) for one, other in zip(some, others, strict=True))


def _places(action: Action) -> Iterator[int]:
    for field in attrs.fields(type(action)):
        if field.metadata["field"].axis is not None:
            yield getattr(action, field.name)


def _manner(action: Action) -> object:
    match action:
        case actions.Wait() | actions.Move() | actions.LongPress():
            return None
        case actions.Click(_, _, button, count):
            return button, count
        case actions.Drag(button=button):
            return button
        case actions.Scroll(_, _, dx, dy):
            return _sign(dx), _sign(dy)
        case _:
            return action


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


def _waits(done: Sequence[_Deed]) -> bool:
    return all(deed.name is ActionName.WAIT for deed in done)


def _named(stale: Sequence[Sequence[_Deed]]) -> str:
    """Return what was done how often, such as `click 3 times, wait once`."""
    counts = Counter(str(deed.name) for done in stale for deed in done)
    return ", ".join(f"{name} {_times(count)}" for name, count in counts.most_common(MAX_DONE))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _nudge(stale: Sequence[Sequence[_Deed]]) -> str:
    return (
        f"your last {len(stale)} steps ({_named(stale)}) led to nothing new on the screen. Do not repeat them: try "
        "something else, or use `fail` and say what does not work."
    )


def _stuck(stale: Sequence[Sequence[_Deed]]) -> Ending:
    message = f"the last {len(stale)} steps ({_named(stale)}) led to nothing new on the screen"
    return failure(FailureReason.STUCK, message)
