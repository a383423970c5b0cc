"""How a task talks with a model whose protocol has a computer tool: what an answer decides, and what is kept of it.

An answer without a call is the model's last word: whoever uses these protocols ends a task in that way, so its text is
the result. But a model may also write its call into the text, as it must if it is offered no tools. So an action is
looked for first, and a text that holds half of a call, or that does not end a turn, is no result.
"""

from collections.abc import Sequence
from typing import Final

import attrs

from gui_agents.domain.actions import MAX_TEXT_LENGTH, Done, InvalidActionError
from gui_agents.domain.model import Decision, DecisionRequest
from gui_agents.domain.model_settings import ModelSettings
from gui_agents.models.answers.calls import TOOL
from gui_agents.models.answers.found import MAX_ACTIONS, decision_of, shown_back
from gui_agents.models.answers.rationale import encodable, sentence
from gui_agents.models.answers.text import has_half_of_call, in_text, words_in
from gui_agents.models.answers.thoughts import without_thoughts
from gui_agents.models.features import Feature, Lacking
from gui_agents.models.native.calls import Point, Reader, Wish, answer_of, check_number
from gui_agents.models.native.transcript import Answer, Content, Screen, Transcript

CALL_ANEW: Final = f"call a tool, or {TOOL} with done if the task is done"


@attrs.frozen(kw_only=True)
class Heard:
    """One answer, read as far as the protocols differ."""

    content: Content
    wishes: Sequence[Wish]
    text: str
    """What it says beside its calls."""
    problem: str = ""
    """Why none of it can be taken, such as the limit that cut it off; empty if it is whole."""
    unfinished: str = ""
    """Why its text is not the last word, such as a call that was announced; empty if it ends the turn."""
    said: str = ""
    """All of it, for the model to see it again in words."""


class Conversation:
    """The conversation of one task; `read` is the protocol's way to read a call."""

    def __init__(self, settings: ModelSettings, transcript: Transcript, read: Reader) -> None:
        self.transcript = transcript
        self.settings = settings
        """How the model is asked now: with a computer tool if `native_tool`."""
        self._configured = settings
        self._read = read
        self._at: Point | None = None

    def ask(self, request: DecisionRequest, lacking: Lacking) -> Screen:
        """Return what is shown now; the transcript has what came before it."""
        given = self._configured
        tools = given.tools and Feature.TOOLS not in lacking
        pictures = given.pictures and Feature.PICTURES not in lacking
        # Without pictures there is nothing to see for whoever uses a computer tool.
        native = given.native_tool and tools and pictures and Feature.COMPUTER_TOOL not in lacking
        self.settings = attrs.evolve(given, tools=tools, pictures=pictures, native_tool=native)
        return self.transcript.ask(request, self.settings)

    def decide(self, heard: Heard, request: DecisionRequest) -> Decision:
        """Return what an answer decides, and remember it.

        Raises:
            InvalidActionError: it holds nothing that this screen and this sandbox can take.
        """
        try:
            answer, at = self._answer(heard, request)
        except InvalidActionError as error:
            self._remember(Answer(content=heard.content, calls=[wish.call for wish in heard.wishes]), heard)
            raise shown_back(error, heard.said) from None
        self._at = at
        self._remember(answer, heard)
        return Decision(tuple(answer.actions), sentence(words_in(heard.text)))

    def _answer(self, heard: Heard, request: DecisionRequest) -> tuple[Answer, Point | None]:
        if heard.problem:
            raise InvalidActionError(heard.problem)
        if heard.wishes:
            check_number(len(heard.wishes))
            return answer_of(heard.content, heard.wishes, self._read, request, self._at)
        return self._last_word(heard, request), self._at

    def _last_word(self, heard: Heard, request: DecisionRequest) -> Answer:
        # What is announced is not decided: without an end of the turn, an object may be part of what it thinks of.
        found = in_text(heard.text, cut_off=self.settings.tools and bool(heard.unfinished))
        if found.answers:
            return Answer(content=heard.content, calls=(), actions=decision_of(found, request).actions)
        text = without_thoughts(heard.text).strip()
        if not text:
            raise InvalidActionError(f"the answer is empty; {CALL_ANEW}")
        if not self.settings.tools:
            raise InvalidActionError("the answer holds no action; answer with its JSON object alone")
        if heard.unfinished:
            raise InvalidActionError(f"{heard.unfinished}; {CALL_ANEW}")
        if has_half_of_call(text):
            raise InvalidActionError(f"the call in the text cannot be read; {CALL_ANEW}")
        return Answer(content=heard.content, calls=(), actions=(Done(encodable(text)[:MAX_TEXT_LENGTH]),))

    def _remember(self, answer: Answer, heard: Heard) -> None:
        """Keep an answer for the next question, unless the endpoint would refuse to see it again."""
        whole = answer.content and not heard.problem and (answer.calls or answer.actions)
        names = {wish.call.call_id for wish in heard.wishes}
        if whole and "" not in names and len(names) == len(heard.wishes) <= MAX_ACTIONS:
            self.transcript.answered(answer)
        else:
            self.transcript.begin_anew()
