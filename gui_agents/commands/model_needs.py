"""Which settings a model needs, by what its endpoint refused: an entry of MODELS_FILE.

What endpoints refuse of a feature, `models.features` knows, and a task finds it out by itself. What is read here are
refusals that no task can mend.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from gui_agents.domain.model_settings import ModelSettings, WireProtocol
from gui_agents.models.chat.dialect import TOKEN_FIELDS
from gui_agents.models.features import Feature, Lacking

LEAST_TOKENS: Final = 16
"""Of an answer, as MODELS_FILE takes them."""
LEAST_CONTEXT: Final = 512
ANSWERS_SHARE: Final = 4
"""The answer gets one part in so many of a context."""
TURNS_IN_CONTEXT: Final = 8
"""Past turns that are shown where the context limits them."""

_NUMBER: Final = re.compile(r"(?<![\w.-])[0-9]{2,7}(?![\w-])")
_THINKING: Final = re.compile(r"enable_thinking")
_EFFORT: Final = re.compile(r"reasoning_effort")
_TOKENS: Final = re.compile(r"max_(?:completion_|output_|new_)?tokens|completion tokens|output tokens")
_CONTEXT: Final = re.compile(
    r"(?:context|max_model_len|maximum sequence length|n_ctx)[^0-9]{0,60}(?P<tokens>[0-9]{3,8})(?![0-9])"
)


def needed(settings: ModelSettings, said: str) -> dict[str, Any]:
    """Return the fields of the settings that a refusal asks to change; empty if it names none that is known.

    `said` are the words of the endpoint alone, because the name of a host holds numbers, too.
    """
    words = said.lower()
    if _THINKING.search(words):
        return _added(settings, {"enable_thinking": False})
    if _EFFORT.search(words) and "none" in words:
        return _added(settings, {"reasoning_effort": "none"})
    found = _CONTEXT.search(words)
    context = int(found["tokens"]) if found is not None else 0
    if context >= LEAST_CONTEXT and context // ANSWERS_SHARE < settings.max_tokens:
        return {
            "max_tokens": context // ANSWERS_SHARE,
            "history_turns": min(settings.history_turns, TURNS_IN_CONTEXT),
            "history_characters": min(settings.history_characters, context),
        }
    allowed = [number for number in map(int, _NUMBER.findall(words)) if LEAST_TOKENS <= number < settings.max_tokens]
    if _TOKENS.search(words) and allowed:
        return {"max_tokens": max(allowed)}
    return {}


def without(settings: ModelSettings, lacking: Lacking) -> dict[str, Any]:
    """Return the fields of the settings that ask for none of the features that an endpoint lacks."""
    changes: dict[str, Any] = {}
    if Feature.PICTURES in lacking:
        changes["pictures"] = False
    if Feature.TOOLS in lacking:
        changes["tools"] = False
    elif Feature.TOOL_CHOICE in lacking:
        changes |= _added(settings, {"tool_choice": None})
    if Feature.COMPUTER_TOOL in lacking:
        changes["native_tool"] = False
    if Feature.TOKEN_FIELD in lacking and settings.protocol is WireProtocol.CHAT:
        newer, older = TOKEN_FIELDS
        changes["token_field"] = older if settings.token_field == newer else newer
    if Feature.ENCRYPTED_REASONING in lacking:
        changes |= _added(settings, {"include": None})
    return changes


def entry(model: str, settings: ModelSettings, changes: Mapping[str, Any]) -> str:
    """Return the entry of MODELS_FILE that makes the changes; empty if they are none.

    What `extra_body` has already is not shown: it may hold keys.
    """
    lines = []
    for field, value in changes.items():
        if value == getattr(settings, field):
            continue
        if field != "extra_body":
            lines.append(f"  {field}: {value if isinstance(value, str) else json.dumps(value)}")
            continue
        known = settings.extra_body
        new = {name: each for name, each in value.items() if name not in known or known[name] != each}
        beside = f"  # beside {', '.join(sorted(known))}" if known else ""
        lines.append(f"  {field}: {json.dumps(new)}{beside}")
    return "\n".join([f'"{model}":', *lines]) if lines else ""


def _added(settings: ModelSettings, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return `extra_body` with more fields, or nothing if it has them: then the endpoint wants something else."""
    body = {**settings.extra_body, **fields}
    return {} if body == settings.extra_body else {"extra_body": body}


def calls_a_tool(body: Any) -> bool:
    """Tell whether the answer in a body, of any protocol, calls a tool."""
    if not isinstance(body, Mapping):
        return False
    messages = [choice.get("message") for choice in _maps(body.get("choices"))]
    if any(message.get("tool_calls") or message.get("function_call") for message in _maps(messages)):
        return True
    parts = (*_maps(body.get("output")), *_maps(body.get("content")))
    return any(str(part.get("type")).endswith(("_call", "tool_use")) for part in parts)


def _maps(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
