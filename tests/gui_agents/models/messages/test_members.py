import pytest

from gui_agents.domain.actions import (
    SANDBOX_ACTIONS,
    ActionName,
    Button,
    Click,
    Drag,
    InvalidActionError,
    Key,
    Move,
    Scroll,
    Type,
    Wait,
)
from gui_agents.models.messages.answers import read_call
from gui_agents.models.messages.members import disabled, steps
from gui_agents.models.native.calls import Wish, answer_of
from gui_agents.models.native.transcript import Call
from tests.endpoints.messages import MEMBERS
from tests.gui_agents.models.observed import request


def acted(*calls, at=None):
    """Return the actions of calls of members."""
    wishes = [
        Wish(name=name, given=given, call=Call(call_id=f"toolu_{number}", native=True))
        for number, (name, given) in enumerate(calls)
    ]
    answer, _ = answer_of([], wishes, read_call, request(), at)
    return list(answer.actions)


@pytest.mark.parametrize(
    ("name", "given", "actions"),
    [
        ("left_click", {"coordinate": [10, 20]}, [Click(10, 20)]),
        ("right_click", {"coordinate": [10, 20]}, [Click(10, 20, Button.RIGHT)]),
        ("middle_click", {"coordinate": [10, 20]}, [Click(10, 20, Button.MIDDLE)]),
        ("double_click", {"coordinate": [10, 20]}, [Click(10, 20, count=2)]),
        ("triple_click", {"coordinate": [10, 20]}, [Click(10, 20, count=3)]),
        ("left_click", {"coordinate": [10, 20], "text": ""}, [Click(10, 20)]),
        ("left_click", {"coordinate": "[10, 20]"}, [Click(10, 20)]),
        ("left_click", {"coordinate": {"x": 10, "y": 20}, "text": "[]"}, [Click(10, 20)]),
        ("left_click", '{"coordinate": [10, 20]}', [Click(10, 20)]),
        ("scroll", {"coordinate": "[5, 6]", "scroll_direction": "down", "scroll_amount": "3"}, [Scroll(5, 6, 0, 3)]),
        ("wait", {"duration": "2"}, [Wait(2.0)]),
        ("key", {"text": "Page Down", "repeat": "2"}, [Key(("pagedown",))] * 2),
        ("left_click_drag", {"start_coordinate": [1, 2], "coordinate": [3, 4]}, [Drag(1, 2, 3, 4)]),
        ("mouse_move", {"coordinate": [10, 20]}, [Move(10, 20)]),
        ("scroll", {"coordinate": [5, 6], "scroll_direction": "down", "scroll_amount": 3}, [Scroll(5, 6, 0, 3)]),
        ("scroll", {"coordinate": [5, 6], "scroll_direction": "up", "scroll_amount": 3}, [Scroll(5, 6, 0, -3)]),
        ("scroll", {"coordinate": [5, 6], "scroll_direction": "left", "scroll_amount": 2}, [Scroll(5, 6, -2, 0)]),
        ("scroll", {"coordinate": [5, 6], "scroll_direction": "right", "scroll_amount": 2}, [Scroll(5, 6, 2, 0)]),
        ("scroll", {"coordinate": [5, 6], "scroll_direction": "down", "scroll_amount": 9999}, [Scroll(5, 6, 0, 100)]),
        ("type", {"text": "a b\nc"}, [Type("a b\nc")]),
        ("key", {"text": "Tab", "repeat": 3}, [Key(("tab",))] * 3),
        ("key", {"text": "ctrl+s"}, [Key(("ctrl", "s"))]),
        ("wait", {"duration": 2}, [Wait(2.0)]),
        ("wait", {"duration": 300}, [Wait(10.0)]),
        ("wait", {"duration": 0}, [Wait(0.5)]),
        ("screenshot", {}, [Wait(0.5)]),
    ],
)
def test_a_member_as_actions(name, given, actions):
    assert [_lower(action) for action in acted((name, given))] == actions


def _lower(action):
    """Return an action with its keys in lower case; how names of keys are spelled is not the subject here."""
    return Key(tuple(key.lower() for key in action.keys)) if isinstance(action, Key) else action


def test_a_look_beside_other_actions_needs_no_action():
    assert acted(("screenshot", {}), ("left_click", {"coordinate": [1, 2]}), ("screenshot", {})) == [Click(1, 2)]


def test_without_a_coordinate_it_is_where_the_pointer_is():
    calls = ("mouse_move", {"coordinate": [1, 2]}), ("left_click", {}), ("scroll", {"scroll_direction": "down"})
    assert acted(*calls) == [Move(1, 2), Click(1, 2), Scroll(1, 2, 0, 3)]
    drag = {"start_coordinate": [1, 2], "coordinate": [3, 4]}
    assert acted(("left_click_drag", drag), ("double_click", {})) == [Drag(1, 2, 3, 4), Click(3, 4, count=2)]
    assert acted(("left_click", {}), at=(7, 8)) == [Click(7, 8)]


@pytest.mark.parametrize(
    ("name", "given", "problem"),
    [
        ("left_click", {}, "coordinate"),
        ("left_click", {"coordinate": [1]}, "coordinate"),
        ("left_click", {"coordinate": "1, 2"}, "coordinate"),
        ("left_click", {"coordinate": [5000, 2]}, "leaves the screen"),
        ("left_click", {"coordinate": [1, 2], "text": "shift"}, "cannot be held"),
        ("left_click", None, "object"),
        ("scroll", {"coordinate": [1, 2], "scroll_direction": "sideways"}, "scroll_direction"),
        ("scroll", {"coordinate": [1, 2], "scroll_direction": ["up"]}, "scroll_direction"),
        ("scroll", {"coordinate": [1, 2], "scroll_direction": "up", "scroll_amount": "x"}, "scroll_amount"),
        ("scroll", {"coordinate": [1, 2], "scroll_direction": "up", "scroll_amount": float("nan")}, "scroll_amount"),
        ("type", {}, "text"),
        ("key", {"text": "Tab", "repeat": 101}, "repeat"),
        ("key", {"text": 5}, "text"),
        ("wait", {"duration": "long"}, "duration"),
        ("zoom", {"region": [0, 0, 10, 10]}, "not possible"),
        ("left_mouse_down", {}, "not possible"),
        ("hold_key", {"text": "a", "duration": 1}, "not possible"),
        ("cursor_position", {}, "not possible"),
        ("dance", {}, "not possible"),
    ],
)
def test_what_is_not_possible_is_told(name, given, problem):
    with pytest.raises(InvalidActionError, match=problem):
        acted((name, given))


def test_of_several_calls_the_wrong_one_is_named():
    with pytest.raises(InvalidActionError, match=r"call 2 \(zoom\)"):
        acted(("left_click", {"coordinate": [1, 2]}), ("zoom", {}))


def test_each_member_is_known_or_withheld():
    known = {name for name in MEMBERS if _is_known(name)}
    assert known | set(disabled(SANDBOX_ACTIONS)) == MEMBERS
    assert known & set(disabled(SANDBOX_ACTIONS)) == set()


def _is_known(name):
    try:
        steps(name, {}, (1, 2))
    except InvalidActionError as error:
        return "not possible" not in error.problem
    return True


def test_what_a_sandbox_cannot_do_is_withheld():
    withheld = set(disabled(frozenset({ActionName.CLICK}))) - set(disabled(SANDBOX_ACTIONS))
    assert withheld == {"left_click_drag", "mouse_move", "scroll", "type", "key", "wait"}
