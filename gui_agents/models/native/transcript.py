"""The conversation of one task with a model that must see its own answers again, as it wrote them.

A conversation is a chain of rounds: what was shown, what the model answered, and a result for each of its calls. It
only grows at its end, because providers cache the beginning of a request, and some bind a model's thoughts to all that
came before them. What must leave therefore leaves many rounds at a time: the conversation begins anew, with the older
turns told in words, and few of the last rounds kept. It also begins anew when an answer cannot be
sent back, and when a turn has been forgotten. So each request stands on its own: the first message is the user's, and
each call has its result.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import attrs

from gui_agents.domain.actions import Action
from gui_agents.domain.model import DecisionRequest, Turn
from gui_agents.domain.model_settings import ModelSettings
from gui_agents.models.chat.prompts import screen
from gui_agents.models.native.prompts import opening
from gui_agents.pictures.coordinates import View

LEAST: Final = 10
"""So many rounds there may be, also if the settings allow fewer turns and pictures: the protocols live on them."""
MAX_DEPTH: Final = 100
"""Levels of an answer that is sent back: fewer than any reader of JSON takes."""
MAX_PICTURE_CHARACTERS: Final = 8 * 2**20
"""Of all pictures of a conversation, in base64: the APIs refuse requests of 20 to 50 MB."""
NOT_CARRIED_OUT: Final = "Not executed: an earlier computer action in this turn failed."
"""What Anthropic's models are trained to read; others understand it as well."""
FAILED: Final = ("error:", "invalid:", "not carried out")
"""How the outcomes of turns begin that did not do what was decided."""


Content = Sequence[Mapping[str, Any]]
"""An answer as its protocol wants it back."""


@attrs.frozen(kw_only=True)
class Call:
    """One call of a tool in an answer."""

    call_id: str
    native: bool
    """Whether it is one of the computer tool."""
    count: int = 0
    """How many actions it stands for: none for a look at the screen, which is taken after each answer anyway."""
    fields: Mapping[str, Any] = attrs.field(factory=dict)
    """What its result must repeat."""


@attrs.frozen(kw_only=True)
class Answer:
    """What a model answered."""

    content: Content
    calls: Sequence[Call] = ()
    actions: Sequence[Action] = ()
    """None if it was invalid."""


@attrs.frozen
class Result:
    """What came of one call, or of an answer without calls."""

    call: Call | None
    text: str
    failed: bool


@attrs.frozen
class Screen:
    """What the model was shown."""

    text: str
    picture: str | None
    """In base64."""
    media_type: str


@attrs.frozen
class Round:
    """A screen, the answer to it, and its results."""

    screen: Screen
    answer: Answer
    results: Sequence[Result]
    turns: int
    """How many turns of the history it is."""
    characters: int
    """Of its texts."""


class Transcript:
    """The conversation of one task.

    `ask` prepares the next question, as often as it is asked; `answered` or `begin_anew` is told how it was answered.
    `without_thoughts` returns an answer's content without what is bound to the rounds that have left.
    """

    def __init__(
        self,
        settings: ModelSettings,
        without_thoughts: Callable[[Content], Content] = lambda content: content,
    ) -> None:
        self.opening = ""
        """The text that the conversation begins with."""
        self.rounds: list[Round] = []
        self.screen: Screen | None = None
        """What is shown now."""
        self._settings = settings
        self._without_thoughts = without_thoughts
        self._pending: Answer | None = None

    def ask(self, request: DecisionRequest, settings: ModelSettings) -> Screen:
        """Bring the conversation up to the request, and return what is shown now.

        With other settings than before, such as without tools, it begins anew.
        """
        if settings != self._settings:
            self.begin_anew()
        self._settings = settings
        if self._pending is not None and self.screen is not None:
            turns = _turns_of(self._pending, request.history)
            if turns:
                self.rounds.append(_round(self.screen, self._pending, turns))
            else:
                self.opening = ""
        self._pending = None
        if not self.opening:
            self.rounds = []
            self._open(request)
        elif self._too_long():
            self.rounds = self._kept()
            self._open(request)
        self.screen = self._seen(request)
        return self.screen

    def answered(self, answer: Answer) -> None:
        """Remember an answer, to send it back; one that no JSON can carry is forgotten, with all before it."""
        if _characters(answer.content) is None:
            self.begin_anew()
        else:
            self._pending = answer

    def begin_anew(self) -> None:
        """Forget the conversation: an answer came that cannot be sent back."""
        self._pending = None
        self.opening = ""

    def _open(self, request: DecisionRequest) -> None:
        kept = sum(round_.turns for round_ in self.rounds)
        told = request.history[: len(request.history) - kept] if kept <= len(request.history) else ()
        # The rounds that follow may have the other half.
        half = attrs.evolve(self._settings, history_characters=self._settings.history_characters // 2)
        self.opening = opening(request.instruction, told, half, _view(request))

    def _seen(self, request: DecisionRequest) -> Screen:
        screenshot = request.observation.screenshot if self._settings.pictures else None
        picture, media_type = (
            (None, "") if screenshot is None else (b64encode(screenshot.data).decode(), screenshot.media_type)
        )
        return Screen(screen(request, _view(request)), picture, media_type)

    def _too_long(self) -> bool:
        settings = self._settings
        pictures = sum(round_.screen.picture is not None for round_ in self.rounds)
        return (
            pictures > max(LEAST, settings.history_pictures)
            or len(self.rounds) > max(LEAST, settings.history_turns)
            or len(self.opening) + _text(self.rounds) > settings.history_characters
            or _pictures(self.rounds) > MAX_PICTURE_CHARACTERS
        )

    def _kept(self) -> list[Round]:
        """Return the last rounds; they take half of the room at most, so that the next ones have some."""
        settings = self._settings
        most = min(settings.history_pictures, settings.history_turns, len(self.rounds) // 2)
        kept = self.rounds[len(self.rounds) - most :]
        while _text(kept) > settings.history_characters // 4 or _pictures(kept) > MAX_PICTURE_CHARACTERS // 2:
            kept = kept[1:]
        return [
            attrs.evolve(
                round_, answer=attrs.evolve(round_.answer, content=self._without_thoughts(round_.answer.content))
            )
            for round_ in kept
        ]


def _view(request: DecisionRequest) -> View:
    return View.of(request.observation, request.coordinates)


def _text(rounds: Sequence[Round]) -> int:
    return sum(round_.characters for round_ in rounds)


def _pictures(rounds: Sequence[Round]) -> int:
    return sum(len(round_.screen.picture or "") for round_ in rounds)


def _turns_of(answer: Answer, history: Sequence[Turn]) -> Sequence[Turn]:
    """Return the last turns of the history, if they are those of the answer; it may have been cut short."""
    if not answer.actions:
        return history[-1:] if history and history[-1].action is None else ()
    for count in range(min(len(answer.actions), len(history)), 0, -1):
        turns = history[-count:]
        if all(turn.action == action for turn, action in zip(turns, answer.actions, strict=False)):
            return turns
    return ()


def _round(shown: Screen, answer: Answer, turns: Sequence[Turn]) -> Round:
    results = tuple(_results(answer, turns))
    told = len(shown.text) + sum(len(result.text) for result in results)
    return Round(shown, answer, results, len(turns), told + (_characters(answer.content) or 0))


def _characters(content: Content) -> int | None:
    """Return how long a content is as JSON, or None if it is none: it may be nested too deeply, or hold no numbers."""
    if _deeper_than(MAX_DEPTH, content):
        return None
    try:
        return len(json.dumps(content, allow_nan=False))
    except ValueError:
        return None


def _deeper_than(most: int, content: Content) -> bool:
    """Tell whether something in a content is nested deeper than so many levels; without recursion."""
    level: list[Any] = [content]
    for _ in range(most):
        level = [inner for outer in level for inner in _inner(outer)]
        if not level:
            return False
    return True


def _inner(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()


def _results(answer: Answer, turns: Sequence[Turn]) -> list[Result]:
    outcomes = [turn.outcome for turn in turns]
    if not answer.calls:
        return [Result(None, "\n".join(outcomes), _failed(outcomes))]
    if not answer.actions:
        return [Result(call, outcomes[0], failed=True) for call in answer.calls]
    results: list[Result] = []
    at, stopped = 0, False
    for call in answer.calls:
        mine = outcomes[at : at + call.count]
        at += call.count
        if stopped and call.native:
            results.append(Result(call, NOT_CARRIED_OUT, failed=True))
            continue
        failed = len(mine) < call.count or _failed(mine)
        stopped = stopped or failed
        results.append(Result(call, "\n".join(filter(None, mine)) or (NOT_CARRIED_OUT if failed else "OK"), failed))
    return results


def _failed(outcomes: Sequence[str]) -> bool:
    return any(outcome.startswith(FAILED) for outcome in outcomes)
