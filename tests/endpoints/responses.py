"""OpenAI's Responses: scripted answers, and what a request must be.

The rules are those of OpenAI's reference and guides ("Responses", "Computer use", "Reasoning"), and of errors that its
users have reported; their words are like those of the API.
"""

import json
from collections.abc import Mapping
from typing import Any

from tests.endpoints.rules import WrongError, demand, fields, tokens
from tests.scripted_model import Answer, RecordedRequest
from tests.scripted_model import error as refusal

KNOWN = (
    "instructions",
    "tools",
    "tool_choice",
    "store",
    "include",
    "max_output_tokens",
    "reasoning",
    "temperature",
    "truncation",
    "parallel_tool_calls",
    "metadata",
    "text",
)
FOLLOWING = frozenset({"computer_call", "function_call", "message", "reasoning"})
"""What a thought must be followed by."""


def usage(
    given: int, output: int, *, cached: int = 0, written: int | None = None, reasoning: int = 0
) -> dict[str, Any]:
    """Return the tokens of a call as the protocol spells them; `given` includes what was cached and written."""
    details = {"cached_tokens": cached} | ({} if written is None else {"cache_write_tokens": written})
    return {
        "input_tokens": given,
        "input_tokens_details": details,
        "output_tokens": output,
        "output_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": given + output,
    }


def text(words: str, **more: Any) -> dict[str, Any]:
    """Return a message."""
    content = [{"type": "output_text", "text": words, "annotations": []}]
    return {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": content, **more}


def refused(words: str) -> dict[str, Any]:
    """Return a message that refuses."""
    content = [{"type": "refusal", "refusal": words}]
    return {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": content}


def reasoning(identity: str = "rs_1") -> dict[str, Any]:
    """Return a thought, which must come back with what follows it."""
    return {"type": "reasoning", "id": identity, "summary": [], "encrypted_content": "gAAA", "status": None}


def computer(*actions: Mapping[str, Any], call_id: str = "call_1", pending: Any = ()) -> dict[str, Any]:
    """Return a call of the computer tool."""
    return {
        "type": "computer_call",
        "id": f"cu_{call_id}",
        "call_id": call_id,
        "actions": list(actions),
        "pending_safety_checks": list(pending),
        "status": "completed",
    }


def act(given: Any, *, call_id: str = "call_1", name: str = "act") -> dict[str, Any]:
    """Return a call of our tool."""
    arguments = given if isinstance(given, str) else json.dumps(given)
    return {
        "type": "function_call",
        "id": f"fc_{call_id}",
        "call_id": call_id,
        "name": name,
        "arguments": arguments,
        "status": "completed",
    }


def response(*items: Mapping[str, Any], usage: Mapping[str, Any] | None = None, **more: Any) -> Answer:
    """Answer with these items."""
    body = {
        "id": "resp_1",
        "object": "response",
        "created_at": 0,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "model": "scripted",
        "output": list(items),
        "usage": usage,
        **more,
    }
    return Answer(body=json.dumps(body).encode())


def check(request: RecordedRequest) -> Answer | None:
    """Return how a request is refused, or None."""
    try:
        demand(request.path.endswith("/responses"), f"there is no {request.path}")
        if not request.headers.get("authorization", "").startswith("Bearer "):
            return refusal(401, "You didn't provide an API key.")
        body = fields("body", request.body, KNOWN, needed=("model", "input"))
        if "max_output_tokens" in body:
            tokens("max_output_tokens", body["max_output_tokens"])
        native = _tools(body)
        _input(body["input"], stored=body.get("store", True), native=native)
    except WrongError as wrong:
        return refusal(400, str(wrong))
    return None


def _tools(body: Mapping[str, Any]) -> bool:
    """Check the tools; return whether the computer tool is among them."""
    native = False
    for index, tool in enumerate(body.get("tools", ())):
        where = f"tools[{index}]"
        if tool.get("type") == "computer":
            native = True
            fields(where, tool, ("type",))
        else:
            demand(tool.get("type") == "function", f"Invalid value: {tool.get('type')!r}")
            fields(where, tool, ("description", "strict"), needed=("type", "name", "parameters"))
    return native


def _input(items: Any, *, stored: bool, native: bool) -> None:
    demand(isinstance(items, list) and items, "input: must not be empty")
    calls: dict[str, str] = {}
    reasoned = None
    for index, item in enumerate(items):
        where = f"input[{index}]"
        kind = item.get("type", "message")
        demand(
            reasoned is None or (kind in FOLLOWING and item.get("id")),
            f"Item {reasoned!r} of type 'reasoning' was provided without its required following item.",
        )
        reasoned = None
        match kind:
            case "message" if item.get("role") == "assistant":
                fields(where, item, ("id", "status", "phase"), needed=("type", "role", "content"))
            case "message":
                fields(where, item, ("type",), needed=("role", "content"))
                _user(where, item)
            case "reasoning":
                fields(where, item, ("encrypted_content", "content"), needed=("type", "id", "summary"))
                demand(
                    stored or item.get("encrypted_content"),
                    f"Item with id {item['id']!r} not found. Items are not persisted when `store` is set to false.",
                )
                reasoned = item["id"]
            case "computer_call":
                needed = ("type", "id", "call_id", "status", "pending_safety_checks")
                fields(where, item, ("action", "actions"), needed=needed)
                demand(native, f"{where}: the computer tool is not declared")
                calls[item["call_id"]] = kind
            case "function_call":
                fields(where, item, ("id", "status"), needed=("type", "call_id", "name", "arguments"))
                calls[item["call_id"]] = kind
            case "computer_call_output" | "function_call_output":
                call = calls.pop(item.get("call_id"), None)
                name = kind.removesuffix("_output")
                demand(call == name, f"No tool call found for {name} output with call_id {item.get('call_id')}.")
                _output(where, item, items)
            case other:
                raise WrongError(f"Invalid value: {other!r}")
    demand(
        not calls,
        "; ".join(f"No tool output found for {kind.replace('_', ' ')} {name}." for name, kind in calls.items()),
    )
    demand(reasoned is None, f"Item {reasoned!r} of type 'reasoning' was provided without its required following item.")
    demand(items[0].get("role") == "user", "input: begins with what the user did not say")


def _user(where: str, item: Mapping[str, Any]) -> None:
    demand(item["role"] in {"user", "system", "developer"}, f"{where}.role: unknown")
    for part in item["content"]:
        match part.get("type"):
            case "input_text":
                fields(where, part, (), needed=("type", "text"))
            case "input_image":
                fields(where, part, ("detail",), needed=("type", "image_url"))
                _picture(where, part["image_url"])
            case other:
                raise WrongError(f"{where}: Invalid value: {other!r}")


def _output(where: str, item: Mapping[str, Any], items: list[Any]) -> None:
    if item["type"] == "function_call_output":
        fields(where, item, (), needed=("type", "call_id", "output"))
        demand(isinstance(item["output"], str), f"{where}.output: must be a string")
        return
    fields(where, item, ("acknowledged_safety_checks",), needed=("type", "call_id", "output"))
    output = fields(f"{where}.output", item["output"], ("detail",), needed=("type", "image_url"))
    demand(output["type"] == "computer_screenshot", f"{where}.output.type: unknown")
    _picture(where, output["image_url"])
    call = next(each for each in items if each.get("call_id") == item["call_id"])
    pending = {check["id"] for check in call["pending_safety_checks"]}
    known = {check["id"] for check in item.get("acknowledged_safety_checks", ())}
    demand(pending == known, f"{where}: the safety checks of the computer call have not been acknowledged")


def _picture(where: str, url: str) -> None:
    demand(url.startswith(("data:image/png;base64,", "data:image/jpeg;base64,")), f"{where}.image_url: no image")
