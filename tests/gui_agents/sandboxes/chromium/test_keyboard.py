"""Chords and text become the strokes that a keyboard makes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.domain.keys import NAMED
from gui_agents.sandboxes.chromium.keyboard import chord, strokes, typed


def told(events):
    return [(event["type"], event["key"], event["modifiers"], event.get("text", "")) for event in events]


def test_a_shortcut_holds_its_modifiers_and_types_nothing():
    assert told(strokes(chord(["ctrl+shift", "K"]))) == [
        ("rawKeyDown", "Control", 2, ""),
        ("rawKeyDown", "Shift", 10, ""),
        ("rawKeyDown", "K", 10, ""),
        ("keyUp", "K", 10, ""),
        ("keyUp", "Shift", 2, ""),
        ("keyUp", "Control", 0, ""),
    ]


def test_a_key_types_its_text_with_and_without_shift():
    assert told(strokes(["a"])) == [("keyDown", "a", 0, "a"), ("keyUp", "a", 0, "")]
    assert told(strokes(["shift", "a"]))[1] == ("keyDown", "A", 8, "A")
    assert told(strokes(["enter"]))[0] == ("keyDown", "Enter", 0, "\r")
    assert told(strokes(["é"]))[0] == ("keyDown", "é", 0, "é")


def test_the_command_key_of_a_mac_is_the_control_key():
    assert chord(["cmd", "C"]) == ("ctrl", "c")


def test_a_character_that_needs_shift_says_so():
    assert told(typed("?")) == [("keyDown", "?", 8, "?"), ("keyUp", "?", 8, "")]
    assert typed("世") is None


@pytest.mark.parametrize("key", sorted(NAMED - {"cmd"}))
def test_every_key_that_has_a_name_can_be_pressed(key):
    events = strokes(chord([key]))
    assert [event["type"] for event in events] in (["rawKeyDown", "keyUp"], ["keyDown", "keyUp"])
    assert all(event["windowsVirtualKeyCode"] for event in events)


@given(st.lists(st.sampled_from([*sorted(NAMED), *"aZ1?é"]), min_size=1, max_size=5))
def test_every_key_that_goes_down_comes_up(keys):
    events = strokes(chord(keys))
    downs = [event["code"] for event in events if event["type"] != "keyUp"]
    assert sorted(downs) == sorted(event["code"] for event in events if event["type"] == "keyUp")
    assert events[-1]["modifiers"] in (0, 8)
