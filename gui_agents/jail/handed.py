"""Data for another process, handed over by descriptors, so that no name of a file is told to it."""

import os


class Handed:
    """Descriptors for one process, closed together."""

    def __init__(self) -> None:
        self.descriptors: list[int] = []
        """What the process inherits."""
        self._kept: list[int] = []

    def file(self, content: bytes) -> int:
        """Return the descriptor of a file in memory with this content."""
        descriptor = os.memfd_create("jail")
        self.descriptors.append(descriptor)
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        return descriptor

    def pipe(self) -> tuple[int, int]:
        """Return the ends of a pipe, for reading here and for writing there. To read does not wait."""
        reading, writing = os.pipe()
        self._kept.append(reading)
        self.descriptors.append(writing)
        os.set_blocking(reading, False)
        return reading, writing

    def close(self) -> None:
        """Close all of them."""
        for descriptors in (self.descriptors, self._kept):
            while descriptors:
                os.close(descriptors.pop())
