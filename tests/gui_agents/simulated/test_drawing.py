"""Text and shapes on the screenshot: what fits, what is cut, and which style a widget gets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from gui_agents.domain.screen import Bounds
from gui_agents.simulated import painter
from gui_agents.simulated.painter import Painter, fitting, spelled, width_of, wrapped
from gui_agents.simulated.theme import DARK, LIGHT, style_of


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Zoë’s café", "Zoe's cafe"),
        ("2×3÷4−1", "2x3/4-1"),
        ("漢🙂", "??"),
        ("a\tb\x07", "a    b?"),
        ("1 · 2…", "1 · 2…"),
    ],
)
def test_text_is_written_in_characters_that_the_font_has(text, written):
    assert spelled(text) == written


@given(st.text(st.sampled_from("ab iW\n"), max_size=200), st.integers(20, 300))
def test_wrapped_lines_fit_and_keep_every_word_in_order(text, width):
    lines = list(wrapped(text, width))

    assert all(width_of(line.rstrip()) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_line_is_broken_at_the_last_space_that_fits():
    assert list(wrapped("one two three\n\nfour", width_of("one two"))) == ["one two", "three", "", "four"]


@given(st.text(st.sampled_from("ab iW"), max_size=60), st.integers(10, 300))
def test_most_characters_that_fit_are_taken(text, width):
    count = fitting(text, width)

    assert width_of(text[:count].rstrip()) <= width
    assert count == len(text) or width_of(text[: count + 1].rstrip()) > width


def test_text_that_is_too_long_is_cut_at_its_box():
    image = Image.new("RGB", (200, 40))
    Painter(image).text("a text that is far too long", Bounds(20, 10, 100, 20), "#ffffff")
    left, _, right, _ = image.getbbox()

    assert 20 <= left < 25
    assert 105 < right <= 120


def test_box_fills_its_bounds_but_for_the_corners():
    for height in (40, 100):
        image = Image.new("RGB", (60, 120))
        Painter(image).box(Bounds(10, 10, 40, height), "#ffffff", 8, "#ff0000")
        bottom = 9 + height

        assert image.getbbox() == (10, 10, 50, 10 + height)
        assert image.getpixel((10, 10)) == image.getpixel((49, bottom)) == (0, 0, 0)
        assert image.getpixel((30, 10)) == image.getpixel((10, 30)) == image.getpixel((30, bottom)) == (255, 0, 0)
        assert image.getpixel((11, 30)) == image.getpixel((30, bottom - 1)) == (255, 255, 255)


def test_later_rows_of_the_style_come_over_earlier_ones():
    plain, primary, disabled = (
        style_of(frozenset({"button", *more})) for more in ((), ("primary",), ("primary", "disabled"))
    )

    assert (plain.fill, primary.fill, disabled.fill) == ("button", "accent", "button")
    assert (plain.colour, primary.colour, disabled.colour) == ("text", "on_accent", "faint")
    assert LIGHT.keys() == DARK.keys() >= {plain.fill, primary.colour, disabled.border}


def test_a_text_that_stays_is_laid_out_and_written_once():
    wrapped.cache_clear()
    sandbox_text = "x" * 20_000
    for _ in range(3):
        wrapped(sandbox_text, 500)
    assert (wrapped.cache_info().misses, wrapped.cache_info().hits) == (1, 2)


def test_a_long_text_without_a_space_takes_work_in_proportion_to_its_lines(monkeypatch):
    measured = []
    monkeypatch.setattr(painter, "width_of", lambda text, *_: measured.append(len(text)) or 8 * len(text))
    wrapped.cache_clear()
    lines = wrapped("x" * 20_000, 480)
    wrapped.cache_clear()
    assert len(lines) == -(-20_000 // 60)
    assert sum(measured) <= len(lines) * 10 * 240


@pytest.mark.parametrize("align", ["l", "m", "r"])
def test_a_line_from_the_cache_looks_like_one_that_is_written_anew(align):
    box, pictures = Bounds(10, 5, 81, 31), []
    for clear in (painter._written.cache_clear, lambda: None):
        clear()
        image = Image.new("RGB", (120, 50), "#ffffff")
        Painter(image).text("Save as…", box, "#203040", 15, align)
        pictures.append(image.tobytes())
    assert pictures[0] == pictures[1]
    anew = Image.new("RGB", (120, 50), "#ffffff")
    x = box.x + {"l": 0, "m": box.width / 2, "r": box.width}[align]
    ImageDraw.Draw(anew).text((x, box.y + box.height / 2), "Save as…", "#203040", painter._font(15), anchor=f"{align}m")
    assert pictures[0] == anew.tobytes()
