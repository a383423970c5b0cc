"""What is known of models: the settings that are right for them unless MODELS_FILE says otherwise.

The facts are those of the makers' own pages, as of autumn 2026. A model that is not here is asked as most models are:
Chat Completions with tools and pictures, coordinates in pixels.
"""

from collections.abc import Mapping
from typing import Any, Final

import attrs

from gui_agents.domain.model_settings import CoordinateSpace, WireProtocol
from gui_agents.models.globs import Glob

REASONING_TOKENS: Final = 16_384
"""Of one answer of a model that reasons: its thoughts count too."""
CLAUDE_SIDE: Final = 1280
"""Anthropic scales larger pictures down by itself (older models from 1568 pixels or 1.15 megapixels), and coordinates
would then be those of a picture that we never see."""


@attrs.frozen
class Known:
    """Settings of the models that one of the patterns matches."""

    patterns: tuple[Glob, ...]
    """Of PROVIDER/NAME, in small letters, as the shell writes them."""
    changes: Mapping[str, Any]
    """Fields of `ModelSettings`."""
    only_at_vendor: bool = False
    """Whether it holds at the provider's own address alone: gateways may know nothing of it."""


def _known(*patterns: str, only_at_vendor: bool = False, **changes: Any) -> Known:
    return Known(tuple(map(Glob, patterns)), changes, only_at_vendor)


_TOLD_THOUSANDTHS: Final = _known(
    "gemini/*",
    "*/*gemini-*",
    "*/*qwen3-vl*",
    "*/*qwen3vl*",
    "*/*qwen3.[5-9]*",
    "*/*qwen2-vl*",
    "*/*qwen2vl*",
    "*/*ui-tars*",
    "*/*gui-owl-1.5*",
    "*/*mai-ui*",
    "*/*step-gui*",
    "*/*autoglm*",
    "*/*cogagent*",
    "*/*os-atlas*",
    "*/*glm-4.[1-9]v*",
    "*/*glm-5v*",
    "*/*internvl*",
    "*/*doubao*vision*",
    "*/*doubao-seed*",
    coordinates=CoordinateSpace.THOUSAND,
)
_TOLD_FRACTIONS: Final = _known(
    "*/*kimi-vl*", "*/*kimi-k2.[5-9]*", "*/*showui*", "*/*moondream*", coordinates=CoordinateSpace.UNIT
)
_PIXELS_AFTER_ALL: Final = _known(
    # Qwen2.5-VL, and what is trained on top of it.
    "*/*qwen2.5-vl*",
    "*/*qwen2.5vl*",
    "*/*ui-tars-1.5*",
    "*/*gui-owl-[37]*",
    "*/*gui-owl-32b*",
    coordinates=CoordinateSpace.PIXELS,
)
_READ_TEXT_ALONE: Final = _known(
    "*/*deepseek-chat*",
    "*/*deepseek-reasoner*",
    "*/*deepseek-v[23]*",
    "*/*deepseek-r1*",
    "*/gpt-3.5*",
    "*/o1-mini*",
    "*/o1-preview*",
    "*/o3-mini*",
    "*/*gpt-oss*",
    "*/*qwq-*",
    "*/*qwen*-coder*",
    "dashscope/qwen-max*",
    "dashscope/qwen-plus*",
    "dashscope/qwen-turbo*",
    "dashscope/qwen3-max*",
    "*/*glm-4.[5-7]",
    "*/*glm-4.[5-7]-*",
    "*/*kimi-k2",
    "*/*kimi-k2-*",
    "*/*llama-3.1-*",
    "*/*llama-3.3-*",
    "*/llama3.1*",
    "*/llama3.3*",
    "*/*mixtral-*",
    pictures=False,
)
_SEE_AFTER_ALL: Final = _known(
    # Trained on top of a model that reads text alone.
    *("*/*-vl", "*/*-vl-*", "*/*-vision", "*/*-vision-*"),
    pictures=True,
)
_REASON: Final = _known(
    *("*/o[1-9]", "*/o[1-9]-*", "*/gpt-5*", "*/gpt-[6-9]*", "*/*gpt-oss*"),
    *("*/*gemini-2.5*", "*/*gemini-[3-9]*"),
    *("*/*grok-3-mini*", "*/*grok-[4-9]*"),
    *("*/*deepseek-reasoner*", "*/*deepseek-r1*", "*/*qwq-*", "*/*thinking*"),
    *("*/*glm-4.[5-9]*", "*/*glm-[5-9]*"),
    *("anthropic/*", "*/*claude-*"),
    max_tokens=REASONING_TOKENS,
)

KNOWN: Final[tuple[Known, ...]] = (
    _TOLD_THOUSANDTHS,
    _TOLD_FRACTIONS,
    _PIXELS_AFTER_ALL,
    # At Volcengine, UI-TARS 1.5 answers in thousandths.
    _known("doubao/*ui-tars*", coordinates=CoordinateSpace.THOUSAND),
    _READ_TEXT_ALONE,
    _SEE_AFTER_ALL,
    _REASON,
    # OpenAI. Its newest models take function tools in Chat Completions only if they do not reason.
    _known("openai/*", only_at_vendor=True, token_field="max_completion_tokens"),  # noqa: S106 - a field's name
    _known("azure/o[1-9]*", "azure/gpt-5*", "azure/gpt-[6-9]*", token_field="max_completion_tokens"),  # noqa: S106
    _known(
        "openai/gpt-5*",
        "openai/gpt-[6-9]*",
        "openai/computer-use*",
        only_at_vendor=True,
        protocol=WireProtocol.RESPONSES,
        token_field=None,
        native_tool=False,
    ),
    # The computer tool came with GPT-5.4; the smallest models have none.
    _known("openai/gpt-5.[4-9]*", "openai/gpt-[6-9]*", "openai/computer-use*", only_at_vendor=True, native_tool=True),
    _known("openai/gpt-*-nano*", only_at_vendor=True, native_tool=False),
    _known("openai/gpt-*-chat*", only_at_vendor=True, protocol=WireProtocol.CHAT),
    # Anthropic. The toolset came with Opus 4.8 and the fifth generation.
    _known("anthropic/*", "*/*claude-*", longest_side=CLAUDE_SIDE),
    _known("*/*claude-3-haiku*", "*/*claude-3-opus*", "*/*claude-3-sonnet*", max_tokens=4096),
    _known("*/*claude-3-5-*", "*/*claude-3.5-*", max_tokens=8192),
    _known(
        "anthropic/claude-[23]*",
        "anthropic/claude-instant*",
        "anthropic/claude-*-4",
        "anthropic/claude-*-4-[0-7]*",
        "anthropic/claude-*-4-20*",
        native_tool=False,
    ),
    # DashScope refuses answers at once of hybrid models that think; those that only think have it in their name.
    _known("dashscope/qwen3-*", extra_body={"enable_thinking": False}),
    _known("dashscope/qwen3-*thinking*", "dashscope/qwen3-*instruct*", "dashscope/qwen3-coder*", extra_body={}),
    # Ollama cuts what does not fit into its context in silence; 4,096 tokens are its default on small cards.
    _known("ollama/*", history_turns=8, history_characters=4_000, max_tokens=1024),
)
"""In the order in which they are applied: a later one goes before an earlier one."""


def known_changes(full_name: str, *, at_vendor: bool) -> dict[str, Any]:
    """Return the fields of `ModelSettings` that are known of PROVIDER/NAME, at the provider's address or elsewhere."""
    # Names of files and of some gateways have other signs between the words.
    name = full_name.lower().replace("_", "-")
    changes: dict[str, Any] = {}
    for known in KNOWN:
        if (at_vendor or not known.only_at_vendor) and any(pattern.matches(name) for pattern in known.patterns):
            changes.update(known.changes)
    return changes
