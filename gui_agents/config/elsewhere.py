"""Variables that no section has and that users of other programs set: what to write here instead."""

import re
from collections.abc import Mapping
from typing import Final

from gui_agents.config.reference import FORMER, Fate, Former
from gui_agents.config.setting import file_variable

OTHER_NAMES: Final[Mapping[str, str]] = {
    "OPENAI_API_BASE": "OPENAI_BASE_URL",
    "OPENAI_API_ENDPOINT": "OPENAI_BASE_URL",
    "OPENAI_API_HOST": "OPENAI_BASE_URL",
    "OPENAI_API_URL": "OPENAI_BASE_URL",
    "OPENAI_BASE": "OPENAI_BASE_URL",
    "OPENAI_ENDPOINT": "OPENAI_BASE_URL",
    "OPENAI_ENDPOINT_URL": "OPENAI_BASE_URL",
    "OPENAI_HOST": "OPENAI_BASE_URL",
    "OPENAI_URL": "OPENAI_BASE_URL",
    "OPENAI_API_TOKEN": "OPENAI_API_KEY",
    "OPENAI_KEY": "OPENAI_API_KEY",
    "OPENAI_TOKEN": "OPENAI_API_KEY",
    "OPENAI_API_MODEL": "DEFAULT_MODEL=openai/NAME",
    "OPENAI_DEFAULT_MODEL": "DEFAULT_MODEL=openai/NAME",
    "OPENAI_MODEL": "DEFAULT_MODEL=openai/NAME",
    "OPENAI_MODEL_NAME": "DEFAULT_MODEL=openai/NAME",
    "CLAUDE_API_KEY": "ANTHROPIC_API_KEY",
}
"""Other programs' names for what our variable does."""

OTHER_KEYS: Final[Mapping[str, tuple[str, str | None]]] = {
    "CEREBRAS_API_KEY": ("cerebras", "https://api.cerebras.ai/v1"),
    "COHERE_API_KEY": ("cohere", None),
    "FIREWORKS_API_KEY": ("fireworks", "https://api.fireworks.ai/inference/v1"),
    "MISTRAL_API_KEY": ("mistral", "https://api.mistral.ai/v1"),
    "MOONSHOT_API_KEY": ("moonshot", "https://api.moonshot.ai/v1"),
    "NVIDIA_API_KEY": ("nvidia", "https://integrate.api.nvidia.com/v1"),
    "PERPLEXITY_API_KEY": ("perplexity", "https://api.perplexity.ai"),
    "TOGETHER_API_KEY": ("together", "https://api.together.xyz/v1"),
}
"""Keys of providers that have no name here: the provider, and where it speaks OpenAI's protocol if it does."""

OF_COMMANDS: Final = frozenset(
    name
    for password in ("GATEWAY_PASSWORD", "METRICS_PASSWORD", "PROMETHEUS_PASSWORD")
    for name in (password, file_variable(password))
)
"""What commands of `gui-agents` read, also from the `.env` file."""

_OF_PROCESS: Final = re.compile(
    r"(?i:(https?|all|no|grpc)_proxy)|SSL_CERT_(FILE|DIR)|SSLKEYLOGFILE|GRPC_(VERBOSITY|TRACE)"
    r"|OTEL_(EXPORTER_[A-Z_]+|SERVICE_NAME|RESOURCE_ATTRIBUTES|METRIC_EXPORT_TIMEOUT|METRICS_EXEMPLAR_FILTER)"
)
"""Variables that libraries of the service read."""
_OF_SYSTEM: Final = re.compile(
    r"PYTHON[A-Z0-9_]+|VIRTUAL_ENV|PATH|LD_[A-Z_]+|HOME|USER|SHELL|PWD|TERM|LANG|LANGUAGE|LC_[A-Z]+|TZ|TMPDIR|TEMP|TMP"
    r"|HOSTNAME|DISPLAY|XDG_[A-Z_]+"
)

_PROCESS: Final = Former(
    Fate.EXPORT,
    "it is read from the environment of the process only, not from this file: set it where the service is started",
    common=True,
)
_SYSTEM: Final = Former(
    Fate.NO_EFFECT,
    "it is a variable of the system or of Python, which read no .env file: set it where the service is started",
    common=True,
)


def former(name: str) -> Former | None:
    """Return what becomes of a variable of the reference or of other programs; None of one that is not known."""
    if name in FORMER:
        return FORMER[name]
    if name in OTHER_NAMES:
        return Former(Fate.RENAMED, f"write {OTHER_NAMES[name]}")
    if name in OTHER_KEYS:
        return Former(Fate.NO_EFFECT, _through_openai(*OTHER_KEYS[name]), common=True)
    if _OF_PROCESS.fullmatch(name):
        return _PROCESS
    return _SYSTEM if _OF_SYSTEM.fullmatch(name) else None


def _through_openai(provider: str, address: str | None) -> str:
    """Return what to do with the key of a provider; `address` is where it speaks OpenAI's protocol, if it does."""
    text = f"the provider {provider} has no name here"
    if address is None:
        return text
    return f"{text}; write OPENAI_API_KEY with OPENAI_BASE_URL={address} and DEFAULT_MODEL=openai/NAME"
