import pytest

from gui_agents.domain.actions import InvalidActionError
from gui_agents.models.native.calls import keys


@pytest.mark.parametrize(
    ("names", "presses"),
    [
        (["ctrl+s"], [["ctrl", "s"]]),
        (["CTRL", "C"], [["ctrl", "C"]]),
        (["ControlLeft+c"], [["ctrl", "c"]]),
        (["ControlLeft", "c"], [["ctrl", "c"]]),
        (["ctrlleft+c"], [["ctrl", "c"]]),
        (["Windows+r"], [["super", "r"]]),
        (["altgr+q"], [["alt", "q"]]),
        (["primary+c"], [["ctrl", "c"]]),
        (["\u2318", "a"], [["cmd", "a"]]),
        (["ctrl + s"], [["ctrl", "s"]]),
        (["ctrl++"], [["ctrl", "+"]]),
        (["ctrl s"], [["ctrl", "s"]]),
        (["Page Down"], [["pagedown"]]),
        (["Left Arrow"], [["left"]]),
        (["VK_BACK"], [["backspace"]]),
        (["Down Down"], [["down"], ["down"]]),
        (["ctrl+a Delete"], [["ctrl", "a"], ["delete"]]),
        (["a", "b"], [["a"], ["b"]]),
        (["ISO_Left_Tab"], [["shift", "tab"]]),
        (["super"], [["super"]]),
        ([" "], [["space"]]),
        (["+"], [["+"]]),
    ],
)
def test_modifiers_are_held_for_the_next_key_however_they_are_written(names, presses):
    assert [press["keys"] for press in keys(names)] == presses


@pytest.mark.parametrize("name", ["", "nokey", "ctrl+nokey", "Down nokey"])
def test_a_key_that_does_not_exist_is_named(name):
    with pytest.raises(InvalidActionError, match="there is no key"):
        list(keys([name]))


@pytest.mark.parametrize("names", [["+".join("a" * 20_000)], ["a " * 20_000], ["a"] * 20_000])
def test_more_keys_than_an_answer_may_have_are_refused(names):
    with pytest.raises(InvalidActionError, match="at most"):
        list(keys(names))
