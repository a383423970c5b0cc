"""Two pictures that are much alike tell where they differ."""

import pytest
from PIL import Image, ImageDraw

from gui_agents.domain.model_settings import PictureFormat
from gui_agents.domain.screen import Picture
from gui_agents.pictures.encoding import jpeg, png
from gui_agents.pictures.likeness import Glimpse


def glimpse(*marks, size=(1280, 720), encode=png):
    image = Image.new("RGB", size, "white")
    for mark in marks:
        ImageDraw.Draw(image).rectangle(mark, "black")
    return Glimpse(Picture(encode(image), *size, PictureFormat.PNG if encode is png else PictureFormat.JPEG))


@pytest.mark.parametrize("encode", [png, jpeg])
def test_small_changes_are_cells_of_the_screen(encode):
    changes = glimpse((800, 400, 815, 407), encode=encode).changes(glimpse(encode=encode))
    assert changes is not None
    assert (changes.columns, changes.rows) == (160, 90)
    assert {(100, 50), (101, 50)} <= changes.cells
    assert all(99 <= column <= 102 and 49 <= row <= 51 for column, row in changes.cells)


def test_a_thin_caret_is_a_change():
    changes = glimpse((800, 400, 800, 415)).changes(glimpse())
    assert changes is not None
    assert changes.cells == {(100, 50), (100, 51)}


def test_equal_pictures_have_no_changes():
    changes = glimpse().changes(glimpse())
    assert changes is not None
    assert changes.cells == set()


@pytest.mark.parametrize("other", [glimpse((0, 0, 200, 200)), glimpse(size=(1280, 800))])
def test_another_screen_has_no_cells_to_name(other):
    assert glimpse().changes(other) is None


@pytest.mark.parametrize("cells", [True, False])
def test_what_was_compared_is_held_as_cells_until_they_are_forgotten_too(cells):
    one = glimpse()
    one.changes(glimpse())
    one.forget(cells=cells)
    assert one.comparable is not cells
