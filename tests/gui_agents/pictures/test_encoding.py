"""A picture is made as cheaply as the model lets it, once, and shows the same."""

from io import BytesIO

import pytest
from PIL import Image, ImageChops

from gui_agents.domain.model_settings import ModelSettings, PictureFormat
from gui_agents.domain.sandbox import SandboxError
from gui_agents.domain.screen import Picture
from gui_agents.pictures import encoding
from gui_agents.pictures.encoding import PictureError, decode, encode
from gui_agents.pictures.studio import Studio

JPEG, PNG = PictureFormat.JPEG, PictureFormat.PNG
BOTH = ModelSettings()


def image(width=64, height=40):
    return Image.linear_gradient("L").resize((width, height)).convert("RGB")


def raw(width=64, height=40):
    return Picture(image(width, height).tobytes(), width, height, None)


def encoded(picture_format, width=64, height=40):
    file = BytesIO()
    image(width, height).save(file, picture_format)
    return Picture(file.getvalue(), width, height, picture_format)


def read(picture):
    """Return the picture as others read it: its format and its pixels."""
    opened = Image.open(BytesIO(picture.data))
    return opened.format, opened.convert("RGB")


@pytest.mark.parametrize(
    ("formats", "made"), [((JPEG, PNG), "JPEG"), ((PNG, JPEG), "JPEG"), ((JPEG,), "JPEG"), ((PNG,), "PNG")]
)
def test_raw_pixels_become_the_cheapest_format_that_the_model_takes(formats, made):
    picture = encode(raw(), ModelSettings(picture_formats=formats))
    assert (read(picture)[0], picture.format.upper(), picture.width, picture.height) == (made, made, 64, 40)


def test_a_png_shows_each_pixel_as_it_was():
    picture = encode(raw(), ModelSettings(picture_formats=(PNG,)))
    assert read(picture)[1].tobytes() == raw().data


@pytest.mark.parametrize("installed", [(), ("isal",), ("zlib_ng",)])
def test_a_png_is_the_same_with_each_compression(monkeypatch, installed):
    for name in installed:
        pytest.importorskip(name)
    monkeypatch.setattr(encoding, "find_spec", lambda name: name in installed or None)
    encoding._deflate.cache_clear()
    try:
        picture = encode(raw(), ModelSettings(picture_formats=(PNG,)))
    finally:
        encoding._deflate.cache_clear()
    assert read(picture)[1].tobytes() == raw().data


def test_a_jpeg_looks_like_what_was_drawn():
    difference = ImageChops.difference(read(encode(raw(), BOTH))[1], image())
    assert max(high for _, high in difference.getextrema()) <= 8


@pytest.mark.parametrize("picture_format", PictureFormat)
def test_an_encoded_picture_that_the_model_takes_is_sent_as_it_is(picture_format):
    handed_over = Picture(b"never decoded", 64, 40, picture_format)
    assert encode(handed_over, ModelSettings(longest_side=64)) is handed_over


def test_a_picture_in_a_format_that_the_model_does_not_take_is_made_into_another():
    picture = encode(encoded(PNG), ModelSettings(picture_formats=(JPEG,)))
    assert read(picture)[0] == "JPEG"


@pytest.mark.parametrize("handed_over", [raw(64, 40), encoded(PNG, 64, 40), encoded(JPEG, 64, 40)])
def test_a_picture_is_scaled_to_the_longest_side(handed_over):
    picture = encode(handed_over, ModelSettings(longest_side=16))
    assert (picture.width, picture.height) == (16, 10) == read(picture)[1].size


def test_a_thin_picture_keeps_a_pixel():
    assert encode(raw(400, 1), ModelSettings(longest_side=16)).height == 1


@pytest.mark.parametrize(
    "broken",
    [
        Picture(b"", 64, 40, None),
        Picture(b"no picture", 64, 40, PNG),
        Picture(encoded(PNG).data[:100], 64, 40, PNG),
        Picture(encoded(PNG).data, 64, 40, JPEG),
    ],
)
def test_a_picture_that_cannot_be_read_is_the_sandboxs_fault(broken):
    with pytest.raises(SandboxError, match="cannot be read"):
        decode(broken)


def test_a_picture_that_claims_to_be_huge_is_not_decoded(monkeypatch):
    monkeypatch.setattr(encoding, "MAX_PIXELS", 64 * 40 - 1)
    with pytest.raises(PictureError, match="64 x 40 pixels is too large"):
        decode(encoded(PNG))


def test_a_model_that_takes_no_known_format_is_told_so():
    with pytest.raises(PictureError, match="no format"):
        encode(raw(), ModelSettings(picture_formats=()))


async def test_the_studio_encodes_in_a_thread_of_its_own_and_passes_on_what_fits(monkeypatch):
    threads = []
    monkeypatch.setattr(encoding, "decode", lambda picture: threads.append(_thread()) or decode(picture))
    studio = Studio()
    fitting = encoded(JPEG)
    assert await studio.ready(fitting, BOTH) is fitting
    assert threads == []
    assert (await studio.ready(raw(), BOTH)).format is JPEG
    assert threads == ["pictures"]


def _thread():
    import threading  # noqa: PLC0415

    return threading.current_thread().name
