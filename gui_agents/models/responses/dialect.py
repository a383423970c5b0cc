"""OpenAI's Responses, not streamed: the computer tool where a model has one, and the tool `act`.

The sources: the reference of the Responses API and the guides "Computer use" and "Reasoning" in OpenAI's documentation.
Nothing is stored at the provider: reasoning comes back encrypted, and is sent again with the calls that it led to.

An answer may hold safety checks, which somebody has to acknowledge before the model goes on. Nobody watches a task, so
they end it, unless the operator has decided otherwise for all tasks (CONFIRM_ACTIONS).
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from gui_agents.domain.model import Decision, DecisionRequest, ModelRefusedError
from gui_agents.domain.model_settings import Confirmation
from gui_agents.domain.secret import Secret
from gui_agents.domain.spec import Endpoint
from gui_agents.domain.usage import Usage
from gui_agents.models.answers.calls import TOOL
from gui_agents.models.answers.rationale import MAX_RATIONALE, encodable
from gui_agents.models.chat.prompts import system_prompt
from gui_agents.models.endpoint import authorization
from gui_agents.models.features import NOTHING, Feature, Lacking
from gui_agents.models.native.calls import act
from gui_agents.models.native.conversation import Conversation
from gui_agents.models.native.prompts import SYSTEM_PROMPT
from gui_agents.models.native.transcript import Result, Screen, Transcript
from gui_agents.models.responses.answers import (
    COMPUTER,
    in_words,
    read_answer,
    read_call,
    read_usage,
    safety_checks,
)

NO_PICTURE: Final = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
"""One black pixel: the result of a computer call must be a picture, also where the sandbox had none."""
Item = dict[str, Any]

_log = logging.getLogger(__name__)


class ResponsesDialect:
    """Responses with the model at `endpoint`; one instance serves one task."""

    path: Final = "/responses"

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._conversation = Conversation(endpoint.settings, Transcript(endpoint.settings), read_call)

    def headers(self, key: Secret | None) -> Mapping[str, str]:
        """Return what identifies the caller; see `Dialect`."""
        return authorization(self._endpoint, key)

    def question(self, request: DecisionRequest, lacking: Lacking = NOTHING) -> dict[str, Any]:
        """Return the body of a request; see `Dialect`."""
        shown = self._conversation.ask(request, lacking)
        settings = self._conversation.settings
        return {
            "model": self._endpoint.model,
            "store": False,
            **({} if Feature.ENCRYPTED_REASONING in lacking else {"include": ["reasoning.encrypted_content"]}),
            settings.token_field or "max_output_tokens": settings.max_tokens,
            "instructions": SYSTEM_PROMPT if settings.native_tool else system_prompt(request.coordinates),
            **({"tools": _tools(request, native=settings.native_tool)} if settings.tools else {}),
            "input": self._input(shown),
        }

    def read_usage(self, body: Any) -> Usage | None:
        """Return the tokens in an answer's body; see `Dialect`."""
        return read_usage(body)

    def read_decision(self, body: Any, request: DecisionRequest, max_tokens: int | None = None) -> Decision:
        """Return what an answer decides; see `Dialect`."""
        heard = read_answer(body, max_tokens=max_tokens or self._endpoint.settings.max_tokens)
        checks = list(safety_checks(body))
        if checks and self._endpoint.settings.confirmation is not Confirmation.ALLOW:
            raise ModelRefusedError(f"safety checks are pending, and CONFIRM_ACTIONS refuses them: {in_words(checks)}")
        decision = self._conversation.decide(heard, request)
        if not checks:
            return decision
        notice = encodable(f"Acknowledged, as CONFIRM_ACTIONS says: {in_words(checks)}")[:MAX_RATIONALE]
        _log.warning("safety checks of %s: %s", self._endpoint.model, notice)
        return attrs.evolve(decision, rationale=f"{notice}. {decision.rationale}".rstrip())

    def _input(self, shown: Screen) -> list[Item]:
        """Return the conversation: each call is followed by its output, and the outputs by the screen in words."""
        items: list[Item] = []
        results: Sequence[Result] = ()
        said = [self._conversation.transcript.opening]
        for round_ in self._conversation.transcript.rounds:
            items += self._seen(results, said, round_.screen)
            items += [dict(item) for item in round_.answer.content]
            results, said = round_.results, _told(round_.results)
        items += self._seen(results, said, shown)
        return items

    def _seen(self, results: Sequence[Result], said: Sequence[str], shown: Screen) -> list[Item]:
        picture = NO_PICTURE if shown.picture is None else f"data:{shown.media_type};base64,{shown.picture}"
        # Clicks are the more exact the less a picture is scaled down at the provider.
        detail = {"detail": "original"} if self._conversation.settings.native_tool else {}
        outputs = [_output(result, {"image_url": picture, **detail}) for result in results if result.call is not None]
        content: list[Item] = [{"type": "input_text", "text": "\n\n".join([*said, shown.text])}]
        showing = any(output["type"] == "computer_call_output" for output in outputs)
        if shown.picture is not None and not showing:
            content.append({"type": "input_image", "image_url": picture, **detail})
        return [*outputs, {"role": "user", "content": content}]


def _tools(request: DecisionRequest, *, native: bool) -> list[Item]:
    words, parameters = act(request, native=native)
    own = {"type": "function", "name": TOOL, "description": words, "parameters": parameters, "strict": False}
    return [{"type": COMPUTER}, own] if native else [own]


def _told(results: Sequence[Result]) -> list[str]:
    """Return in words what the outputs of calls have no room for."""
    native = [result for result in results if result.call is None or result.call.native]
    return [f"Outcome: {result.text}" for result in native]


def _output(result: Result, picture: Mapping[str, str]) -> Item:
    call = result.call
    assert call is not None  # noqa: S101 - for the type checker: only results of calls come here
    if call.native:
        output: Any = {"type": "computer_screenshot", **picture}
        return {"type": "computer_call_output", "call_id": call.call_id, "output": output, **call.fields}
    return {"type": "function_call_output", "call_id": call.call_id, "output": result.text}
