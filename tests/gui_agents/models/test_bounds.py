from base64 import b64encode
from fractions import Fraction
from math import ceil

import pytest

from gui_agents.domain.model_settings import ModelSettings
from gui_agents.domain.spec import Endpoint
from gui_agents.domain.usage import CallBound
from gui_agents.models.bounds import HIDDEN, HIDDEN_FOR_TOOLS, bound_of, limited
from gui_agents.models.encoding import encoded

SCREEN = (1280, 720)
PICTURE = b64encode(b"\x89PNG" + bytes(93_000)).decode()
AS_URL = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PICTURE}"}}
AS_SOURCE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PICTURE}}


def bound(question, screen=SCREEN, model="m", **settings):
    endpoint = Endpoint(
        provider="openai", model=model, base_url="http://x", api_key=None, settings=ModelSettings(**settings)
    )
    return bound_of(endpoint, question, encoded(question), screen)


def asking(*parts, **fields):
    return {"messages": [{"role": "user", "content": list(parts)}], **fields}


def test_a_text_has_no_more_tokens_than_bytes():
    question = asking({"type": "text", "text": "日本語" * 100}, max_tokens=77)
    size = len(encoded(question))
    assert size > 900
    assert bound(question) == CallBound("openai", "m", size + HIDDEN, 77, 77)


def test_tools_bring_instructions_that_nobody_sees():
    with_tools = asking(max_tokens=1, tools=[{"type": "function"}])
    assert bound(with_tools).input_tokens == len(encoded(with_tools)) + HIDDEN_FOR_TOOLS


@pytest.mark.parametrize("part", [AS_URL, AS_SOURCE])
@pytest.mark.parametrize(
    ("model", "screen", "tokens"),
    [
        ("m", (100, 100), 6500),
        ("m", (1280, 720), 6500),
        ("m", (1920, 1080), 6728),
        ("m", (3840, 2160), 26910),
        ("gpt-4o-mini", (1280, 720), 2833 + 5667 * 6),
    ],
)
def test_a_picture_counts_by_its_size_and_not_by_its_bytes(part, model, screen, tokens):
    extra = bound(asking(part), screen, model).input_tokens - bound(asking(), screen, model).input_tokens
    assert tokens <= extra <= tokens + 150


def test_the_bound_of_the_input_can_be_raised():
    question = asking(AS_URL)
    endpoint = Endpoint(provider="openai", model="m", base_url="http://x", api_key=None)
    bounds = [bound_of(endpoint, question, encoded(question), SCREEN, Fraction(*by)) for by in ((1, 1), (3, 2))]
    assert bounds[1].input_tokens == ceil(bounds[0].input_tokens * Fraction(3, 2))


def test_each_picture_counts():
    one, three = bound(asking(AS_URL)).input_tokens, bound(asking(AS_URL, AS_URL, AS_URL)).input_tokens
    assert three > one + 2 * 6500


@pytest.mark.parametrize(
    ("fields", "settings", "output", "least"),
    [
        ({"max_tokens": 4096}, {}, 4096, 1024),
        ({"max_completion_tokens": 500}, {}, 500, 500),
        ({"max_tokens": 10, "max_completion_tokens": 500}, {}, 500, 500),
        ({"num_predict": 99}, {"token_field": "num_predict"}, 99, 99),
        ({"max_tokens": 100, "n": 3}, {}, 300, 300),
        ({}, {"max_tokens": 77}, 77, 77),
    ],
)
def test_the_output_is_bounded_by_what_is_asked_for(fields, settings, output, least):
    told = bound(asking(**fields), **settings)
    assert (told.output_tokens, told.least_output_tokens) == (output, least)


def test_a_question_can_be_limited_to_what_is_left():
    endpoint = Endpoint(provider="openai", model="m", base_url="http://x", api_key=None)
    assert limited(endpoint, {"max_tokens": 4096, "model": "m"}, 1200) == {"max_tokens": 1200, "model": "m"}
    assert limited(endpoint, {"max_tokens": 100, "n": 3}, 120) == {"max_tokens": 40, "n": 3}
