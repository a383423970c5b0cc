import pytest

from gui_agents.domain.actions import Button, Click, Drag, InvalidActionError, Key, Move, Scroll, Type, Wait
from gui_agents.models.native.calls import answer_of
from gui_agents.models.responses.answers import read_answer, read_call
from tests.endpoints import responses
from tests.gui_agents.models.observed import request
from tests.scripted_model import json


def acted(*actions, at=None):
    """Return the actions of one call of the computer tool."""
    heard = read_answer(json.loads(responses.response(responses.computer(*actions)).body), max_tokens=100)
    answer, _ = answer_of([], heard.wishes, read_call, request(), at)
    return list(answer.actions)


@pytest.mark.parametrize(
    ("given", "actions"),
    [
        ({"type": "click", "button": "left", "x": 10, "y": 20}, [Click(10, 20)]),
        ({"type": "click", "button": "left", "x": 10, "y": 20, "keys": []}, [Click(10, 20)]),
        ({"type": "click", "button": "right", "x": 10, "y": 20}, [Click(10, 20, Button.RIGHT)]),
        ({"type": "click", "button": "wheel", "x": 10, "y": 20}, [Click(10, 20, Button.MIDDLE)]),
        ({"type": "click", "x": 10, "y": 20}, [Click(10, 20)]),
        ({"type": "double_click", "x": 10, "y": 20}, [Click(10, 20, count=2)]),
        ({"type": "move", "x": 10, "y": 20}, [Move(10, 20)]),
        ({"type": "drag", "path": [{"x": 1, "y": 2}, {"x": 9, "y": 9}, {"x": 3, "y": 4}]}, [Drag(1, 2, 3, 4)]),
        ({"type": "drag", "path": [[1, 2], [3, 4]]}, [Drag(1, 2, 3, 4)]),
        ({"type": "scroll", "x": 1, "y": 2, "scroll_x": 0, "scroll_y": 300}, [Scroll(1, 2, 0, 3)]),
        ({"type": "scroll", "x": 1, "y": 2, "scroll_x": 0, "scroll_y": -20}, [Scroll(1, 2, 0, -1)]),
        ({"type": "scroll", "x": 1, "y": 2, "scroll_x": 150, "scroll_y": None}, [Scroll(1, 2, 2, 0)]),
        ({"type": "scroll", "x": 1, "y": 2, "scroll_x": 0, "scroll_y": 1e300}, [Scroll(1, 2, 0, 100)]),
        ({"type": "scroll", "x": "1", "y": 2, "scroll_y": "300"}, [Scroll(1, 2, 0, 3)]),
        ({"type": "drag", "path": "[[1, 2], [3, 4]]"}, [Drag(1, 2, 3, 4)]),
        ({"type": "click", "x": 10, "y": 20, "keys": "[]"}, [Click(10, 20)]),
        ({"type": "keypress", "keys": '["CTRL", "S"]'}, [Key(("ctrl", "s"))]),
        ({"type": "keypress", "keys": "ENTER"}, [Key(("enter",))]),
        ({"type": "keypress", "keys": ["ENTER"]}, [Key(("enter",))]),
        ({"type": "keypress", "keys": ["CTRL", "S"]}, [Key(("ctrl", "s"))]),
        ({"type": "keypress", "keys": ["CTRL", "SHIFT", "T"]}, [Key(("ctrl", "shift", "t"))]),
        ({"type": "keypress", "keys": ["CTRL+S"]}, [Key(("ctrl", "s"))]),
        ({"type": "keypress", "keys": ["TAB", "TAB", "ENTER"]}, [Key(("tab",)), Key(("tab",)), Key(("enter",))]),
        ({"type": "keypress", "keys": ["SHIFT"]}, [Key(("shift",))]),
        ({"type": "keypress", "keys": ["CTRL", "+"]}, [Key(("ctrl", "+"))]),
        ({"type": "keypress", "keys": ["CTRL++"]}, [Key(("ctrl", "+"))]),
        ({"type": "type", "text": "hello"}, [Type("hello")]),
        ({"type": "wait"}, [Wait(2.0)]),
        ({"type": "screenshot"}, [Wait(0.5)]),
    ],
)
def test_an_action_of_the_computer_tool(given, actions):
    lowered = [Key(tuple(key.lower() for key in each.keys)) if isinstance(each, Key) else each for each in acted(given)]
    assert lowered == actions


def test_several_actions_and_a_look():
    given = {"type": "click", "x": 1, "y": 2}, {"type": "type", "text": "a"}, {"type": "screenshot"}
    assert acted(*given) == [Click(1, 2), Type("a")]


def test_without_coordinates_it_is_where_the_pointer_is():
    assert acted({"type": "move", "x": 1, "y": 2}, {"type": "double_click"}) == [Move(1, 2), Click(1, 2, count=2)]
    assert acted({"type": "click"}, at=(7, 8)) == [Click(7, 8)]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"type": "click", "button": "back", "x": 1, "y": 2}, "button"),
        ({"type": "click", "button": ["left"], "x": 1, "y": 2}, "button"),
        ({"type": "click", "x": 1, "y": 2, "keys": ["SHIFT"]}, "cannot be held"),
        ({"type": "click", "x": 5000, "y": 2}, "leaves the screen"),
        ({"type": "click"}, "needs the field x"),
        ({"type": "drag", "path": [{"x": 1, "y": 2}]}, "at least two points"),
        ({"type": "drag", "path": [1, 2]}, "point of a path"),
        ({"type": "drag"}, "at least two points"),
        ({"type": "keypress"}, "list of keys"),
        ({"type": "keypress", "keys": []}, "list of keys"),
        ({"type": "keypress", "keys": [5]}, "must be a string"),
        ({"type": "scroll", "x": 1, "y": 2, "scroll_y": "far"}, "must be a number"),
        ({"type": "type"}, "must be a string"),
        ({"type": "dance"}, "no action"),
        ({"type": ["click"]}, "no action"),
        ("click", "no action"),
        (None, "no action"),
    ],
)
def test_what_is_not_possible_is_told(given, problem):
    with pytest.raises(InvalidActionError, match=problem):
        acted(given)
