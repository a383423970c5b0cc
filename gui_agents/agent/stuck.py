"""Whether a task still gets anywhere, by what its actions do to the screen.

Theory of operation. A round is a decision and the screen that it was made on. A screen is known if a recent round had
the same one, apart from what `ticking` takes out of a tree, and from little in a picture. Such a small difference is
weighed by `novelty`: a clock, a caret or the pointer is nothing, a digit or a slider that follows an action may be
progress, and what surely is forgives what was before, as a new screen does.

Each round on a known screen has points, and many points are stuck: most for doing again what was done there, so the
same click, a click a pixel apart, and A, B, A, B end after five or six rounds; fewer for something new, which may be
a search, and for what may be progress. Waiting is cheap for five rounds, because pages are slow. Text typed key by
key is cheap too, because a password may show nothing. A screen known by the likeness of its picture alone may hide a
small number that has changed: there, repeating counts half.
"""

from collections import Counter, deque
from collections.abc import Sequence
from typing import Final

import attrs

from gui_agents.agent.answer import MAX_ACTIONS
from gui_agents.agent.deeds import Deeds, alike, deeds, only_wait, type_characters
from gui_agents.agent.novelty import News, Novelty
from gui_agents.agent.ticking import Told, told
from gui_agents.domain.actions import TERMINAL_ACTIONS, Action
from gui_agents.domain.lifecycle import Ending, FailureReason, failure
from gui_agents.domain.screen import Observation
from gui_agents.pictures.likeness import Changes, Glimpse
from gui_agents.pictures.studio import Studio

REMEMBERED: Final = 64
"""Rounds."""
RECENT: Final = 24
"""Rounds within which doing the same again counts most."""
PICTURED: Final = 4
"""Screens whose pictures are held to compare them: those that were seen last."""
COMPARED: Final = 12
"""Screens of which the cells are held, once they were compared, and the ticks."""
VARIANTS: Final = 8
"""Pictures of one screen that are known to be it, such as one with and one without a caret."""
NUDGED_AT: Final = 24
"""Points at which the model is told, once."""
STUCK_AT: Final = 48
"""Points at which the task ends."""
REPEATED: Final = 12
"""Points for what was done on this screen before."""
REPEATED_ON_SIMILAR: Final = 6
"""The same if the screen is known by the likeness of its picture alone."""
WITHOUT_EFFECT: Final = 6
"""Points for another action if the last one has not changed the screen."""
DOUBTFUL: Final = 3
"""Points for any action if a small difference comes whatever is done."""
BACK: Final = 2
"""Points for another action on a screen that was left and came back, or for the same after more than `RECENT`."""
SMALL: Final = 1
"""Points for a difference that may be progress."""
WAITED: Final = 4
"""Points for waiting, for the first `PATIENCE` rounds in a row, and as long as a little changes."""
PATIENCE: Final = 5
TYPED: Final = 2
"""Points for a character, for the first `PASSWORD` rounds in a row."""
PASSWORD: Final = 16
MAX_DONE: Final = 3
"""Kinds of actions that are named."""


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
    tree: Told | None
    """As it was seen last."""
    picture: Glimpse | None
    """As it was seen last."""
    variants: deque[int] = attrs.field(factory=lambda: deque(maxlen=VARIANTS))
    """Digests of pictures."""

    def has_layout_of(self, seen: "_Screen") -> bool:
        return self.size == seen.size and _digest(self.tree) == _digest(seen.tree)

    def has_picture_of(self, seen: "_Screen") -> bool:
        return self.picture is None or seen.picture is None or seen.picture.digest in self.variants

    def update(self, seen: "_Screen") -> None:
        self.tree = seen.tree
        if seen.picture is not None:
            self.picture = seen.picture
            if seen.picture.digest not in self.variants:
                self.variants.append(seen.picture.digest)


@attrs.frozen
class _Round:
    screen: _Screen
    done: Deeds


class Effects:
    """Watches one task. `judge` is called once for each decision, before it is carried out."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._rounds: deque[_Round] = deque(maxlen=REMEMBERED)
        self._novelty = Novelty()
        self._points = 0
        self._waits = 0
        """Rounds in a row that only waited."""
        self._typed = 0
        """Rounds in a row that typed a character."""
        self._stale: list[Deeds] = []
        """What was decided since there was something new."""
        self._nudged = False
        self._ends = False
        """Whether the last answer was to end the task; if another comes, it was dropped."""

    async def judge(self, decided: Sequence[Action], observation: Observation) -> Verdict:
        """Record a round, and say whether the task is stuck. A task that says how it ends is not."""
        if decided[0].name in TERMINAL_ACTIONS:
            return Verdict()
        done = deeds(decided)
        ended_before, self._ends = self._ends, any(action.name in TERMINAL_ACTIONS for action in decided[:MAX_ACTIONS])
        seen = _screen(observation)
        screen, news, similar = await self._known(seen)
        self._waits = self._waits + 1 if only_wait(done) else 0
        self._typed = self._typed + 1 if type_characters(done) else 0
        if screen is None:
            self._novelty.clear()
            screen = seen
        if news is News.NEW:
            self._points, self._nudged = 0, False
            self._stale.clear()
        else:
            self._points += self._cost(done, screen, news, similar=similar)
        self._rounds.append(_Round(screen, done))
        self._stale.append(done)
        self._forget()
        if self._points >= STUCK_AT and (ended_before or not self._ends):
            return Verdict(ending=_stuck(self._stale))
        if self._points >= NUDGED_AT and not self._nudged:
            self._nudged = True
            return Verdict(note=_nudge(self._stale))
        return Verdict()

    async def _known(self, seen: _Screen) -> tuple[_Screen | None, News, bool]:
        """Return the known screen that this one is, what is new on it, and whether its picture is merely alike."""
        known = [screen for screen in self._screens() if screen.has_layout_of(seen)]
        screen = next((screen for screen in known if screen.has_picture_of(seen)), None)
        changes = None
        if screen is None:
            screen, changes = await self._resembling(seen, known)
        if screen is None:
            return None, News.NEW, False
        news, done = News.NONE, self._rounds[-1].done
        if seen.tree is not None and screen.tree is not None:
            news = self._novelty.in_tree(seen.tree, screen.tree, done)
        if changes is not None:
            news = max(news, self._novelty.in_picture(changes, seen.size, done, tree=seen.tree is not None))
        screen.update(seen)
        return screen, news, changes is not None and seen.tree is None

    async def _resembling(self, seen: _Screen, known: Sequence[_Screen]) -> tuple[_Screen | None, Changes | None]:
        pictured = {screen: screen.picture for screen in known if screen.picture is not None}
        pictured = {screen: picture for screen, picture in pictured.items() if picture.comparable}
        if seen.picture is None or not pictured:
            return None, None
        found = await self._studio.changed(seen.picture, list(pictured.values()))
        if found is None:
            return None, None
        place, changes = found
        return list(pictured)[place], changes

    def _cost(self, done: Deeds, screen: _Screen, news: News, *, similar: bool) -> int:
        """Return the points of a round on a known screen."""
        if self._waits:
            return WAITED if self._waits <= PATIENCE or news is not News.NONE else REPEATED
        if news is not News.NONE:
            return SMALL if news is News.SMALL else DOUBTFUL
        last = self._rounds[-1]
        if self._typed and screen is last.screen:
            if alike(last.done, done):
                return REPEATED_ON_SIMILAR
            return TYPED if self._typed <= PASSWORD else WITHOUT_EFFECT
        ages = [age for age, round_ in enumerate(reversed(self._rounds)) if round_.screen is screen]
        same = [age for age in ages if alike(self._rounds[-1 - age].done, done)]
        if same and same[0] < RECENT:
            return REPEATED_ON_SIMILAR if similar else REPEATED
        return WITHOUT_EFFECT if screen is last.screen else BACK

    def _screens(self) -> list[_Screen]:
        """Return the known screens, those that were seen last first."""
        return list(dict.fromkeys(round_.screen for round_ in reversed(self._rounds)))

    def _forget(self) -> None:
        for place, screen in enumerate(self._screens()):
            if screen.picture is not None and place >= PICTURED:
                screen.picture.forget(cells=place >= COMPARED)
            if screen.tree is not None and place >= COMPARED:
                screen.tree = screen.tree.without_ticks()


def _screen(observation: Observation) -> _Screen:
    tree, picture = observation.tree, observation.screenshot
    screen = _Screen(
        (observation.width, observation.height),
        None if tree is None else told(tree),
        None if picture is None else Glimpse(picture),
    )
    screen.update(screen)
    return screen


def _digest(tree: Told | None) -> int | None:
    return None if tree is None else tree.digest


def _named(stale: Sequence[Deeds]) -> str:
    """Return what was done how often, such as `click 3 times, wait once`."""
    counts = Counter(str(deed.name) for done in stale for deed in done)
    return ", ".join(f"{name} {_times(count)}" for name, count in counts.most_common(MAX_DONE))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _nudge(stale: Sequence[Deeds]) -> str:
    return (
        f"your last {len(stale)} steps ({_named(stale)}) led to nothing new on the screen. Do not repeat them: try "
        "something else, or use `fail` and say what does not work."
    )


def _stuck(stale: Sequence[Deeds]) -> Ending:
    message = f"the last {len(stale)} steps ({_named(stale)}) led to nothing new on the screen"
    return failure(FailureReason.STUCK, message)
