"""Anthropic's Messages, not streamed: the computer toolset where a model has one, and the tool `act`.

The sources: "Computer use tool", "Messages" and "Prompt caching" in Anthropic's documentation. `tool_choice` is never
sent, because newer models refuse all but `auto`, which is what is taken without it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from gui_agents.domain.model import Decision, DecisionRequest
from gui_agents.domain.secret import Secret
from gui_agents.domain.spec import Endpoint
from gui_agents.domain.usage import Usage
from gui_agents.http.decoding import as_object
from gui_agents.models.answers.calls import TOOL
from gui_agents.models.chat.prompts import system_prompt
from gui_agents.models.features import NOTHING, Lacking
from gui_agents.models.messages.answers import read_answer, read_call, read_usage, without_thinking
from gui_agents.models.messages.members import TOOLSET, disabled
from gui_agents.models.native.calls import act
from gui_agents.models.native.conversation import Conversation
from gui_agents.models.native.prompts import SYSTEM_PROMPT
from gui_agents.models.native.transcript import Result, Screen, Transcript

VERSION: Final = "2023-06-01"
"""Of the API; without it a request is refused."""
CACHED: Final = {"cache_control": {"type": "ephemeral"}}
"""Marks the end of what is worth caching, for 5 minutes."""
Block = dict[str, Any]


class MessagesDialect:
    """Messages with the model at `endpoint`; one instance serves one task."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        # A model whose thinking is switched on by hand demands its thoughts back, and binds them to nothing.
        by_hand = as_object(endpoint.settings.extra_body.get("thinking")).get("type") == "enabled"
        transcript = Transcript(endpoint.settings, *(() if by_hand else (without_thinking,)))
        self._conversation = Conversation(endpoint.settings, transcript, read_call)

    @property
    def path(self) -> str:
        """The path below the base URL, which may end in the version of the API or not."""
        base = urlsplit(self._endpoint.base_url).path.rstrip("/")
        return "/messages" if base.endswith("/v1") else "/v1/messages"

    def headers(self, key: Secret | None) -> Mapping[str, str]:
        """Return the version of the API, and the key."""
        identity = {} if key is None else {"x-api-key": key.reveal()}
        return {"anthropic-version": VERSION, **identity}

    def question(self, request: DecisionRequest, lacking: Lacking = NOTHING) -> dict[str, Any]:
        """Return the body of a request; see `Dialect`."""
        shown = self._conversation.ask(request, lacking)
        settings = self._conversation.settings
        prompt = SYSTEM_PROMPT if settings.native_tool else system_prompt(request.coordinates)
        return {
            "model": self._endpoint.model,
            settings.token_field or "max_tokens": settings.max_tokens,
            "system": [{"type": "text", "text": prompt, **CACHED}],
            **({"tools": _tools(request, native=settings.native_tool)} if settings.tools else {}),
            "messages": _messages(self._conversation.transcript, shown),
        }

    def read_usage(self, body: Any) -> Usage | None:
        """Return the tokens in an answer's body; see `Dialect`."""
        return read_usage(body)

    def read_decision(self, body: Any, request: DecisionRequest, max_tokens: int | None = None) -> Decision:
        """Return what an answer decides; see `Dialect`."""
        return self._conversation.decide(
            read_answer(body, max_tokens=max_tokens or self._endpoint.settings.max_tokens), request
        )


def _tools(request: DecisionRequest, *, native: bool) -> list[Block]:
    words, parameters = act(request, native=native)
    own = {"name": TOOL, "description": words, "input_schema": parameters}
    if not native:
        return [own]
    off = {name: {"enabled": False} for name in disabled(request.supported)}
    return [{"type": TOOLSET, "configs": off}, own]


def _messages(transcript: Transcript, shown: Screen) -> list[Block]:
    """Return the conversation: the messages alternate, and the results of calls come first in theirs."""
    messages: list[Block] = []
    blocks: list[Block] = [{"type": "text", "text": transcript.opening}]
    for round_ in transcript.rounds:
        messages.append({"role": "user", "content": _with_screen(blocks, round_.screen)})
        messages.append({"role": "assistant", "content": list(round_.answer.content)})
        blocks = [_result(result) for result in round_.results]
    messages.append({"role": "user", "content": _with_screen(blocks, shown)})
    # The second mark finds what the question before this one has written.
    for message in messages[-1:-4:-2]:
        message["content"][-1] |= CACHED
    return messages


def _result(result: Result) -> Block:
    if result.call is None:
        return {"type": "text", "text": f"Outcome: {result.text}"}
    block: Block = {"type": "tool_result", "tool_use_id": result.call.call_id, **result.call.fields}
    if result.failed:
        # A result that failed may hold text alone.
        return {**block, "content": result.text, "is_error": True}
    return {**block, "content": [{"type": "text", "text": result.text or "OK"}]}


def _with_screen(blocks: Sequence[Block], shown: Screen) -> list[Block]:
    """Return the blocks with the screen: in the last result, or behind it where that has failed.

    A text behind results teaches models to stop after their calls, so it stands there only if it must.
    """
    seen: list[Block] = [{"type": "text", "text": shown.text}]
    if shown.picture is not None:
        source = {"type": "base64", "media_type": shown.media_type, "data": shown.picture}
        seen.append({"type": "image", "source": source})
    last = blocks[-1]
    if last["type"] == "tool_result" and "is_error" not in last:
        return [*blocks[:-1], {**last, "content": [*last["content"], *seen]}]
    return [*blocks, *seen]
