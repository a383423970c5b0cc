"""A model of Chat Completions counts as its settings say, in what it is sent and in what it answers."""

import json

import attrs
import pytest

from gui_agents.domain.actions import Click, InvalidActionError
from gui_agents.domain.model_settings import CoordinateSpace, ModelSettings, PictureFormat
from gui_agents.domain.screen import Picture
from gui_agents.domain.spec import Endpoint
from gui_agents.models.chat.dialect import ChatDialect
from tests.gui_agents.models.observed import request

HALF = Picture(b"picture", 640, 360, PictureFormat.JPEG)


def asked(space, screenshot=HALF):
    return attrs.evolve(request(screenshot=screenshot), coordinates=CoordinateSpace(space))


def dialect(space):
    settings = ModelSettings(coordinates=CoordinateSpace(space))
    return ChatDialect(
        Endpoint(provider="openai", model="m", base_url="http://127.0.0.1/v1", api_key=None, settings=settings)
    )


def answer(x, y):
    call = {"function": {"name": "act", "arguments": json.dumps({"action": "click", "x": x, "y": y})}}
    return {"choices": [{"message": {"tool_calls": [call]}}]}


@pytest.mark.parametrize(
    ("space", "screenshot", "x", "y"),
    [
        ("pixels", None, 640, 360),
        ("pixels", HALF, 320, 180),
        ("thousand", HALF, 500, 500),
        ("thousand", None, 500, 500),
        ("unit", HALF, 0.5, 0.5),
    ],
)
def test_a_click_in_the_middle_is_one_in_the_middle(space, screenshot, x, y):
    (click,) = dialect(space).read_decision(answer(x, y), asked(space, screenshot)).actions
    assert isinstance(click, Click)
    assert abs(click.x - 640) <= 1
    assert abs(click.y - 360) <= 1


def test_the_screen_as_the_model_counts_it_is_the_limit():
    with pytest.raises(InvalidActionError, match="x=1001 leaves the screen"):
        dialect("thousand").read_decision(answer(1001, 5), asked("thousand"))


def test_the_tool_is_described_as_the_model_counts():
    (tool,) = dialect("unit").question(asked("unit"))["tools"]
    assert tool["function"]["parameters"]["properties"]["x"]["description"] == "0 to 1 from the left edge"
