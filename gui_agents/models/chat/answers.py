"""What an endpoint of Chat Completions answered: the body of a completion -> actions, a sentence, and usage."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from gui_agents.domain.actions import InvalidActionError
from gui_agents.domain.model import Decision, DecisionRequest, ModelRefusedError
from gui_agents.domain.usage import Usage
from gui_agents.http.decoding import as_list, as_object
from gui_agents.models.answers.calls import TOOL, arguments
from gui_agents.models.answers.found import Found, decision_of, shown_back
from gui_agents.models.answers.text import in_text, words_in
from gui_agents.models.answers.thoughts import without_thoughts
from gui_agents.models.answers.tokens import openai_usage
from gui_agents.models.failures import refused_by_policy, reported, said_in, status_in

CUT_OFF: Final = ("length", "max_tokens", "max_output_tokens", "model_length", "model_context_window_exceeded")
"""Reasons to end an answer that are a limit's."""
BROKEN_OFF: Final = ("network_error", "insufficient_system_resource", "error", "abort", "aborted")
"""Reasons to end an answer that are a fault's: the first is Zhipu's, the second DeepSeek's."""
FILTERED: Final = (
    *("content_filter", "refusal", "safety", "sensitive", "guardrail", "prohibited", "blocklist", "recitation", "spii"),
    *("moderation", "violation"),
)
"""What stands in reasons to end an answer that are a policy's."""
TEXT_PARTS: Final = (None, "text", "output_text")


def read_usage(body: Any) -> Usage | None:
    """Return the tokens in a completion's body, or None if they are not known."""
    return openai_usage(as_object(as_object(body).get("usage")))


def read_decision(body: Any, request: DecisionRequest, *, max_tokens: int) -> Decision:
    """Return the actions in a completion's body: the calls of `act`, else the JSON object in its text.

    Raises:
        InvalidActionError: it holds none that this screen and this sandbox can take.
        FailedAttemptError: it is no completion.
        ModelRefusedError: the model or a filter refuses.
    """
    choices = as_list(as_object(body).get("choices"))
    choice = as_object(choices[0]) if choices else {}
    message = as_object(choice.get("message"))
    _check_not_refused(choice, message)
    failed = choice.get("error") or (None if message else body)
    if failed is not None:
        words = said_in(failed) or "no answer"
        # A completion without a choice, or with an error in one, comes from a gateway whose model failed.
        usual = HTTPStatus.BAD_GATEWAY if choice.get("error") or as_object(body).get("choices") == [] else None
        raise ModelRefusedError(words) if refused_by_policy(failed) else reported(words, status_in(failed) or usual)
    text = _text(message)
    calls = _calls(message)
    if _reason(choice) in BROKEN_OFF and not calls and not without_thoughts(text).strip():
        raise reported(f"finish_reason {_reason(choice)}", HTTPStatus.BAD_GATEWAY)
    try:
        return decision_of(_found(text, calls, cut_off=_cut_off(choice, body, max_tokens)), request)
    except InvalidActionError as error:
        raise shown_back(error, _said(text, calls)) from None


def _calls(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the names and arguments of calls, as the contract has them today, had them, or some servers do."""
    calls = [as_object(call) for call in as_list(message.get("tool_calls"))]
    if not calls and isinstance(message.get("function_call"), dict):
        calls = [message["function_call"]]
    return [as_object(call.get("function")) or call for call in calls]


def _found(text: str, calls: list[Mapping[str, Any]], *, cut_off: str) -> Found:
    try:
        if calls:
            given = [arguments(call.get("name"), call.get("arguments")) for call in calls]
            return Found(tuple(answer for answers in given for answer in answers), words_in(text))
        found = in_text(text, cut_off=bool(cut_off))
    except InvalidActionError as error:
        raise InvalidActionError(cut_off or error.problem) from None
    if not found.answers:
        raise InvalidActionError(
            cut_off or f"the answer holds no action; call {TOOL}, or answer with its JSON object alone"
        )
    return found


def _cut_off(choice: Mapping[str, Any], body: Any, max_tokens: int) -> str:
    """Return what cut the answer off, in words; empty if nothing did."""
    if _reason(choice) not in CUT_OFF:
        return ""
    usage = read_usage(body)
    if usage is not None and usage.output_tokens < max_tokens:
        limit = f"after {usage.output_tokens} tokens, by the endpoint's own limit or its context's"
    else:
        limit = f"by max_tokens, which is {max_tokens}"
    return f"the answer was cut off {limit}, before it held an action; think and answer shorter"


def _check_not_refused(choice: Mapping[str, Any], message: Mapping[str, Any]) -> None:
    refusal = message.get("refusal")
    parts = [as_object(part).get("refusal") for part in as_list(message.get("content"))]
    words = "\n".join(part for part in (refusal, *parts) if isinstance(part, str) and part)
    reason = _reason(choice)
    if words or any(part in reason for part in FILTERED):
        raise ModelRefusedError(words or without_thoughts(_text(message)) or f"finish_reason {reason}")


def _reason(choice: Mapping[str, Any]) -> str:
    """Return why the answer ended, in small letters."""
    reason = choice.get("finish_reason")
    return reason.lower() if isinstance(reason, str) else ""


def _text(message: Mapping[str, Any]) -> str:
    """Return what the message says, also if it comes as a list of parts."""
    content = message.get("content")
    parts = as_list(content) or [{"text": content}]
    told = [as_object(part) if isinstance(part, dict) else {"text": part} for part in parts]
    texts = [part.get("text") for part in told if part.get("type") in TEXT_PARTS]
    return "\n".join(text for text in texts if isinstance(text, str))


def _said(text: str, calls: list[Mapping[str, Any]]) -> str:
    told = [without_thoughts(text).strip()]
    told.extend(f"{call.get('name')}({call.get('arguments')})" for call in calls)
    return "\n".join(each for each in told if each)
