import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.domain.actions import InvalidActionError
from gui_agents.models.answers.calls import arguments

CLICK = {"action": "click", "x": 68, "y": 66}
TYPED = {"action": "type", "text": "a"}
GIVEN = json.dumps(CLICK)


@pytest.mark.parametrize(
    "given",
    [
        CLICK,
        GIVEN,
        json.dumps(GIVEN),
        f"```json\n{GIVEN}\n```",
        f"```\n{GIVEN}```",
        f"{GIVEN}</tool_call>",
        f"{GIVEN},",
        '{"action": "click", "x": 68, "y": 66,}',
        '{"action": "click", "x": [68, 66, ], }',
        f"{GIVEN}{GIVEN}",
        {"arguments": CLICK},
        {"arguments": GIVEN},
        {"name": "act", "arguments": CLICK},
        {"action": CLICK},
        {"action": GIVEN},
        {"action": {"type": "click", "x": 68, "y": 66}},
        {"action": "click", "x": [68, 66]},
        {"action": "click", "x": "[68, 66]"},
        {"action": "click", "x": [68, 66], "y": 66},
        {"action": "click", "x": [68, 66], "y": [68, 66]},
    ],
)
def test_arguments_are_read_however_they_are_wrapped(given):
    assert arguments("act", given) == [CLICK]


def test_different_objects_in_one_call_are_actions_in_their_order():
    assert arguments("act", f"{GIVEN}\n{json.dumps(TYPED)}") == [CLICK, TYPED]


@pytest.mark.parametrize("name", ["act", "functions.act", "default_api.act", "functions.act:0", " Act "])
def test_the_name_of_the_tool_may_have_a_namespace(name):
    assert arguments(name, CLICK) == [CLICK]


@pytest.mark.parametrize("name", ["click", "act.click", "react", "", None, ["act"]])
def test_there_is_no_other_tool(name):
    with pytest.raises(InvalidActionError, match="there is one tool"):
        arguments(name, CLICK)


@pytest.mark.parametrize(
    "given", ["", "[]", "5", None, f"{GIVEN} and so on", f"{GIVEN}[1]", '{"action": ', f"not {GIVEN}"]
)
def test_what_is_more_or_less_than_objects_is_refused(given):
    with pytest.raises(InvalidActionError, match="must be one JSON object"):
        arguments("act", given)


def test_an_object_without_an_action_is_left_to_the_parser():
    assert arguments("act", "{}") == [{}]
    assert arguments("act", {"x": [1, 2]}) == [{"x": [1, 2]}]


@given(st.lists(st.sampled_from([GIVEN, "```json", "</tool_call>", ",", "{", "[", '"', "<", " a "])).map("".join))
def test_any_text_is_arguments_or_none(text):
    try:
        assert arguments("act", text) == [CLICK]
    except InvalidActionError as error:
        assert error.problem  # noqa: PT017 - most examples end here
