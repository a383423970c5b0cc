"""The most tokens that a question can count, known before it is asked.

A token of text is at least one byte of it. Pictures count by their size, each provider in its own way: the bound is
above those of OpenAI, Anthropic, Gemini, Qwen, Llama, Pixtral and InternVL as of 2026. Endpoints add some tokens that
nobody sees: of the templates of chats, and of instructions for tools.
"""

from collections.abc import Mapping
from fractions import Fraction
from math import ceil
from typing import Any, Final

from gui_agents.domain.model_settings import DEFAULT_SETTINGS, WireProtocol
from gui_agents.domain.spec import Endpoint, ModelChoice
from gui_agents.domain.usage import CallBound
from gui_agents.models.chat.prompts import system_prompt
from gui_agents.models.excess import AS_BOUNDED
from gui_agents.models.native.prompts import SYSTEM_PROMPT

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
LIMITS: Final = frozenset({"max_tokens", "max_completion_tokens", "max_output_tokens"})
LEAST_OUTPUT: Final = 1024
"""With fewer tokens, the reasoning or the arguments of an answer are likely to be cut off."""


def bound_of(
    endpoint: Endpoint,
    question: Mapping[str, Any],
    content: bytes,
    largest: tuple[int, int],
    factor: Fraction = AS_BOUNDED,
) -> CallBound:
    """Return the most that a call can use.

    `content` is the encoded `question`; no picture in it is larger than the `largest`, in pixels. `factor` raises the
    bound of the input.
    """
    # Tools hold no pictures, and many small values.
    pictures = _pictures({**question, "tools": None})
    text = len(content) - sum(pictures)
    given = text + _hidden(question.get("tools")) + len(pictures) * _for_a_picture(endpoint.model, *largest)
    limits = [question[name] for name in _limits(endpoint, question)]
    limit = max(limits, default=endpoint.settings.max_tokens)
    answers = _answers(question)
    return CallBound(
        provider=endpoint.provider,
        model=endpoint.model,
        input_tokens=ceil(given * factor),
        output_tokens=limit * answers,
        least_output_tokens=min(limit, LEAST_OUTPUT) * answers,
    )


def smallest_call(choice: ModelChoice) -> CallBound:
    """Return what is reserved for any call to this model, and for the shortest answer that is worth asking for.

    That is what it is always sent; the task and its screen come on top of it.
    """
    settings = DEFAULT_SETTINGS if choice.endpoint is None else choice.endpoint.settings
    own = settings.protocol is not WireProtocol.CHAT and settings.native_tool
    prompt = SYSTEM_PROMPT if own else system_prompt(settings.coordinates)
    tools = [{"type": "computer" if own else "function"}] if settings.tools else []
    picture = _for_a_picture(choice.model, 1, 1) if settings.pictures else 0
    given = len(prompt.encode()) + _hidden(tools) + picture
    return CallBound(choice.provider, choice.model, given, min(settings.max_tokens, LEAST_OUTPUT))


def limited(endpoint: Endpoint, question: Mapping[str, Any], output_tokens: int) -> dict[str, Any]:
    """Return a question that asks for no more output than so many tokens."""
    most = output_tokens // _answers(question)
    return {**question, **{name: min(question[name], most) for name in _limits(endpoint, question)}}


def _hidden(tools: Any) -> int:
    if not tools:
        return HIDDEN
    kinds = [str(tool.get("type")) for tool in tools if isinstance(tool, Mapping)] if isinstance(tools, list) else []
    own = any(kind.startswith("computer") for kind in kinds)
    return HIDDEN_FOR_TOOLS + (HIDDEN_FOR_A_COMPUTER if own else 0)


def _limits(endpoint: Endpoint, question: Mapping[str, Any]) -> list[str]:
    """Return the fields that limit the output."""
    names = {*LIMITS, endpoint.settings.token_field}
    return [name for name, value in question.items() if name in names and isinstance(value, int)]


def _answers(question: Mapping[str, Any]) -> int:
    """Return how many answers are asked for, each of which has the limit."""
    number = question.get("n")
    return max(1, number) if isinstance(number, int) else 1


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
