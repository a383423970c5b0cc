"""Real programs on a real desktop, seen and operated as by a model: by the tree, the pointer and the keyboard."""

import pytest

from gui_agents.domain.actions import Click, Drag, Key, LongPress, Move, OpenApp, Scroll, Type, Wait
from gui_agents.domain.sandbox import SandboxType, TransientSandboxError, UnsupportedActionError
from gui_agents.domain.screen import Bounds
from tests.gui_agents.sandboxes.x11.desks import a_desk, elements, found

pytestmark = pytest.mark.system_tools

TEXT = "Grüße an \"Ümläut\" & 'Co' ~^`´ €\n\tzweite Zeile: 你好，世界 😀👩‍👩‍👧\nДа, Ελλάδα; مرحبا\n"  # noqa: RUF001


async def test_a_text_is_typed_and_saved_by_the_file_dialog_byte_for_byte(tmp_path):
    async with a_desk(tmp_path) as desk:
        await desk.act(OpenApp("text editor"), Type(TEXT))
        assert (await desk.until("textbox")).value == TEXT
        await desk.act(Key(("ctrl", "s")))
        assert (await desk.until("dialog")).name == "Save As"
        await desk.until("textbox", "Name")
        await desk.act(Type(f"{desk.sandbox._jail.home}/a b.txt"))
        await desk.click("button", "Save")
        await desk.until("window", "~/a b.txt - Mousepad")
        await desk.terminal()
        assert (await desk.run("cat ~/a*b.txt")).encode() == TEXT.encode()


async def test_every_character_of_a_long_text_comes_in_its_order(tmp_path):
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 300))) + "".join(map(chr, range(0x21, 0x7F))) * 3
    async with a_desk(tmp_path) as desk:
        await desk.act(OpenApp("mousepad"), Type(text))
        assert (await desk.until("textbox")).value == text


async def test_a_calculator_is_operated_by_its_buttons_and_its_display_is_read(tmp_path):
    async with a_desk(tmp_path) as desk:
        assert await desk.act(OpenApp("Calculator")) == "opened galculator"
        for name in "12*77=":
            await desk.click("button", name)
        display = await desk.until("textbox", value="924")
        assert display.states == {"readonly", "multiline"}


async def test_the_pointer_drags_double_clicks_and_scrolls(tmp_path):
    async with a_desk(tmp_path) as desk:
        await desk.act(OpenApp("mousepad"), Type("alpha beta gamma\n" + "line\n" * 100), Key(("ctrl", "Home")))
        bounds = (await desk.until("textbox")).bounds
        x, y = bounds.x + 70, bounds.y + 10
        await desk.act(Click(x, y, count=2), Key(("ctrl", "x")))
        assert (await desk.until("textbox")).value.startswith("alpha  gamma\n")
        await desk.act(Key(("ctrl", "z")), Click(bounds.x + 200, bounds.y + 200))
        await desk.act(Drag(bounds.x + 2, y, bounds.x + 300, y), Key(("Delete",)))
        assert (await desk.until("textbox")).value.startswith("\nline\n")
        await desk.act(Move(x, y))
        before = await desk.still_picture()
        await desk.act(Scroll(x, y, dy=20))
        await desk.until_picture(lambda data: data != before)
        await desk.act(Scroll(x, y, dy=-20))
        await desk.until_picture(lambda data: data == before)


async def test_two_clicks_at_one_place_are_no_double_click(tmp_path):
    async with a_desk(tmp_path) as desk:
        await desk.act(OpenApp("mousepad"), Type("alpha beta gamma"))
        bounds = (await desk.until("textbox")).bounds
        place = Click(bounds.x + 70, bounds.y + 10)
        await desk.act(place, place, Key(("ctrl", "x")), Key(("ctrl", "a")), Key(("ctrl", "c")))
        assert "beta" in (await desk.until("textbox")).value


async def test_keys_are_held_together_and_capitals_do_not_stay(tmp_path):
    async with a_desk(tmp_path) as desk:
        await desk.act(OpenApp("mousepad"), Key(("caps_lock",)), Type("aB"), Key(("shift", "c")), Key(("shift+Left",)))
        await desk.act(Key(("ctrl", "c")), Key(("End",)), Key(("ctrl+v",)), Key(("F13",)), Key(("ß",)))
        assert (await desk.until("textbox")).value == "aBCCß"


async def test_menus_open_in_the_tree_and_their_items_can_be_clicked(tmp_path):
    async with a_desk(tmp_path) as desk:
        await desk.act(OpenApp("mousepad"), Type("one"))
        await desk.click("menu", "Edit")
        await desk.click("menuitem", "Select All")
        await desk.act(Type("two"))
        assert (await desk.until("textbox")).value == "two"


async def test_the_tree_names_windows_from_the_top_and_the_apps_that_can_be_opened(tmp_path):
    async with a_desk(tmp_path) as desk:
        empty = (await desk.see()).tree
        assert (empty.role, empty.bounds, [child.name for child in empty.children]) == (
            "desktop",
            Bounds(0, 0, 1280, 720),
            ["Apps"],
        )
        assert [item.name for item in empty.children[0].children] == ["mousepad", "galculator", "xterm"]
        await desk.act(OpenApp("mousepad"), OpenApp("xterm"))
        top, below, apps = (await desk.see()).tree.children
        assert (top.name, "active" in top.states, below.name, apps.name) == (
            "xterm",
            True,
            "Untitled 1 - Mousepad",
            "Apps",
        )
        await desk.click("button", "Close")
        assert [child.name for child in (await desk.see()).tree.children] == ["Untitled 1 - Mousepad", "Apps"]


async def test_what_another_window_covers_is_offscreen(tmp_path):
    async with a_desk(tmp_path, SANDBOX_SCREEN="640x480") as desk:
        await desk.act(OpenApp("galculator"), OpenApp("mousepad"))
        seen = await desk.see()
        covered = [element for element in elements(seen.tree) if element.name == "7"]
        assert [element.states for element in covered] == [{"offscreen"}]
        assert found(seen, "textbox").bounds.width <= 640


async def test_a_picture_has_the_pixels_of_the_screen(tmp_path):
    async with a_desk(tmp_path, SANDBOX_SCREEN="800x600") as desk:
        await desk.act(OpenApp("mousepad"), Move(5, 5))
        still = await desk.still_picture()
        seen = await desk.sandbox.observe(screenshot=True)
        picture = seen.screenshot
        assert (seen.width, seen.height, picture.width, picture.height, picture.format) == (800, 600, 800, 600, None)
        x, y = found(seen, "textbox").bounds.center
        start = (y * 800 + x) * 3
        assert picture.data[start : start + 3] == b"\xff\xff\xff"
        await desk.until_picture(lambda data: data == still)


async def test_what_is_not_possible_is_told_with_what_is(tmp_path):
    async with a_desk(tmp_path) as desk:
        with pytest.raises(TransientSandboxError, match=r"there are: mousepad \(text editor\), galculator \(calc"):
            await desk.act(OpenApp("firefox"))
        with pytest.raises(TransientSandboxError, match=r"\(1280, 0\) is outside of the screen of 1280 x 720 pixels"):
            await desk.act(Click(1280, 0))
        with pytest.raises(TransientSandboxError, match="there is no key 'nonsense'"):
            await desk.act(Key(("nonsense",)))
        with pytest.raises(TransientSandboxError, match=r"U\+0007 cannot be typed"):
            await desk.act(Type("bell \a"))
        with pytest.raises(UnsupportedActionError, match="a desktop cannot long_press"):
            await desk.act(LongPress(1, 1, 1.0))
        assert await desk.act(Wait(0.01)) == "waited 0.01 s"
        assert desk.sandbox.sandbox_type is SandboxType.LINUX
