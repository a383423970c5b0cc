"""Anthropic's Messages: scripted answers, and what a request must be.

The rules are those of Anthropic's documentation ("Messages", "Handle tool calls", "Computer use tool", "Preserved
thinking", "Errors"), and their words are like those of the API.
"""

import json
from collections.abc import Mapping
from typing import Any

from tests.endpoints.rules import WrongError, demand, fields, tokens
from tests.scripted_model import Answer, RecordedRequest

NAMES = """
screenshot zoom left_click right_click middle_click double_click triple_click left_click_drag mouse_move left_mouse_down
left_mouse_up cursor_position scroll type key hold_key wait
"""
MEMBERS = frozenset(NAMES.split())
KNOWN = (
    "system",
    "tools",
    "tool_choice",
    "thinking",
    "temperature",
    "metadata",
    "output_config",
    "stop_sequences",
    "service_tier",
)
MARKS = 4
"""How many breakpoints of the cache a request may have."""
MAX_PICTURES = 100
TYPES = {400: "invalid_request_error", 401: "authentication_error", 429: "rate_limit_error", 529: "overloaded_error"}


def usage(plain: int, output: int, *, read: int = 0, written: int = 0, hour: int = 0) -> dict[str, Any]:
    """Return the tokens of a call as the protocol spells them; `written` includes `hour`, `plain` neither."""
    return {
        "input_tokens": plain,
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": written,
        "cache_creation": {"ephemeral_5m_input_tokens": written - hour, "ephemeral_1h_input_tokens": hour},
        "output_tokens": output,
        "service_tier": "standard",
    }


def text(words: str) -> dict[str, Any]:
    """Return a block of text."""
    return {"type": "text", "text": words}


def thinking(signature: str = "EqQB") -> dict[str, Any]:
    """Return a thought, which must come back as it is."""
    return {"type": "thinking", "thinking": "", "signature": signature}


def member(name: str, given: Mapping[str, Any] | None = None, *, call_id: str = "toolu_1") -> dict[str, Any]:
    """Return a call of the computer toolset."""
    return {"type": "tool_use", "id": call_id, "name": name, "toolset_name": "computer", "input": dict(given or {})}


def act(given: Mapping[str, Any], *, call_id: str = "toolu_1", name: str = "act") -> dict[str, Any]:
    """Return a call of our tool."""
    return {"type": "tool_use", "id": call_id, "name": name, "input": dict(given)}


def message(
    *blocks: Mapping[str, Any], usage: Mapping[str, Any] | None = None, stop_reason: str | None = None, **more: Any
) -> Answer:
    """Answer with these blocks."""
    called = any(block["type"] == "tool_use" for block in blocks)
    body: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "scripted",
        "content": list(blocks),
        "stop_reason": stop_reason or ("tool_use" if called else "end_turn"),
        "stop_sequence": None,
        **more,
    }
    if usage is not None:
        body["usage"] = usage
    return Answer(body=json.dumps(body).encode())


def error(
    status: int, words: str = "scripted error", *, kind: str | None = None, answered: int | None = None
) -> Answer:
    """Answer with an error; `answered` is the HTTP status if it is not `status`."""
    told = {"type": "error", "error": {"type": kind or TYPES.get(status, "api_error"), "message": words}}
    return Answer(status=status if answered is None else answered, body=json.dumps(told).encode())


def check(request: RecordedRequest) -> Answer | None:
    """Return how a request is refused, or None."""
    try:
        demand(request.path == "/v1/messages", f"there is no {request.path}")
        demand(request.headers.get("anthropic-version") == "2023-06-01", "anthropic-version: header is required")
        if not request.headers.get("x-api-key"):
            return error(401, "x-api-key header is required")
        body = fields("body", request.body, KNOWN, needed=("model", "max_tokens", "messages"))
        tokens("max_tokens", body["max_tokens"])
        native = _tools(body)
        _messages(body["messages"], native=native)
        marks = json.dumps(body).count('"cache_control"')
        demand(marks <= MARKS, f"A maximum of {MARKS} blocks with cache_control may be provided. Found {marks}.")
    except WrongError as wrong:
        return error(400, str(wrong))
    return None


def _tools(body: Mapping[str, Any]) -> bool:
    """Check the tools; return whether the computer toolset is among them."""
    native = False
    for index, tool in enumerate(body.get("tools", ())):
        where = f"tools.{index}"
        if tool.get("type") == "computer_toolset_20260801":
            native = True
            given = fields(where, tool, ("type", "configs", "cache_control", "allowed_callers"))
            configs = given.get("configs", {})
            for name, config in configs.items():
                demand(name in MEMBERS, f"{where}.configs.{name}: Extra inputs are not permitted")
                fields(f"{where}.configs.{name}", config, ("enabled", "defer_loading"))
            off = {name for name, config in configs.items() if config.get("enabled") is False}
            demand(off < MEMBERS, f"{where}.configs: all members are disabled")
        else:
            fields(where, tool, ("type", "description", "cache_control"), needed=("name", "input_schema"))
            demand(tool["name"] != "computer", f"{where}.name: computer is the toolset's")
    return native


def _messages(messages: Any, *, native: bool) -> None:
    demand(isinstance(messages, list) and messages, "messages: at least one message is required")
    waiting: dict[str, str | None] = {}
    pictures = 0
    for index, message in enumerate(messages):
        where = f"messages.{index}"
        given = fields(where, message, (), needed=("role", "content"))
        role = "assistant" if index % 2 else "user"
        demand(given["role"] == role, f"{where}: roles must alternate between user and assistant, and begin with user")
        content = given["content"]
        demand(isinstance(content, list) and content, f"{where}.content: must not be empty")
        if role == "user":
            pictures += _user(where, content, waiting)
            waiting = {}
        else:
            waiting = _assistant(where, content, native=native)
    demand(messages[-1]["role"] == "user", "the conversation must end with a user message")
    demand(pictures <= MAX_PICTURES, "too many images")


def _user(where: str, content: list[Any], waiting: Mapping[str, str | None]) -> int:
    """Check a message of the user; return how many pictures it has."""
    answered: list[str] = []
    pictures = 0
    for position, block in enumerate(content):
        if block.get("type") == "tool_result":
            demand(len(answered) == position, f"{where}: tool_result blocks must come first")
            given = fields(
                where, block, ("content", "is_error", "toolset_name", "cache_control"), needed=("type", "tool_use_id")
            )
            identity = given["tool_use_id"]
            demand(
                identity in waiting,
                f"{where}: unexpected `tool_use_id` found in `tool_result` blocks: {identity}. Each `tool_result` block"
                " must have a corresponding `tool_use` block in the previous message.",
            )
            demand(given.get("toolset_name") == waiting[identity], f"{where}: toolset_name is not that of the tool_use")
            demand(identity not in answered, f"{where}: each tool_use must have a single result")
            answered.append(identity)
            inner = given.get("content", [])
            inner = [text(inner)] if isinstance(inner, str) else inner
            kinds = {part["type"] for part in inner}
            demand(
                not given.get("is_error") or kinds <= {"text"}, f"{where}: all content must be type text if is_error"
            )
        else:
            inner = [block]
        for part in inner:
            pictures += _part(where, part)
    missing = sorted(set(waiting) - set(answered))
    demand(
        not missing,
        f"{where}: `tool_use` ids were found without `tool_result` blocks immediately after: {', '.join(missing)}",
    )
    return pictures


def _part(where: str, part: Any) -> int:
    match part.get("type"):
        case "text":
            fields(where, part, ("cache_control",), needed=("type", "text"))
            demand(part["text"], f"{where}: text content blocks must be non-empty")
            return 0
        case "image":
            given = fields(where, part, ("cache_control",), needed=("type", "source"))
            source = fields(where, given["source"], (), needed=("type", "media_type", "data"))
            demand(source["media_type"] in {"image/png", "image/jpeg"}, f"{where}: unknown media_type")
            demand(source["data"], f"{where}: image is empty")
            return 1
        case other:
            raise WrongError(f"{where}: Input tag {other!r} found using 'type' does not match any of the expected tags")


def _assistant(where: str, content: list[Any], *, native: bool) -> dict[str, str | None]:
    """Check a message of the assistant; return the calls that need results, with their toolsets."""
    calls: dict[str, str | None] = {}
    for block in content:
        match block.get("type"):
            case "text":
                fields(where, block, (), needed=("type", "text"))
                demand(block["text"], f"{where}: text content blocks must be non-empty")
            case "thinking":
                fields(where, block, (), needed=("type", "thinking", "signature"))
            case "redacted_thinking":
                fields(where, block, (), needed=("type", "data"))
            case "tool_use":
                given = fields(where, block, ("toolset_name", "caller"), needed=("type", "id", "name", "input"))
                demand(isinstance(given["input"], dict), f"{where}: input must be an object")
                demand(given["id"] not in calls, f"{where}: `tool_use` ids must be unique")
                demand(native or "toolset_name" not in given, f"{where}: no toolset is declared")
                calls[given["id"]] = given.get("toolset_name")
            case other:
                raise WrongError(f"{where}: Input tag {other!r} does not match any of the expected tags")
    return calls


class BoundThoughts:
    """Checks as newer models do that nothing before a thought has changed since the model had it.

    "Preserved thinking": the prefix of a thought is the system prompt, the tools and all messages before it, other
    thoughts included. Give the answers by `answer`, which makes each thought's signature.
    """

    def __init__(self) -> None:
        self._prefixes: dict[str, str] = {}

    def answer(self, request: RecordedRequest, *blocks: Mapping[str, Any]) -> Answer:
        """Answer with a thought before these blocks."""
        signature = f"signature-{request.index}"
        self._prefixes[signature] = _prefix(request.body, request.body["messages"])
        return message(thinking(signature), *blocks)

    def check(self, request: RecordedRequest) -> Answer | None:
        """Return how a request is refused, or None."""
        refused = check(request)
        if refused is not None:
            return refused
        messages = request.body["messages"]
        for index, each in enumerate(messages):
            for block in each["content"]:
                if block["type"] == "thinking":
                    same = self._prefixes.get(block["signature"]) == _prefix(request.body, messages[:index])
                    if not same:
                        return error(
                            400,
                            f"messages.{index}.content.0: Invalid `signature` in `thinking` block. The block is bound"
                            " to a different conversation.",
                        )
        return None


def _prefix(body: Mapping[str, Any], messages: list[Any]) -> str:
    return json.dumps(_unmarked([body.get("system"), body.get("tools"), messages]), sort_keys=True)


def _unmarked(value: Any) -> Any:
    """Return a value without the marks of the cache, which are no content."""
    if isinstance(value, dict):
        return {name: _unmarked(inner) for name, inner in value.items() if name != "cache_control"}
    return [_unmarked(inner) for inner in value] if isinstance(value, list) else value
