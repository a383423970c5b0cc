"""How a model is asked: what is known of it, and what MODELS_FILE says."""

import pytest

from gui_agents.domain.model import Provider
from gui_agents.domain.model_settings import DEFAULT_SETTINGS, CoordinateSpace, ModelSettings, WireProtocol
from gui_agents.domain.providers import PROVIDERS, row_of
from gui_agents.models.known_models import CLAUDE_SIDE, KNOWN, REASONING_TOKENS
from gui_agents.models.models_file import FIELDS
from gui_agents.models.settings import SettingsOfModels

HERE = "http://127.0.0.1:9/v1"


def settings(full_name: str, *, address: str | None = None, file=None) -> ModelSettings:
    provider, _, model = full_name.partition("/")
    row = row_of(Provider(provider))
    return SettingsOfModels.load(file).of(row, model, address or row.address or HERE, named_by_operator=True)


@pytest.fixture
def models_file(tmp_path):
    def write(text: str):
        path = tmp_path / "models.yaml"
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize("row", PROVIDERS, ids=str)
def test_an_unknown_model_speaks_its_providers_protocol(row):
    assert settings(f"{row.provider}/nobody-knows-it").protocol is row.protocol
    assert settings(f"{row.provider}/nobody-knows-it").pictures


def test_an_unknown_model_at_an_unknown_address_is_asked_as_most_are():
    assert settings("openai/nobody-knows-it", address=HERE) == DEFAULT_SETTINGS


@pytest.mark.parametrize(
    ("name", "space"),
    [
        ("vllm/Qwen/Qwen3-VL-32B-Instruct", "thousand"),
        ("dashscope/qwen3-vl-plus", "thousand"),
        ("openrouter/google/gemini-2.5-pro", "thousand"),
        ("gemini/gemini-3-pro", "thousand"),
        ("zhipu/glm-4.5v", "thousand"),
        ("vllm/ByteDance/UI-TARS-7B-DPO", "thousand"),
        ("doubao/doubao-1-5-ui-tars-250428", "thousand"),
        ("vllm/ByteDance-Seed/UI-TARS-1.5-7B", "pixels"),
        ("ollama/qwen2.5vl:7b", "pixels"),
        ("vllm/mPLUG/GUI-Owl-7B", "pixels"),
        ("vllm/mPLUG/GUI-Owl-1.5-8B", "thousand"),
        ("openai/Qwen3VL-8B-Instruct-Q4_K_M.gguf", "thousand"),
        ("openai/Qwen3_VL_8B_Instruct.gguf", "thousand"),
        ("openai/ui_tars_7b_sft.gguf", "thousand"),
        ("openai/Qwen2.5_VL_7B.gguf", "pixels"),
        ("openai/gpt-4o", "pixels"),
        ("vllm/moonshotai/Kimi-VL-A3B", "unit"),
    ],
)
def test_models_that_were_trained_on_a_grid_are_known(name, space):
    assert settings(name).coordinates is CoordinateSpace(space)


@pytest.mark.parametrize(
    ("name", "pictures"),
    [
        ("deepseek/deepseek-chat", False),
        ("groq/openai/gpt-oss-120b", False),
        ("zhipu/glm-4.6", False),
        ("zhipu/glm-4.6v", True),
        ("ollama/llama3.1:8b", False),
        ("vllm/meta-llama/Llama-3.1-8B-Instruct", False),
        ("vllm/nvidia/Llama-3.1-Nemotron-Nano-VL-8B-V1", True),
        ("vllm/somebody/Llama-3.1-8B-Vision", True),
        ("groq/meta-llama/llama-4-scout", True),
        ("openai/o3", True),
    ],
)
def test_models_that_read_text_alone_are_known(name, pictures):
    assert settings(name).pictures is pictures


@pytest.mark.parametrize(
    ("name", "protocol", "native"),
    [
        ("openai/gpt-4o", "chat", True),
        ("openai/gpt-5", "responses", False),
        ("openai/gpt-5.2", "responses", False),
        ("openai/gpt-5.4", "responses", True),
        ("openai/gpt-5.4-nano", "responses", False),
        ("openai/gpt-6-sol", "responses", True),
        ("openai/gpt-5-chat-latest", "chat", False),
        ("openai/computer-use-preview", "responses", True),
        ("anthropic/claude-opus-5", "messages", True),
        ("anthropic/claude-sonnet-5", "messages", True),
        ("anthropic/claude-haiku-5-5", "messages", True),
        ("anthropic/claude-opus-4-8", "messages", True),
        ("anthropic/claude-opus-4-7", "messages", False),
        ("anthropic/claude-sonnet-4-20250514", "messages", False),
        ("anthropic/claude-sonnet-4-5-20250929", "messages", False),
        ("anthropic/claude-3-7-sonnet-latest", "messages", False),
        ("openrouter/anthropic/claude-opus-5", "chat", True),
    ],
)
def test_models_with_a_computer_tool_are_known(name, protocol, native):
    chosen = settings(name)
    assert (chosen.protocol, chosen.native_tool) == (WireProtocol(protocol), native)


def test_what_only_a_vendors_own_endpoint_knows_is_left_out_elsewhere():
    vendors, gateways = settings("openai/gpt-5.4"), settings("openai/gpt-5.4", address=HERE)
    assert settings("openai/gpt-5.4", address="https://eu.api.openai.com/v1") == vendors
    assert (vendors.protocol, gateways.protocol) == (WireProtocol.RESPONSES, WireProtocol.CHAT)
    assert settings("openai/gpt-4o").token_field == "max_completion_tokens"  # noqa: S105 - a field's name
    assert settings("openai/gpt-4o", address=HERE).token_field is None


@pytest.mark.parametrize(
    "name",
    [
        "gemini/gemini-2.5-pro",
        "gemini/gemini-3-pro-preview",
        "openrouter/google/gemini-2.5-pro",
        "xai/grok-4",
        "openrouter/x-ai/grok-4-fast",
        "deepseek/deepseek-reasoner",
        "zhipu/glm-4.6v",
        "zhipu/glm-4.5v",
        "dashscope/qwen3-vl-235b-a22b-thinking",
        "siliconflow/Qwen/Qwen3-VL-32B-Thinking",
        "groq/openai/gpt-oss-120b",
        "openrouter/anthropic/claude-sonnet-5",
        "openrouter/openai/o3",
        "anthropic/new",
        "azure/gpt-5.4",
    ],
)
def test_models_that_reason_may_answer_at_length(name):
    assert settings(name).max_tokens == REASONING_TOKENS


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("openai/gpt-4o", 4096),
        ("zhipu/glm-4v-plus", 4096),
        ("dashscope/qwen3-vl-plus", 4096),
        ("openrouter/anthropic/claude-3-haiku", 4096),
        ("openrouter/anthropic/claude-3.5-sonnet", 8192),
        ("ollama/gpt-oss:20b", 1024),
    ],
)
def test_other_models_may_answer_as_long_as_they_can(name, most):
    assert settings(name).max_tokens == most


@pytest.mark.parametrize("name", ["anthropic/claude-sonnet-5", "openrouter/anthropic/claude-opus-5", "monica/claude-x"])
def test_claude_gets_pictures_of_the_same_size_everywhere(name):
    assert settings(name).longest_side == CLAUDE_SIDE


def test_quirks_are_known():
    assert settings("dashscope/qwen3-32b").extra_body == {"enable_thinking": False}
    assert settings("dashscope/qwen3-235b-a22b-thinking-2507").extra_body == {}
    assert settings("ollama/llava").history_characters < DEFAULT_SETTINGS.history_characters


def test_what_is_known_could_be_written_into_the_file():
    for known in KNOWN:
        for field, value in known.changes.items():
            assert FIELDS[field](value) == value
        for pattern in known.patterns:
            assert pattern.text == pattern.text.lower()
            assert "/" in pattern.text


def test_the_file_goes_before_what_is_known_and_changes_only_what_it_names(models_file):
    file = models_file("openai/gpt-5.4: {protocol: chat}\n")
    known = settings("openai/gpt-5.4")
    chosen = settings("openai/gpt-5.4", file=file)
    assert (chosen.protocol, chosen.max_tokens) == (WireProtocol.CHAT, known.max_tokens)


def test_a_name_goes_before_a_pattern_and_a_longer_pattern_before_a_shorter_one(models_file):
    file = models_file(
        "vllm/org/my-model: {max_tokens: 1}\n".replace(": 1}", ": 100}")
        + 'vllm/*: {max_tokens: 200, pictures: false}\n"*/org/*-model*": {max_tokens: 300, tools: false}\n'
    )
    chosen = settings("vllm/org/my-model", file=file)
    assert (chosen.max_tokens, chosen.tools, chosen.pictures) == (100, False, False)
    assert settings("vllm/org/your-model", file=file).max_tokens == 300
    assert settings("vllm/other", file=file).max_tokens == 200
    assert settings("openai/other", file=file).max_tokens == settings("openai/other").max_tokens


def test_a_name_in_the_file_is_taken_in_any_case(models_file):
    assert not settings("dashscope/m", file=models_file("DashScope/M: {pictures: false}\n")).pictures


def test_a_price_is_found_by_the_same_rules(models_file):
    file = models_file(
        "vllm/*: {price: {input: 1, output: 2}}\n"
        'vllm/dear: {price: {input: "10.5", cached_input: 0.1, output: 20, currency: CNY}}\n'
        "vllm/dear-one: {pictures: false}\n"
    )
    models = SettingsOfModels.load(file)
    cheap, dear = models.price("vllm", "m"), models.price("vllm", "dear")
    assert (str(cheap.input), str(cheap.output), cheap.currency) == ("1", "2", "USD")
    assert (str(dear.input), str(dear.cached_input), dear.currency) == ("10.5", "0.1", "CNY")
    assert models.price("vllm", "dear-one") == cheap
    assert models.price("openai", "m") is None
    assert models.prices() == {"vllm/*": cheap, "vllm/dear": dear}
