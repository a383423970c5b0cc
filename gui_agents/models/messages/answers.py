"""What an endpoint of Anthropic's Messages answered.

The sources: "Messages", "Stop reasons", "Prompt caching" and "Errors" in Anthropic's documentation.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gui_agents.domain.model import ModelRefusedError
from gui_agents.domain.usage import Usage
from gui_agents.http.decoding import as_list, as_object
from gui_agents.models.answers.calls import arguments
from gui_agents.models.answers.tokens import Counts, count, usage_of
from gui_agents.models.failures import FailedAttemptError, reported, said_in, status_in
from gui_agents.models.messages.members import TOOLSET_NAME, steps
from gui_agents.models.native.calls import Fields, Point, Wish, said, word
from gui_agents.models.native.conversation import Heard
from gui_agents.models.native.transcript import Call

SENT_BACK: Final = frozenset({"text", "thinking", "redacted_thinking", "tool_use"})
"""Blocks that may stand in a message of the assistant."""
THOUGHTS: Final = frozenset({"thinking", "redacted_thinking"})
REFUSED: Final = "refusal"
PAUSED: Final = "pause_turn"
ENDED: Final = frozenset({"end_turn", "stop_sequence"})
"""Reasons with which a model has said all that it wanted to say."""
CUT_OFF: Final[Mapping[str, str]] = {
    "max_tokens": "by max_tokens, which is {max_tokens}",
    "model_context_window_exceeded": "because the model's context is full",
}


def read_usage(body: Any) -> Usage | None:
    """Return the tokens in an answer's body, or None if they are not known.

    `input_tokens` counts neither what came from a cache nor what was written to one.
    """
    usage = as_object(as_object(body).get("usage"))
    plain, output = count(usage.get("input_tokens")), count(usage.get("output_tokens"))
    cached = count(usage.get("cache_read_input_tokens")) or 0
    lives = as_object(usage.get("cache_creation"))
    hour = count(lives.get("ephemeral_1h_input_tokens")) or 0
    minutes = count(lives.get("ephemeral_5m_input_tokens")) or 0
    written = max(count(usage.get("cache_creation_input_tokens")) or 0, hour + minutes)
    return usage_of(
        Counts(
            prompt=None if plain is None else plain + cached + written,
            output=output,
            cached=cached,
            cache_write=written,
            cache_write_hour=hour,
        )
    )


def read_answer(body: Any, *, max_tokens: int) -> Heard:
    """Return what an answer's body holds.

    Raises:
        FailedAttemptError: it is no message.
        ModelRefusedError: the model or a policy refuses.
    """
    message = as_object(body)
    if message.get("type") == "error" or not isinstance(message.get("content"), list):
        raise reported(said_in(body) or "no answer", status_in(message.get("error") or body))
    blocks = [as_object(block) for block in as_list(message.get("content"))]
    text = "\n".join(word(block.get("text")) for block in blocks if block.get("type") == "text")
    wishes = [_wish(block) for block in blocks if block.get("type") == "tool_use"]
    reason = word(message.get("stop_reason"))
    if reason == REFUSED:
        details = as_object(message.get("stop_details"))
        words = (details.get("explanation"), text, details.get("category"))
        raise ModelRefusedError(next(filter(None, map(word, words)), "stop_reason refusal"))
    if reason == PAUSED and not wishes:
        raise FailedAttemptError("the turn was paused", retryable=True)
    limit = CUT_OFF.get(reason, "").format(max_tokens=max_tokens)
    return Heard(
        content=[block for block in blocks if _is_sent_back(block)],
        wishes=wishes,
        text=text,
        problem=f"the answer was cut off {limit}; answer shorter" if limit else "",
        unfinished=""
        if reason in ENDED
        else f"the answer holds no call, and its stop_reason is {reason or None!r:.40}",
        said=said(text, wishes),
    )


def read_call(wish: Wish, at: Point | None) -> Sequence[Fields]:
    """Return the actions of one call.

    Raises:
        InvalidActionError: it is not possible here.
    """
    if wish.call.native:
        return steps(wish.name, wish.given, at)
    return [dict(given) for given in arguments(wish.name, wish.given)]


def without_thinking(content: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Return an answer without its thoughts, which newer models bind to all that was said before them.

    See "Preserved thinking" in Anthropic's documentation. The models that do so take answers without thoughts.
    """
    return [block for block in content if block.get("type") not in THOUGHTS]


def _is_sent_back(block: Mapping[str, Any]) -> bool:
    """Tell whether a block may stand in a request; an empty text may not."""
    kind = word(block.get("type"))
    return kind in SENT_BACK and (kind != "text" or word(block.get("text")).strip() != "")


def _wish(block: Mapping[str, Any]) -> Wish:
    """Return a call; a member of the toolset says which toolset it is of, and its result must say so too."""
    native = block.get("toolset_name") == TOOLSET_NAME
    fields = {"toolset_name": TOOLSET_NAME} if native else {}
    call = Call(call_id=word(block.get("id")), native=native, fields=fields)
    return Wish(name=word(block.get("name")), call=call, given=block.get("input"))
