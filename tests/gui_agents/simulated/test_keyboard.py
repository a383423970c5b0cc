"""Keys: their spellings, editing text, and moving the focus."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.domain.actions import Click, Drag, Key, OpenApp, Type
from gui_agents.simulated import SimulatedSandbox
from gui_agents.simulated.fields import TextField
from gui_agents.simulated.keys import chord, typed


@pytest.mark.parametrize(
    ("keys", "spelled", "character"),
    [
        (("Return",), ("enter",), None),
        (("Control", "S"), ("ctrl", "s"), None),
        (("s", "shift", "ctrl"), ("ctrl", "shift", "s"), None),
        (("shift", "a"), ("shift", "a"), "A"),
        ((" ",), ("space",), " "),
        (("é",), ("é",), "é"),
        (("nope",), None, None),
    ],
)
def test_keys_have_one_spelling(keys, spelled, character):
    assert chord(keys) == spelled
    assert spelled is None or typed(spelled) == character


editing = st.one_of(
    st.sampled_from([("left",), ("right",), ("home",), ("end",), ("backspace",), ("delete",), ("ctrl", "a")]),
    st.text(max_size=5),
)


@given(st.lists(editing, max_size=30), st.booleans())
def test_caret_stays_inside_of_the_text(events, multiline):
    field = TextField(multiline=multiline, limit=12)
    for event in events:
        if isinstance(event, str):
            field.insert(event)
        else:
            assert field.press(event)

        assert 0 <= field.caret <= len(field.text) <= 12
        assert multiline or "\n" not in field.text


async def form():
    sandbox = SimulatedSandbox()
    await sandbox.open()
    await sandbox.act(OpenApp("Contact Form"))
    return sandbox


async def test_form_can_be_sent_with_the_keyboard_alone():
    sandbox = await form()
    for action in (
        Type("Alice"),
        Key(("tab",)),
        Type("a@b.c"),
        Key(("tab",)),
        Type("hello"),
        *[Key(("tab",))] * 3,
        Key(("space",)),
        *[Key(("tab",))] * 2,
        Key(("space",)),
        Key(("enter",)),
    ):
        await sandbox.act(action)

    (sent,) = sandbox.state().submissions
    assert (sent.name, sent.email, sent.message, sent.size, sent.newsletter) == (
        "Alice",
        "a@b.c",
        "hello",
        "Large",
        False,
    )


async def test_selected_text_is_replaced_by_what_is_typed():
    sandbox = await form()
    for action in (Type("Alice"), Key(("ctrl", "a")), Type("Bob"), Key(("left",)), Key(("backspace",)), Type("u")):
        await sandbox.act(action)

    tree = (await sandbox.observe(screenshot=False)).tree
    window = next(child for child in tree.children if child.role == "window")
    name = next(child for child in window.children if (child.role, child.name) == ("textbox", "Name"))
    assert (name.value, "focused" in name.states) == ("Bub", True)


async def test_volume_follows_arrows_and_drags():
    sandbox = SimulatedSandbox()
    await sandbox.open()
    await sandbox.act(OpenApp("Settings"))
    tree = (await sandbox.observe(screenshot=False)).tree
    window = next(child for child in tree.children if child.role == "window")
    track = next(child for child in window.children if child.role == "slider").bounds

    await sandbox.act(Click(track.x, track.center[1]))
    assert sandbox.state().volume == 0
    await sandbox.act(Key(("right",)))
    assert sandbox.state().volume == 1
    await sandbox.act(Drag(track.x, track.center[1], track.x + track.width - 1, 5))
    assert sandbox.state().volume == 100


async def test_window_moves_with_its_title_bar_and_closes_with_alt_f4():
    sandbox = await form()
    before = (await sandbox.observe(screenshot=False)).tree.children[5].bounds
    await sandbox.act(Drag(before.x + 100, before.y + 10, before.x + 90, before.y + 15))
    after = (await sandbox.observe(screenshot=False)).tree.children[5].bounds
    assert (after.x - before.x, after.y - before.y) == (-10, 5)

    await sandbox.act(Key(("alt", "f4")))

    assert sandbox.state().windows == ()
