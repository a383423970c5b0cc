"""Chat Completions: the answers are those of `tests.scripted_model`; here is what its requests must be."""

from typing import Any

from tests.endpoints.rules import WrongError, demand, fields, tokens
from tests.scripted_model import Answer, RecordedRequest, error

KNOWN = (
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "tools",
    "tool_choice",
    "reasoning_effort",
    "parallel_tool_calls",
)


def check(request: RecordedRequest) -> Answer | None:
    """Return how a request is refused, or None."""
    try:
        if not request.headers.get("authorization", "").startswith("Bearer "):
            return error(401, "You didn't provide an API key.")
        body = fields("body", request.body, KNOWN, needed=("model", "messages"))
        for name in ("max_tokens", "max_completion_tokens"):
            if name in body:
                tokens(name, body[name])
        demand(body["messages"], "messages: must not be empty")
        for index, message in enumerate(body["messages"]):
            _message(f"messages[{index}]", message)
        demand(body["messages"][-1]["role"] != "assistant", "the last message must not be the assistant's")
    except WrongError as wrong:
        return error(400, str(wrong))
    return None


def _message(where: str, message: Any) -> None:
    given = fields(where, message, (), needed=("role", "content"))
    demand(given["role"] in {"system", "user", "assistant"}, f"{where}.role: unknown")
    parts = given["content"]
    if isinstance(parts, str):
        return
    for part in parts:
        kind = part.get("type")
        demand(kind in {"text", "image_url"}, f"{where}.content: Invalid value: {kind!r}")
        fields(f"{where}.content", part, (), needed=("type", kind))
