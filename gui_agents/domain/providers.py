"""Providers of models that clients know by name and that this service cannot call by that name yet."""

from collections.abc import Mapping
from typing import Final

import attrs


@attrs.frozen
class ForeignProvider:
    """One provider."""

    keys: tuple[str, ...]
    """The variables in which its users have their keys."""
    address: str | None = None
    """Where it speaks OpenAI's protocol; None if that is not known."""

    @property
    def instead(self) -> str:
        """What a request does instead."""
        if self.address is None:
            return "name another one"
        return f"set provider to openai and apiEndpoint to {self.address}"


FOREIGN_PROVIDERS: Final[Mapping[str, ForeignProvider]] = {
    "anthropic": ForeignProvider(("ANTHROPIC_API_KEY",)),
    "aws_bedrock": ForeignProvider(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")),
    "azure": ForeignProvider(("AZURE_OPENAI_API_KEY",)),
    "dashscope": ForeignProvider(("DASHSCOPE_API_KEY",), "https://dashscope.aliyuncs.com/compatible-mode/v1"),
    "deepseek": ForeignProvider(("DEEPSEEK_API_KEY",), "https://api.deepseek.com"),
    "doubao": ForeignProvider(("ARK_API_KEY",), "https://ark.cn-beijing.volces.com/api/v3"),
    "gemini": ForeignProvider(
        ("GEMINI_API_KEY", "GOOGLE_API_KEY"), "https://generativelanguage.googleapis.com/v1beta/openai"
    ),
    "groq": ForeignProvider(("GROQ_API_KEY",), "https://api.groq.com/openai/v1"),
    "huggingface": ForeignProvider(("HF_TOKEN",)),
    "monica": ForeignProvider(("MONICA_API_KEY",), "https://openapi.monica.im/v1"),
    "openrouter": ForeignProvider(("OPENROUTER_API_KEY",), "https://openrouter.ai/api/v1"),
    "siliconflow": ForeignProvider(("SILICONFLOW_API_KEY",), "https://api.siliconflow.cn/v1"),
    "vllm": ForeignProvider((), "the address of your server"),
    "zhipu": ForeignProvider(("ZHIPU_API_KEY",), "https://open.bigmodel.cn/api/paas/v4"),
}
