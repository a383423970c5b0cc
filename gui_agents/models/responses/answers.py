"""What an endpoint of OpenAI's Responses answered.

The sources: the reference of the Responses API and the guides "Computer use" and "Reasoning" in OpenAI's documentation.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from gui_agents.domain.model import ModelRefusedError
from gui_agents.domain.usage import Usage
from gui_agents.http.decoding import as_list, as_object
from gui_agents.models.answers.calls import arguments
from gui_agents.models.answers.tokens import openai_usage
from gui_agents.models.failures import FailedAttemptError, reported, said_in, status_in
from gui_agents.models.native.calls import Fields, Point, Wish, check_number, pointer, said, word
from gui_agents.models.native.conversation import Heard
from gui_agents.models.native.transcript import Call
from gui_agents.models.responses.computer import steps

COMPUTER: Final = "computer"
COMPUTER_CALL: Final = "computer_call"
FUNCTION_CALL: Final = "function_call"
SENT_BACK: Final = frozenset({"reasoning", "message", COMPUTER_CALL, FUNCTION_CALL})
"""Items of an answer that may stand in the input of the next request."""
UNFINISHED: Final = frozenset({"queued", "in_progress", "cancelled"})
INCOMPLETE: Final = "incomplete"
FILTERED: Final = "content_filter"
COMMENTARY: Final = "commentary"
"""The phase of a message that is not the last word."""


def read_usage(body: Any) -> Usage | None:
    """Return the tokens in an answer's body, or None if they are not known.

    `input_tokens` includes what came from a cache and what was written to one, `output_tokens` the reasoning.
    """
    return openai_usage(as_object(as_object(body).get("usage")))


def read_answer(body: Any, *, max_tokens: int) -> Heard:
    """Return what an answer's body holds.

    Raises:
        FailedAttemptError: it is no response, or one that failed.
        ModelRefusedError: the model or a filter refuses.
    """
    answer = as_object(body)
    error = answer.get("error")
    if error or not isinstance(answer.get("output"), list):
        raise reported(said_in(error or body) or "no answer", status_in(error or body))
    status = word(answer.get("status"))
    if status in UNFINISHED or status == "failed":
        raise FailedAttemptError(f"the response is {status}", retryable=status != "failed")
    items = [as_object(item) for item in as_list(answer.get("output"))]
    parts = [
        as_object(part) for item in items if item.get("type") == "message" for part in as_list(item.get("content"))
    ]
    text = "\n".join(word(part.get("text")) for part in parts if part.get("type") == "output_text")
    refusals = [word(part.get("refusal")) for part in parts if part.get("type") == "refusal"]
    reason = word(as_object(answer.get("incomplete_details")).get("reason"))
    if refusals or reason == FILTERED:
        raise ModelRefusedError("\n".join(filter(None, [*refusals, text])) or FILTERED)
    wishes = [_wish(item) for item in items if word(item.get("type")) in {COMPUTER_CALL, FUNCTION_CALL}]
    return Heard(
        content=[_without_nothing(item) for item in items if _is_sent_back(item)],
        wishes=wishes,
        text=text,
        problem=_problem(answer, items, reason, max_tokens),
        unfinished=_unfinished(items),
        said=said(text, wishes),
    )


def read_call(wish: Wish, at: Point | None) -> Sequence[Fields]:
    """Return the actions of one call.

    Raises:
        InvalidActionError: it is not possible here.
    """
    if not wish.call.native:
        return [dict(given) for given in arguments(wish.name, wish.given)]
    check_number(len(wish.given))
    fields: list[Fields] = []
    for given in wish.given:
        fields += steps(given, pointer(fields, at))
    return fields


def safety_checks(body: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the safety checks that an answer leaves to the caller."""
    for item in as_list(as_object(body).get("output")):
        yield from _pending(as_object(item))


def in_words(checks: Sequence[Mapping[str, Any]]) -> str:
    """Return the safety checks in words."""
    told = [" ".join(str(check[name]) for name in ("code", "message") if check.get(name)) for check in checks]
    return "; ".join(filter(None, told)) or f"{len(checks)} safety checks"


def _pending(item: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    given = item.get("pending_safety_checks")
    return [as_object(check) for check in (given if isinstance(given, list) else [given]) if check]


def _wish(item: Mapping[str, Any]) -> Wish:
    call_id = word(item.get("call_id"))
    if item.get("type") == FUNCTION_CALL:
        call = Call(call_id=call_id, native=False)
        return Wish(name=word(item.get("name")), call=call, given=item.get("arguments"))
    pending = _pending(item)
    fields = {"acknowledged_safety_checks": pending} if pending else {}
    # The first release of the tool had one action in a call; the list is what came after it.
    given = as_list(item.get("actions")) or [item.get("action")]
    return Wish(name=COMPUTER, call=Call(call_id=call_id, native=True, fields=fields), given=given)


def _is_sent_back(item: Mapping[str, Any]) -> bool:
    """Tell whether an item may stand in a request; reasoning may only if it is encrypted, as nothing is stored."""
    kind = word(item.get("type"))
    return kind in SENT_BACK and (kind != "reasoning" or bool(item.get("encrypted_content")))


def _without_nothing(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an item without empty fields, some of which are refused in a request."""
    return {name: value for name, value in item.items() if value is not None}


def _problem(answer: Mapping[str, Any], items: Sequence[Mapping[str, Any]], reason: str, max_tokens: int) -> str:
    """Return what cut the answer off, also if only its items or its details say so."""
    whole = not any(item.get("status") == INCOMPLETE for item in (answer, *items))
    if whole and not answer.get("incomplete_details"):
        return ""
    limit = (
        f"by max_output_tokens, which is {max_tokens}"
        if reason == "max_output_tokens"
        else f"({reason or INCOMPLETE:.60})"
    )
    return f"the answer was cut off {limit}; answer shorter"


def _unfinished(items: Sequence[Mapping[str, Any]]) -> str:
    """Return what is wrong with an answer without calls whose last message says that there is more to come."""
    phases = [item.get("phase") for item in items if item.get("type") == "message"]
    return "the answer announces an action, and holds none" if phases and phases[-1] == COMMENTARY else ""
