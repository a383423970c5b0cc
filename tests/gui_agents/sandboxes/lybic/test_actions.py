"""Every action of the table becomes one action of Lybic's API, in its words, or is refused in words for the model."""

import pytest

from gui_agents.domain.actions import (
    ACTIONS,
    Button,
    Click,
    Drag,
    Key,
    LongPress,
    Move,
    Navigate,
    OpenApp,
    Scroll,
    Type,
)
from gui_agents.domain.keys import NAMED
from gui_agents.domain.sandbox import TransientSandboxError, UnsupportedActionError
from gui_agents.sandboxes.lybic.actions import (
    DESKTOP,
    MOBILE,
    Screen,
    desktop_call,
    extra_seconds,
    mobile_call,
    outcome,
)
from gui_agents.sandboxes.lybic.keys import hotkey
from tests.endpoints import lybic

SCREEN = Screen(1280, 720, (1280, 720))
PHONE = Screen(720, 1280, (720, 1280))


def px(value: int) -> dict[str, object]:
    return {"type": "px", "value": value}


AT = {"x": px(10), "y": px(20)}
WAY = {"startX": px(1), "startY": px(2), "endX": px(3), "endY": px(4)}

ON_DESKTOPS = [
    (Click(10, 20), {"type": "mouse:click", **AT, "button": 1}),
    (Click(10, 20, Button.RIGHT), {"type": "mouse:click", **AT, "button": 2}),
    (Click(10, 20, Button.MIDDLE), {"type": "mouse:click", **AT, "button": 4}),
    (Click(10, 20, count=2), {"type": "mouse:doubleClick", **AT, "button": 1}),
    (Click(10, 20, count=3), {"type": "mouse:tripleClick", **AT, "button": 1}),
    (Move(10, 20), {"type": "mouse:move", **AT}),
    (Drag(1, 2, 3, 4), {"type": "mouse:drag", **WAY, "button": 1}),
    (Drag(1, 2, 3, 4, Button.RIGHT), {"type": "mouse:drag", **WAY, "button": 2}),
    (Scroll(10, 20, dy=3), {"type": "mouse:scroll", **AT, "stepVertical": -3, "stepHorizontal": 0}),
    (Scroll(10, 20, -2, -1), {"type": "mouse:scroll", **AT, "stepVertical": 1, "stepHorizontal": -2}),
    (Type("hé\n"), {"type": "keyboard:type", "content": "hé\n", "treatNewLineAsEnter": True}),
    (Key(("ctrl", "shift", "t")), {"type": "keyboard:hotkey", "keys": "ctrl+shift+t"}),
    (Key(("ctrl+c",)), {"type": "keyboard:hotkey", "keys": "ctrl+c"}),
]
ON_PHONES = [
    (Click(10, 20), {"type": "touch:tap", **AT}),
    (Drag(1, 2, 3, 4), {"type": "touch:drag", **WAY}),
    (Scroll(10, 20, dy=2), {"type": "touch:swipe", **AT, "direction": "up", "distance": px(240)}),
    (Scroll(10, 20, dy=-2), {"type": "touch:swipe", **AT, "direction": "down", "distance": px(240)}),
    (Scroll(10, 20, dx=1), {"type": "touch:swipe", **AT, "direction": "left", "distance": px(120)}),
    (Scroll(10, 20, dx=-1), {"type": "touch:swipe", **AT, "direction": "right", "distance": px(120)}),
    (Scroll(10, 20, dy=100), {"type": "touch:swipe", **AT, "direction": "up", "distance": px(640)}),
    (LongPress(10, 20, 1.5), {"type": "touch:longPress", **AT, "duration": 1500}),
    (Type("hi"), {"type": "keyboard:type", "content": "hi", "treatNewLineAsEnter": True}),
    (Key(("back",)), {"type": "android:back"}),
    (Key(("Home",)), {"type": "android:home"}),
    (OpenApp("Chrome"), {"type": "os:startAppByName", "name": "Chrome"}),
]


@pytest.mark.parametrize(("action", "call"), ON_DESKTOPS, ids=str)
def test_an_action_of_a_desktop(action, call):
    assert desktop_call(action, SCREEN) == call
    lybic.check_action(call, lybic.DESKTOP, (1280, 720))
    assert outcome(action)


@pytest.mark.parametrize(("action", "call"), ON_PHONES, ids=str)
def test_an_action_of_a_phone(action, call):
    assert mobile_call(action, PHONE) == call
    lybic.check_action(call, lybic.MOBILE, (720, 1280))
    assert outcome(action)


def test_every_supported_action_is_mapped():
    assert {action.name for action, _ in ON_DESKTOPS} | {"wait"} == set(DESKTOP)
    assert {action.name for action, _ in ON_PHONES} | {"wait"} == set(MOBILE)


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (Click(10, 20, Button.RIGHT), "one tap at a time"),
        (Click(10, 20, count=2), "one tap at a time"),
        (Scroll(10, 20, 1, 1), "one direction at a time"),
        (Scroll(10, 20), "one direction at a time"),
        (Key(("enter",)), "a phone has no key enter; it has back and home"),
        (Key(("ctrl", "home")), "a phone has no key ctrl+home"),
        (Click(720, 20), "x=720 is outside of the screen, which has 720 pixels there"),
    ],
    ids=str,
)
def test_what_a_phone_cannot_is_told_with_what_it_can(action, words):
    with pytest.raises(TransientSandboxError, match=words.replace("+", r"\+")):
        mobile_call(action, PHONE)


def test_other_actions_are_unsupported():
    assert len(ACTIONS) == 13
    for action in (Navigate("https://example.com"), OpenApp("Notepad"), LongPress(1, 1, 1.0)):
        with pytest.raises(UnsupportedActionError):
            desktop_call(action, SCREEN)
    for action in (Navigate("https://example.com"), Move(1, 1)):
        with pytest.raises(UnsupportedActionError):
            mobile_call(action, PHONE)


@pytest.mark.parametrize(("x", "y"), [(-1, 0), (0, -1), (1280, 0), (0, 720)])
def test_no_action_leaves_the_screen(x, y):
    with pytest.raises(TransientSandboxError, match="outside of the screen"):
        desktop_call(Click(x, y), SCREEN)
    with pytest.raises(TransientSandboxError, match="outside of the screen"):
        desktop_call(Drag(0, 0, x, y), SCREEN)


def test_a_picture_that_was_scaled_down_is_clicked_at_the_same_place():
    screen = Screen.of(1280, 720, (1920, 1080))
    assert desktop_call(Click(0, 0), screen)["x"] == px(0)
    assert desktop_call(Click(640, 360), screen)["x"] == px(960)
    assert desktop_call(Click(1279, 719), screen)["y"] == px(1079)


@pytest.mark.parametrize("told", [None, (100, 100), (1080, 1920)])
def test_a_size_that_is_not_told_or_has_other_proportions_is_not_believed(told):
    assert Screen.of(1280, 720, told).real == (1280, 720)


def test_every_key_has_a_name_of_xdotool():
    names = {key: hotkey((key,)) for key in NAMED}
    assert names["enter"] == "Return"
    assert names["pageup"] == "Page_Up"
    assert names["cmd"] == names["super"] == "super"
    assert all(name.isascii() and "+" not in name for name in names.values())


@pytest.mark.parametrize(
    ("key", "name"), [("+", "plus"), ("a", "a"), ("A", "A"), ("ä", "U00E4"), ("😀", "U1F600"), ("/", "slash")]
)
def test_a_character_has_the_name_of_its_keysym(key, name):
    assert hotkey(("ctrl", key)) == f"ctrl+{name}"


def test_a_key_that_does_not_exist_is_told():
    with pytest.raises(TransientSandboxError, match="there is no key 'entr'"):
        hotkey(("entr",))


def test_what_takes_long_gets_more_time():
    assert (extra_seconds(Type("x" * 1000)), extra_seconds(LongPress(1, 1, 3.0)), extra_seconds(Click(1, 1))) == (
        50,
        3,
        0,
    )
