"""The most tokens that a question can count, known before it is asked.

A token of text is at least one byte of it. Pictures count by their size, each provider in its own way: the bound is
above those of OpenAI, Anthropic, Gemini, Qwen, Llama, Pixtral and InternVL as of 2026. Endpoints add some tokens that
nobody sees: of the templates of chats, and of instructions for tools.
"""

from collections.abc import Mapping
from math import ceil
from typing import Any, Final

from gui_agents.domain.usage import CallBound

HIDDEN: Final = 300
"""Tokens that an endpoint adds to a question."""
HIDDEN_FOR_TOOLS: Final = 2000
"""Tokens that it adds for tools: instructions, and the descriptions of tools that it knows itself."""
HIDDEN_FOR_A_COMPUTER: Final = 7000
"""Tokens that it adds for its own computer tool: Anthropic's documentation says about 4,590."""
LEAST_FOR_A_PICTURE: Final = 6500
"""Llama's vision models count any picture as up to 6,404 tokens."""
PATCH: Final = 28
"""Pixels of the side of the smallest patch that counts as one token."""
FOR_A_PATCH: Final = 2.5
"""Small models of OpenAI count 2.46 tokens for each patch."""
TILE: Final = 512
MINI: Final = "4o-mini"
"""This model's pictures are billed as 2,833 tokens, and 5,667 for each tile."""
PICTURE: Final = "data:image/"
MEDIA_TYPE: Final = "media_type"
LIMITS: Final = ("max_tokens", "max_completion_tokens", "max_output_tokens", "num_predict")


def bound_of(
    provider: str, model: str, question: Mapping[str, Any], content: bytes, screen: tuple[int, int]
) -> CallBound:
    """Return the most that a call can use.

    `content` is the encoded `question`; no picture in it is larger than the `screen`, in pixels.
    """
    pictures = _pictures(question)
    text = len(content) - sum(pictures)
    given = text + _hidden(question.get("tools")) + len(pictures) * _for_a_picture(model, *screen)
    choices = question.get("n")
    return CallBound(provider, model, given, _output(question) * (choices if isinstance(choices, int) else 1))


def _hidden(tools: Any) -> int:
    if not tools:
        return HIDDEN
    kinds = [str(tool.get("type")) for tool in tools if isinstance(tool, Mapping)] if isinstance(tools, list) else []
    own = any(kind.startswith("computer") for kind in kinds)
    return HIDDEN_FOR_TOOLS + (HIDDEN_FOR_A_COMPUTER if own else 0)


def _output(question: Mapping[str, Any]) -> int:
    limits = [question[name] for name in LIMITS if isinstance(question.get(name), int)]
    return max(limits, default=0)


def _for_a_picture(model: str, width: int, height: int) -> int:
    patches = ceil(width / PATCH) * ceil(height / PATCH)
    most = max(LEAST_FOR_A_PICTURE, ceil(patches * FOR_A_PATCH))
    if MINI in model:
        most = max(most, 2833 + 5667 * ceil(width / TILE) * ceil(height / TILE))
    return most


def _pictures(question: Any) -> list[int]:
    """Return the bytes of each picture in a question; without recursion."""
    found = []
    waiting = [question]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            if value.startswith(PICTURE):
                found.append(len(value))
        elif isinstance(value, list | tuple):
            waiting.extend(value)
        elif isinstance(value, Mapping):
            data = value.get("data")
            if MEDIA_TYPE in value and isinstance(data, str):
                found.append(len(data))
            else:
                waiting.extend(value.values())
    return found
