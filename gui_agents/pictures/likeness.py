"""Whether two pictures show the same, but for a caret, a clock or the pointer. Slow: for threads.

Pictures are compared as small grey ones, whose pixels are cells of the screen. What blinks or ticks changes few cells,
what a person would call another screen changes many.
"""

from functools import cached_property
from typing import TYPE_CHECKING, Final

from gui_agents.domain.screen import Picture
from gui_agents.pictures.encoding import decode

if TYPE_CHECKING:
    from PIL import Image

COLUMNS: Final = 160
"""Cells along the longest side."""
GREYS: Final = 24
"""By how many of 256 greys a cell must differ to count."""
SMALL_SHARE: Final = 0.005
"""Of all cells; a clock of 100 x 36 pixels on 1280 x 720."""


class Glimpse:
    """A picture to compare with others. It holds the picture until it was compared, and then its cells alone."""

    def __init__(self, picture: Picture) -> None:
        self._picture: Picture | None = picture
        self.size = (picture.width, picture.height)
        self.digest = hash(picture.data)

    def equals(self, other: "Glimpse") -> bool:
        """Return whether both are the same byte by byte; fast."""
        return self.digest == other.digest

    @property
    def comparable(self) -> bool:
        """Whether `resembles` can still be asked."""
        return self._picture is not None or "cells" in self.__dict__

    def forget(self) -> None:
        """Let go of the picture."""
        self._picture = None

    @cached_property
    def cells(self) -> "Image.Image":
        """The picture, small and grey."""
        if self._picture is None:
            raise ValueError("the picture was let go of")
        cells = decode(self._picture, coarse=True).convert("L")
        self._picture = None
        return cells.reduce(max(1, max(cells.size) // COLUMNS))

    def resembles(self, other: "Glimpse") -> bool:
        """Return whether both show the same, but for something small."""
        from PIL import ImageChops  # noqa: PLC0415 - loaded by the first picture, in its thread

        if self.size != other.size or self.cells.size != other.cells.size:
            return False
        counts = ImageChops.difference(self.cells, other.cells).histogram()
        return sum(counts[GREYS:]) <= SMALL_SHARE * self.cells.width * self.cells.height
