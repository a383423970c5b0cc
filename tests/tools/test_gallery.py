"""The pictures of the documentation."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from tools.gallery import PICTURES, main

COMMITTED = Path(__file__).parents[2] / "docs" / "images"
LARGEST_BYTES = 60_000


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    directory = tmp_path_factory.mktemp("gallery")
    main([str(directory)])
    return directory


@pytest.mark.parametrize("name", PICTURES)
def test_picture_is_small_and_the_committed_one_is_up_to_date(written, name):
    fresh, committed = written / f"simulated-{name}.png", COMMITTED / f"simulated-{name}.png"

    assert len(fresh.read_bytes()) < LARGEST_BYTES
    assert len(committed.read_bytes()) < LARGEST_BYTES
    difference = ImageChops.difference(Image.open(BytesIO(fresh.read_bytes())), Image.open(committed))
    changed = sum(difference.convert("L").histogram()[32:]) / (1280 * 720)
    assert changed < 0.01, "draw the pictures again: python -m tools.gallery docs/images"
