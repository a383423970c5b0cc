"""Counts the files below the runtime directory, in the background and for monitoring alone."""

import asyncio
import logging
import os
from pathlib import Path
from typing import Final, Protocol

from gui_agents.pictures.files import PICTURES

SAMPLE_SECONDS: Final = 15.0

_log = logging.getLogger(__name__)


class Counts(Protocol):
    """The verb of the service's state that is needed here."""

    def runtime_files_counted(self, files: int) -> None:
        """Note how many files lie below the runtime directory."""


async def sample_runtime_files(counts: Counts, directory: Path) -> None:
    """Count the files below `directory` now and every 15 seconds, in a worker thread, until cancelled."""
    while True:
        try:
            counts.runtime_files_counted(await asyncio.to_thread(count_files, directory))
        except Exception:  # noqa: BLE001 - the boundary of a background loop
            _log.exception("the files below %s could not be counted", directory)
        await asyncio.sleep(SAMPLE_SECONDS)


def count_files(directory: Path) -> int:
    """Return the number of files below a directory; 0 if it does not exist.

    The recorded pictures of tasks are not counted: they are kept on purpose, and have a bound of their own.

    Raises:
        OSError: a directory cannot be read, so that the number would be too low.
    """

    def stop(error: OSError) -> None:
        # What is removed while it is counted is not there to be counted.
        if not isinstance(error, FileNotFoundError):
            raise error

    number = 0
    for folder, folders, files in os.walk(directory, onerror=stop):
        if PICTURES in folders and Path(folder) == directory:
            folders.remove(PICTURES)
        number += len(files)
    return number
