"""The providers of models, as data: what they are called, where they are, and which variables configure them.

A new provider is a member of `Provider` and a row here. Its variables become settings, its names are taken in requests
and in DEFAULT_MODEL, and docs/models.md lists it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import attrs

from gui_agents.domain.base_urls import host_name, same_host
from gui_agents.domain.model import Provider
from gui_agents.domain.model_settings import WireProtocol

TEXT_ONLY: Final = "-text"
"""Ends the name of a provider whose model is sent no screenshots, such as `openai-text`."""


@attrs.frozen(kw_only=True)
class ProviderRow:
    """One provider that is called over HTTP."""

    provider: Provider
    title: str
    """Its name, for people."""
    example: str
    """A model of it."""
    aliases: tuple[str, ...] = ()
    """Other names that a request may write for it, in small letters."""
    protocol: WireProtocol = WireProtocol.CHAT
    """What its endpoints speak, unless the settings of a model say otherwise."""
    address: str | None = None
    """The base URL unless one is given; None if there is no usual one."""
    address_variables: tuple[str, ...]
    """The variables that give it, the most usual one first."""
    key_variables: tuple[str, ...] = ()
    """The variables that hold the key of that address, the most usual one first."""
    hosts: tuple[str, ...] = ()
    """Its hosts beside that of the usual address, such as those of regions."""
    domains: tuple[str, ...] = ()
    """Domains in which each customer has a host of their own that the provider runs."""
    key_needed: bool = True
    """Whether the provider's own addresses answer nobody without a key."""
    key_header: str | None = None
    """The header that carries the key; None takes the protocol's."""
    resells: bool = False
    """Whether it offers models of other makers, whose names then hold a slash."""
    version_variable: str | None = None
    """The variable that holds the version of its API, if requests carry one."""

    def owns(self, address: str) -> bool:
        """Tell whether an address is one of the provider itself, and not of a gateway or of a server of one's own."""
        host = host_name(address)
        return self.is_usual(address) or host in self.hosts or host.endswith(tuple(f".{each}" for each in self.domains))

    def is_usual(self, address: str) -> bool:
        """Tell whether an address is on the usual host, where the public prices hold: those of regions differ."""
        return self.address is not None and same_host(self.address, address)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that a request may write for it, in small letters."""
        return (str(self.provider), *self.aliases)

    @property
    def variables(self) -> tuple[str, ...]:
        """Every variable that configures it."""
        version = () if self.version_variable is None else (self.version_variable,)
        return (*self.key_variables, *self.address_variables, *version)


PROVIDERS: Final[tuple[ProviderRow, ...]] = (
    ProviderRow(
        provider=Provider.OPENAI,
        title="OpenAI, and any endpoint of its protocol",
        example="gpt-5.4",
        address="https://api.openai.com/v1",
        hosts=("eu.api.openai.com", "us.api.openai.com"),
        address_variables=("OPENAI_BASE_URL",),
        key_variables=("OPENAI_API_KEY",),
    ),
    ProviderRow(
        provider=Provider.ANTHROPIC,
        title="Anthropic",
        example="claude-sonnet-5",
        aliases=("claude",),
        protocol=WireProtocol.MESSAGES,
        address="https://api.anthropic.com",
        address_variables=("ANTHROPIC_BASE_URL",),
        key_variables=("ANTHROPIC_API_KEY",),
    ),
    ProviderRow(
        provider=Provider.GEMINI,
        title="Google Gemini",
        example="gemini-2.5-flash",
        aliases=("google",),
        address="https://generativelanguage.googleapis.com/v1beta/openai",
        address_variables=("GEMINI_BASE_URL", "GEMINI_ENDPOINT_URL"),
        key_variables=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    ),
    ProviderRow(
        provider=Provider.AZURE,
        title="Azure OpenAI",
        example="my-deployment",
        aliases=("azure_openai", "azureopenai"),
        address_variables=("AZURE_OPENAI_ENDPOINT",),
        key_variables=("AZURE_OPENAI_API_KEY",),
        key_header="api-key",
        version_variable="OPENAI_API_VERSION",
        domains=("openai.azure.com", "cognitiveservices.azure.com", "services.ai.azure.com"),
    ),
    ProviderRow(
        provider=Provider.OPENROUTER,
        title="OpenRouter",
        example="qwen/qwen3-vl-235b-a22b-instruct",
        aliases=("open_router",),
        address="https://openrouter.ai/api/v1",
        address_variables=("OPENROUTER_BASE_URL", "OPEN_ROUTER_ENDPOINT_URL"),
        key_variables=("OPENROUTER_API_KEY",),
        resells=True,
    ),
    ProviderRow(
        provider=Provider.VLLM,
        title="vLLM",
        example="Qwen/Qwen3-VL-8B-Instruct",
        address_variables=("VLLM_BASE_URL", "vLLM_ENDPOINT_URL", "VLLM_ENDPOINT_URL"),
        key_variables=("VLLM_API_KEY",),
        key_needed=False,
        resells=True,
    ),
    ProviderRow(
        provider=Provider.DASHSCOPE,
        title="Alibaba DashScope (Qwen)",
        example="qwen3-vl-plus",
        aliases=("qwen", "alibaba"),
        address="https://dashscope.aliyuncs.com/compatible-mode/v1",
        hosts=("dashscope-intl.aliyuncs.com", "dashscope-us.aliyuncs.com"),
        address_variables=("DASHSCOPE_BASE_URL",),
        key_variables=("DASHSCOPE_API_KEY",),
    ),
    ProviderRow(
        provider=Provider.DOUBAO,
        title="Volcengine Ark (Doubao)",
        example="doubao-1-5-ui-tars-250428",
        aliases=("ark", "volcengine"),
        address="https://ark.cn-beijing.volces.com/api/v3",
        hosts=("ark.ap-southeast.bytepluses.com",),
        address_variables=("ARK_BASE_URL",),
        key_variables=("ARK_API_KEY",),
    ),
    ProviderRow(
        provider=Provider.DEEPSEEK,
        title="DeepSeek",
        example="deepseek-chat",
        address="https://api.deepseek.com",
        address_variables=("DEEPSEEK_BASE_URL",),
        key_variables=("DEEPSEEK_API_KEY",),
    ),
    ProviderRow(
        provider=Provider.SILICONFLOW,
        title="SiliconFlow",
        example="Qwen/Qwen3-VL-32B-Instruct",
        address="https://api.siliconflow.cn/v1",
        hosts=("api.siliconflow.com",),
        address_variables=("SILICONFLOW_BASE_URL",),
        key_variables=("SILICONFLOW_API_KEY",),
        resells=True,
    ),
    ProviderRow(
        provider=Provider.MONICA,
        title="Monica",
        example="gpt-4o",
        address="https://openapi.monica.im/v1",
        address_variables=("MONICA_BASE_URL",),
        key_variables=("MONICA_API_KEY",),
        resells=True,
    ),
    ProviderRow(
        provider=Provider.HUGGINGFACE,
        title="Hugging Face",
        example="Qwen/Qwen3-VL-8B-Instruct",
        aliases=("hf",),
        address="https://router.huggingface.co/v1",
        address_variables=("HUGGINGFACE_BASE_URL",),
        key_variables=("HF_TOKEN",),
        resells=True,
    ),
    ProviderRow(
        provider=Provider.ZHIPU,
        title="Zhipu (GLM)",
        example="glm-4.6v",
        aliases=("zhipuai", "glm"),
        address="https://open.bigmodel.cn/api/paas/v4",
        hosts=("api.z.ai",),
        address_variables=("ZHIPU_BASE_URL",),
        key_variables=("ZHIPU_API_KEY", "ZHIPUAI_API_KEY"),
    ),
    ProviderRow(
        provider=Provider.GROQ,
        title="Groq",
        example="meta-llama/llama-4-maverick-17b-128e-instruct",
        address="https://api.groq.com/openai/v1",
        address_variables=("GROQ_BASE_URL",),
        key_variables=("GROQ_API_KEY",),
        resells=True,
    ),
    ProviderRow(
        provider=Provider.XAI,
        title="xAI",
        example="grok-4",
        aliases=("grok",),
        address="https://api.x.ai/v1",
        hosts=("us-east-1.api.x.ai", "eu-west-1.api.x.ai"),
        address_variables=("XAI_BASE_URL",),
        key_variables=("XAI_API_KEY", "GROK_API_KEY"),
    ),
    ProviderRow(
        provider=Provider.OLLAMA,
        title="Ollama",
        example="qwen2.5vl:7b",
        address="http://127.0.0.1:11434/v1",
        address_variables=("OLLAMA_BASE_URL",),
        key_needed=False,
        resells=True,
    ),
    ProviderRow(
        provider=Provider.LMSTUDIO,
        title="LM Studio",
        example="qwen/qwen3-vl-8b",
        aliases=("lm_studio", "lm-studio"),
        address="http://127.0.0.1:1234/v1",
        address_variables=("LMSTUDIO_BASE_URL",),
        key_needed=False,
        resells=True,
    ),
)
"""All providers that are called over HTTP."""

_NO_BEDROCK: Final = (
    "requests to Amazon Bedrock are signed with AWS's own scheme, which this service does not speak; "
    "call a gateway that speaks OpenAI's protocol, with provider openai and its address as apiEndpoint"
)
UNCALLABLE: Final[Mapping[str, str]] = MappingProxyType({"aws_bedrock": _NO_BEDROCK, "bedrock": _NO_BEDROCK})
"""Providers that clients know by name and that cannot be called, with the reason."""

_BY_NAME: Final[Mapping[str, ProviderRow]] = {name: row for row in PROVIDERS for name in row.names}


def provider_row(name: str) -> ProviderRow | None:
    """Return the row of a provider that is spelled so, in any case and with or without `-text`."""
    return _BY_NAME.get(name.lower().removesuffix(TEXT_ONLY))


def row_of(provider: Provider) -> ProviderRow:
    """Return the row of a provider that is called over HTTP."""
    return _BY_NAME[provider]


def is_text_only(name: str) -> bool:
    """Tell whether the name of a provider says that its model is sent no screenshots."""
    return name.lower().endswith(TEXT_ONLY)
