import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.domain.keys import NAMED, keys_of


@pytest.mark.parametrize(
    ("written", "keys"),
    [
        ("Return", "enter"),
        ("KP_Enter", "enter"),
        ("kp_enter", "enter"),
        ("NumpadEnter", "enter"),
        ("\n", "enter"),
        ("{ENTER}", "enter"),
        ("<Enter>", "enter"),
        ("Key.enter", "enter"),
        ("KEY_ENTER", "enter"),
        ("VK_RETURN", "enter"),
        ("VK_BACK", "backspace"),
        ("VK_MENU", "alt"),
        ("VK_BROWSER_BACK", "back"),
        ("Escape", "escape"),
        ("Esc", "escape"),
        ("BackSpace", "backspace"),
        ("Delete", "delete"),
        ("Insert", "insert"),
        ("Page_Up", "pageup"),
        ("Page Up", "pageup"),
        ("PageUp", "pageup"),
        ("Prior", "pageup"),
        ("Next", "pagedown"),
        ("ArrowLeft", "left"),
        ("KP_Left", "left"),
        ("Print", "printscreen"),
        ("Num_Lock", "numlock"),
        ("F12", "f12"),
        ("Control_L", "ctrl"),
        ("ControlRight", "ctrl"),
        ("ctrlleft", "ctrl"),
        ("leftctrl", "ctrl"),
        ("Super_L", "super"),
        ("win", "super"),
        ("winleft", "super"),
        ("Meta", "super"),
        ("cmd", "cmd"),
        ("command", "cmd"),
        ("Alt_R", "alt"),
        ("option", "alt"),
        ("Shift", "shift"),
        ("space", "space"),
        (" ", "space"),
        ("Space", "space"),
        ("XF86AudioRaiseVolume", "volumeup"),
        ("KP_Add", "+"),
        ("plus", "+"),
        ("minus", "-"),
        ("KP_5", "5"),
        ("Digit5", "5"),
        ("num5", "5"),
        ("KeyA", "a"),
        ("a", "a"),
        ("A", "A"),
        ("é", "é"),
        ("+", "+"),
        ("-", "-"),
        ("Ctrl+C", "ctrl C"),
        ("ctrl + c", "ctrl c"),
        ("ctrl-c", "ctrl c"),
        ("ctrl c", "ctrl c"),
        ("ctrl++", "ctrl +"),
        ("ctrl+-", "ctrl -"),
        ("Control_L+Shift_L+Page_Down", "ctrl shift pagedown"),
        ("ISO_Left_Tab", "shift tab"),
        ("alt+F4", "alt f4"),
    ],
)
def test_keys_as_models_write_them(written, keys):
    assert keys_of([written]) == tuple(keys.split(" "))


def test_keys_of_a_list_are_held_in_its_order():
    assert keys_of(["Control_L", "Shift", "Tab"]) == ("ctrl", "shift", "tab")
    assert keys_of(["ctrl+a", "Delete"]) == ("ctrl", "a", "delete")


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("Retrun", "there is no key 'Retrun'; 'enter' may be meant"),
        ("ctrl+Escpae", "there is no key 'Escpae'; 'escape' may be meant"),
        ("Contrl", "there is no key 'Contrl'; 'ctrl' may be meant"),
        ("KP_Entr", "there is no key 'KP_Entr'; 'enter' may be meant"),
        ("hello world", "there is no key 'hello world'; a key is one character, or one of: ctrl, alt"),
        ("\x00", "there is no key '\\x00'; a key is one character, or one of: ctrl"),
        ("", "there is no key ''; a key is one character, or one of: ctrl"),
    ],
)
def test_a_missing_key_is_named_with_its_likeliest_meaning(written, problem):
    with pytest.raises(LookupError) as caught:
        keys_of([written])
    assert caught.value.args[0].startswith(problem)


@pytest.mark.parametrize("key", sorted(NAMED))
def test_every_key_keeps_its_one_spelling(key):
    assert keys_of([key]) == keys_of([key.upper()]) == (key,)


@given(st.lists(st.text(max_size=60), max_size=5))
def test_any_text_is_keys_or_none(written):
    try:
        keys = keys_of(written)
    except LookupError as error:
        assert len(error.args[0]) < 500  # noqa: PT017 - most examples end here
        return
    assert keys_of(keys) == keys
