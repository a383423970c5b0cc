"""The pixels of a desktop: the file in which the display keeps its frame.

The file is read, and not mapped: a program in the jail can cut it short, which would kill a process that has it mapped.
It is opened once, before any app runs, so that nothing else can be put in its place.
"""

import os
import struct
from typing import Final

import attrs
from PIL import Image

from gui_agents.domain.sandbox import SandboxError, SandboxGoneError
from gui_agents.domain.screen import Picture

_HEADER: Final = struct.Struct(">20I")
"""The head of the X Window Dump format: 4 bytes a number."""
_VERSION: Final = 7
_COLOR_BYTES: Final = 12
"""Of each entry of the color map between the header and the pixels."""
_LITTLE_ENDIAN: Final = 0


@attrs.frozen
class Layout:
    """Where the pixels are in the file: four bytes each (blue, green, red, unused), row by row from the top."""

    offset: int
    width: int
    height: int
    stride: int
    """Bytes of a row."""

    @classmethod
    def parse(cls, header: bytes) -> "Layout":
        """Read the beginning of a file.

        Raises:
            SandboxError: it is of another format than the display's.
        """
        if len(header) < _HEADER.size:
            raise SandboxError("the display's frame has no header")
        words = _HEADER.unpack_from(header)
        size, version, _, _, width, height, _, byte_order, _, _, _, bits, stride, _, red, green, blue, *_, colors = (
            words
        )
        if (version, byte_order, bits, red, green, blue) != (_VERSION, _LITTLE_ENDIAN, 32, 0xFF0000, 0xFF00, 0xFF):
            raise SandboxError("the display's frame has a format that this service does not read")
        return cls(size + colors * _COLOR_BYTES, width, height, stride)

    @property
    def size(self) -> int:
        """Bytes of all pixels."""
        return self.stride * self.height


class Frames:
    """An open file of frames. Its methods read a file: call them in a thread."""

    def __init__(self, path: str) -> None:
        """Open the file.

        Raises:
            OSError: it cannot be opened.
            SandboxError: it holds no frame.
        """
        self._file: int | None = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            self.layout: Final = Layout.parse(os.pread(self._file, _HEADER.size, 0))
        except BaseException:
            self.close()
            raise

    def pixels(self) -> bytes:
        """Return the pixels as they are now, as `layout` says.

        Raises:
            SandboxGoneError: they are gone.
        """
        if self._file is None:
            raise SandboxGoneError("the desktop was closed")
        pixels = os.pread(self._file, self.layout.size, self.layout.offset)
        if len(pixels) != self.layout.size:
            raise SandboxGoneError("the desktop's frame is gone: a program in it has cut its file short")
        return pixels

    def picture(self) -> Picture:
        """Return the screen as it is now.

        Raises:
            SandboxGoneError: it is gone.
        """
        layout = self.layout
        size = (layout.width, layout.height)
        image = Image.frombuffer("RGB", size, self.pixels(), "raw", "BGRX", layout.stride, 1)
        return Picture(image.tobytes(), *size, format=None)

    def close(self) -> None:
        """Close the file. A second call does nothing."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)
