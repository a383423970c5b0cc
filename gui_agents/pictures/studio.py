"""Pictures made ready for models, off the event loop, in threads of their own."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from gui_agents.domain.model_settings import ModelSettings
from gui_agents.domain.screen import Picture
from gui_agents.pictures.encoding import PictureError, encode, fits
from gui_agents.pictures.likeness import Changes, Glimpse
from gui_agents.threads import Threads

MAX_ENCODING: Final = 2
"""Pictures that are encoded at once; Pillow and zlib let other threads run meanwhile."""


class Studio:
    """Encodes the pictures of all tasks of one event loop."""

    def __init__(self) -> None:
        self._threads = Threads("pictures", MAX_ENCODING)

    async def ready(self, picture: Picture, settings: ModelSettings) -> Picture:
        """Return the picture as the model takes it; one that it takes as it is costs nothing.

        Raises:
            PictureError: the picture cannot be read.
        """
        if fits(picture, settings):
            return picture
        return await self._threads.run(partial(encode, picture, settings))

    async def changed(self, picture: Glimpse, others: Sequence[Glimpse]) -> tuple[int, Changes] | None:
        """Return the place of the first of `others` that differs from `picture` in little, and in what."""
        return await self._threads.run(partial(_changed, picture, others))


def _changed(picture: Glimpse, others: Sequence[Glimpse]) -> tuple[int, Changes] | None:
    try:
        for place, other in enumerate(others):
            changes = picture.changes(other)
            if changes is not None:
                return place, changes
    except PictureError:
        pass
    return None
