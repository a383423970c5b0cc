"""Dialogs and lists have places on any screen, and are drawn there."""

from io import BytesIO

import pytest
from PIL import Image

from gui_agents.domain.model_settings import PictureFormat
from gui_agents.domain.screen import Picture
from gui_agents.sandboxes.chromium.drawing import drawn
from gui_agents.sandboxes.chromium.panels import dialog_panel, list_panel
from gui_agents.sandboxes.chromium.tab import Dialog, DialogType

SIZE = (1280, 720)
URL = "https://ann:s3cret@example.com/x"
WHOLE = (0.0, 0.0, 1.0)


def picker(count, y=100, selected=0):
    options = [(f"Option {number}", number == selected, number == 1) for number in range(count)]
    return {"x": 50, "y": y, "width": 200, "height": 20, "name": "Size", "options": options}


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        (DialogType.ALERT, [("text", "Hi"), ("button", "OK")]),
        (DialogType.CONFIRM, [("text", "Hi"), ("button", "Cancel"), ("button", "OK")]),
        (DialogType.PROMPT, [("text", "Hi"), ("textbox", "Answer"), ("button", "Cancel"), ("button", "OK")]),
    ],
)
def test_each_part_of_a_dialog_is_hit_in_its_middle(kind, parts):
    panel = dialog_panel(Dialog(kind, "Hi", "x"), URL, SIZE)
    assert [(part.role, part.name) for part in panel.parts] == parts
    assert [panel.hit(*part.bounds.center) for part in panel.parts] == list(panel.parts)
    assert panel.name.startswith("example.com ")
    assert panel.element().states == {"modal", "active"}


@pytest.mark.parametrize("size", [(320, 240), (800, 600), SIZE])
@pytest.mark.parametrize("message", ["", "word " * 500, "x" * 2000, "a\n" * 500])
def test_the_buttons_of_any_dialog_are_on_the_screen(size, message):
    panel = dialog_panel(Dialog(DialogType.CONFIRM, message), URL, size)
    for part in panel.parts:
        assert part.bounds.x >= 0
        assert part.bounds.x + part.bounds.width <= size[0]
    if size != (320, 240):
        assert all(part.bounds.y + part.bounds.height <= size[1] for part in panel.parts)


def test_a_list_stands_below_its_field_or_above_where_there_is_more_room():
    assert list_panel(picker(3), WHOLE, SIZE, 0).bounds.y == 120
    above = list_panel(picker(3, y=690), WHOLE, SIZE, 0)
    assert above.bounds.y + above.bounds.height == 690


def test_a_long_list_shows_what_is_selected_and_is_scrolled():
    panel = list_panel(picker(200, selected=150), WHOLE, SIZE, 0)
    visible = [part.place for part in panel.parts if part.bounds.height]
    assert 150 in visible
    assert all("offscreen" in part.states for part in panel.parts if not part.bounds.height)
    scrolled = list_panel(picker(200, selected=150), WHOLE, SIZE, -300)
    assert next(part.place for part in scrolled.parts if part.bounds.height) == 0


def test_a_list_in_an_enlarged_frame_stands_at_its_field():
    panel = list_panel(picker(2), (100.0, 50.0, 2.0), SIZE, 0)
    assert (panel.bounds.x, panel.bounds.y, panel.bounds.width) == (200, 290, 400)


@pytest.mark.parametrize("page", [None, b"no picture", b"page"])
def test_a_panel_is_drawn_over_the_last_picture_or_over_nothing(page):
    file = BytesIO()
    Image.new("RGB", SIZE, "#ff0000").save(file, "JPEG")
    last = None if page is None else Picture(file.getvalue() if page == b"page" else page, *SIZE, PictureFormat.JPEG)
    for panel in (
        dialog_panel(Dialog(DialogType.PROMPT, "Hi", "Bob"), URL, SIZE),
        list_panel(picker(9), WHOLE, SIZE, 0),
    ):
        picture = drawn(last, SIZE, panel)
        with Image.open(BytesIO(picture.data)) as image:
            corner, inside = image.getpixel((1200, 700)), image.getpixel((panel.bounds.x + 4, panel.bounds.y + 60))
        assert (picture.width, picture.height) == SIZE
        assert (corner[1] < 100) == (page == b"page")
        assert min(inside) > 200


def test_without_a_panel_there_is_an_empty_page():
    assert drawn(None, SIZE, None).format is PictureFormat.JPEG
