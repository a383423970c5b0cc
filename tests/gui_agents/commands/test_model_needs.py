import pytest

from gui_agents.commands.model_needs import calls_a_tool, needed, without
from gui_agents.domain.model_settings import ModelSettings
from gui_agents.models.features import NOTHING, Feature

SETTINGS = ModelSettings(max_tokens=16_384)


@pytest.mark.parametrize(
    ("said", "changes"),
    [
        ("max_tokens: 16384 > 8192, which is the maximum allowed number of output tokens", {"max_tokens": 8192}),
        (
            "max_tokens is too large: 16384. This model supports at most 4096 completion tokens.",
            {"max_tokens": 4096},
        ),
        ("the valid range of max_tokens is [1, 8192]", {"max_tokens": 8192}),
        ("max_tokens must be at least 16384", {}),
        ("see the page of 2024-10-21 on max_tokens", {}),
        (
            "'max_tokens' is too large. This model's maximum context length is 8192 tokens (16384 > 8192 - 3000).",
            {"max_tokens": 2048, "history_turns": 8, "history_characters": 8192},
        ),
        (
            "the request exceeds the available context size (2048 tokens), try to increase it",
            {"max_tokens": 512, "history_turns": 8, "history_characters": 2048},
        ),
        ("This model's maximum context length is 1000000 tokens", {}),
        ("reasoning_effort must be one of low, high", {}),
        ("no such model", {}),
    ],
)
def test_a_refusal_says_what_to_change(said, changes):
    assert needed(SETTINGS, said) == changes


def test_what_is_changed_already_is_not_changed_again():
    said = "enable_thinking must be set to false"
    changes = needed(SETTINGS, said)
    assert changes == {"extra_body": {"enable_thinking": False}}
    assert needed(ModelSettings(**changes), said) == {}


def test_each_lacking_feature_has_its_field():
    assert without(SETTINGS, NOTHING) == {}
    assert without(SETTINGS, frozenset({Feature.TOOLS, Feature.TOOL_CHOICE})) == {"tools": False}
    assert without(SETTINGS, frozenset({Feature.COMPUTER_TOOL})) == {"native_tool": False}
    assert without(SETTINGS, frozenset({Feature.ENCRYPTED_REASONING})) == {"extra_body": {"include": None}}
    newer = ModelSettings(token_field="max_completion_tokens")  # noqa: S106 - a field's name
    assert without(newer, frozenset({Feature.TOKEN_FIELD})) == {"token_field": "max_tokens"}


@pytest.mark.parametrize(
    ("body", "calls"),
    [
        ({"choices": [{"message": {"tool_calls": [{}]}}]}, True),
        ({"choices": [{"message": {"tool_calls": [], "content": "x"}}]}, False),
        ({"output": [{"type": "reasoning"}, {"type": "computer_call"}]}, True),
        ({"output": [{"type": "message"}]}, False),
        ({"content": [{"type": "tool_use"}]}, True),
        ({"content": "text"}, False),
        ({"choices": [None, {"message": None}]}, False),
        (None, False),
    ],
)
def test_a_call_is_found_in_the_body_of_every_protocol(body, calls):
    assert calls_a_tool(body) is calls
