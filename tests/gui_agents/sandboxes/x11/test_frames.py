"""Reading the file of a display's frame, whatever a program has made of it."""

import os
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.domain.sandbox import SandboxError, SandboxGoneError
from gui_agents.domain.screen import Picture
from gui_agents.sandboxes.x11.frames import Frames, Layout

PIXELS = bytes([3, 2, 1, 0, 6, 5, 4, 0, 99, 99, 99, 99, 9, 8, 7, 0, 12, 11, 10, 0, 99, 99, 99, 99])
"""Two rows of two pixels, with four bytes of padding each."""


WORDS = (
    "size=104 version=7 format=2 depth=24 width=2 height=2 xoffset=0 byte_order=0 unit=32 bit_order=0 pad=32 bits=32 "
    "stride=12 visual=4 red=16711680 green=65280 blue=255 bits_per_rgb=8 entries=256 colors=3"
)


def header(**changed: int) -> bytes:
    words = {name: int(number) for name, number in (word.split("=") for word in WORDS.split())} | changed
    return struct.pack(">20I", *words.values()).ljust(104, b"\0") + bytes(12 * words["colors"])


def test_a_picture_has_red_green_and_blue_without_padding(tmp_path):
    file = tmp_path / "frame"
    file.write_bytes(header() + PIXELS)
    frames = Frames(str(file))
    assert frames.picture() == Picture(bytes(range(1, 13)), 2, 2, None)
    frames.close()
    frames.close()


@pytest.mark.parametrize("changed", [{"version": 6}, {"byte_order": 1}, {"bits": 16}, {"red": 0xFF, "blue": 0xFF0000}])
def test_another_format_is_refused_and_its_file_closed(tmp_path, changed):
    file = tmp_path / "frame"
    file.write_bytes(header(**changed) + PIXELS)
    before = os.listdir("/proc/self/fd")  # noqa: PTH208
    with pytest.raises(SandboxError, match="has a format that this service does not read"):
        Frames(str(file))
    assert os.listdir("/proc/self/fd") == before  # noqa: PTH208


@given(st.binary(max_size=200))
def test_any_header_is_read_or_refused(data):
    try:
        layout = Layout.parse(data)
    except SandboxError:
        return
    assert layout.size == layout.stride * layout.height


def test_a_file_that_a_program_has_cut_short_says_so(tmp_path):
    file = tmp_path / "frame"
    file.write_bytes(header() + PIXELS)
    frames = Frames(str(file))
    file.write_bytes(b"")
    with pytest.raises(SandboxGoneError, match="has cut its file short"):
        frames.picture()
    frames.close()
    with pytest.raises(SandboxGoneError, match="was closed"):
        frames.pixels()


def test_a_pipe_in_the_place_of_the_frame_holds_nobody(tmp_path):
    os.mkfifo(tmp_path / "frame")
    with pytest.raises(OSError, match="Illegal seek"):
        Frames(str(tmp_path / "frame"))
