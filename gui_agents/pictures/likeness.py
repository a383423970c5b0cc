"""Where two pictures differ, if it is in something small: a caret, a clock, the pointer, a digit. Slow: for threads.

Pictures are compared as small grey ones, whose pixels are cells of the screen. What blinks or ticks changes few cells,
what a person would call another screen changes many.
"""

from functools import cached_property
from typing import TYPE_CHECKING, Final

import attrs

from gui_agents.domain.screen import Picture
from gui_agents.pictures.encoding import decode

if TYPE_CHECKING:
    from PIL import Image

COLUMNS: Final = 160
"""Cells along the longest side."""
GREYS: Final = 24
"""By how many of 256 greys a cell must differ to make another screen, if many do."""
FAINT: Final = 6
"""By how many a cell must differ to have changed: a thin digit, but no trace of a JPEG's noise."""
SMALL_SHARE: Final = 0.005
"""Of all cells; a clock of 100 x 36 pixels on 1280 x 720."""


@attrs.frozen
class Changes:
    """What differs between two pictures that are much alike."""

    columns: int
    rows: int
    cells: frozenset[tuple[int, int]]
    """Column and row of each."""


class Glimpse:
    """A picture to compare with others. It holds the picture until it was compared, and then its cells alone."""

    def __init__(self, picture: Picture) -> None:
        self._picture: Picture | None = picture
        self.size = (picture.width, picture.height)
        self.digest = hash(picture.data)

    @property
    def comparable(self) -> bool:
        """Whether `changes` can still be asked."""
        return self._picture is not None or "cells" in self.__dict__

    def forget(self, *, cells: bool) -> None:
        """Let go of the picture, and of its cells too if asked."""
        self._picture = None
        if cells:
            self.__dict__.pop("cells", None)

    @cached_property
    def cells(self) -> "Image.Image":
        """The picture, small and grey."""
        if self._picture is None:
            raise ValueError("the picture was let go of")
        cells = decode(self._picture, coarse=True).convert("L")
        self._picture = None
        return cells.reduce(max(1, max(cells.size) // COLUMNS))

    def changes(self, other: "Glimpse") -> Changes | None:
        """Return the cells that differ; None if they are too many for something small."""
        from PIL import ImageChops  # noqa: PLC0415 - loaded by the first picture, in its thread

        if self.size != other.size or self.cells.size != other.cells.size:
            return None
        columns, rows = self.cells.size
        difference = ImageChops.difference(self.cells, other.cells)
        if sum(difference.histogram()[GREYS:]) > SMALL_SHARE * columns * rows:
            return None
        greys = enumerate(difference.tobytes())
        return Changes(columns, rows, frozenset(divmod(place, columns)[::-1] for place, grey in greys if grey >= FAINT))
