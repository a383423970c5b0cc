import pytest

from gui_agents.domain.model_settings import ModelSettings
from gui_agents.domain.spec import Endpoint
from gui_agents.models.chat.dialect import ChatDialect
from gui_agents.models.features import NOTHING, Feature
from tests.gui_agents.models.observed import PNG, request

OPENAI = "https://api.openai.com/v1"
OTHER = "http://127.0.0.1:8000/v1"


def asked(base_url=OTHER, lacking=NOTHING, **settings):
    endpoint = Endpoint(
        provider="openai", model="m", base_url=base_url, api_key=None, settings=ModelSettings(**settings)
    )
    return ChatDialect(endpoint).question(request(screenshot=PNG), frozenset(lacking))


def test_openai_itself_is_asked_for_a_tool_call_and_others_offered_one():
    assert asked(OPENAI)["tool_choice"] == "required"
    assert asked(OTHER)["tool_choice"] == "auto"


@pytest.mark.parametrize(
    ("base_url", "lacking", "named", "field"),
    [
        (OPENAI, (), None, "max_completion_tokens"),
        (OPENAI, (Feature.TOKEN_FIELD,), None, "max_tokens"),
        (OTHER, (), None, "max_tokens"),
        (OTHER, (Feature.TOKEN_FIELD,), None, "max_completion_tokens"),
        (OTHER, (), "num_predict", "num_predict"),
        (OTHER, (Feature.TOKEN_FIELD,), "num_predict", "max_tokens"),
    ],
)
def test_there_is_always_a_bound_on_tokens(base_url, lacking, named, field):
    question = asked(base_url, lacking, max_tokens=77, token_field=named)
    assert {name: value for name, value in question.items() if value == 77} == {field: 77}


def test_what_an_endpoint_lacks_is_left_out():
    assert "tool_choice" not in asked(lacking={Feature.TOOL_CHOICE})
    assert "tools" in asked(lacking={Feature.TOOL_CHOICE})
    assert not {"tools", "tool_choice"} & {*asked(lacking={Feature.TOOLS})}
    assert isinstance(asked(lacking={Feature.PICTURES})["messages"][-1]["content"], str)


def test_a_model_without_tools_or_pictures_is_sent_none():
    question = asked(tools=False, pictures=False)
    assert not {"tools", "tool_choice"} & {*question}
    assert isinstance(question["messages"][-1]["content"], str)
