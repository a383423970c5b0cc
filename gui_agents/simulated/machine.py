"""What the simulated desktop keeps: files, switches, volume and sent forms; and the frozen view that others read."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

import attrs

MAX_FILE_NAME_LENGTH: Final = 60
MAX_FILE_LENGTH: Final = 100_000
MAX_FILES: Final = 200
MAX_STORED: Final = 2_000_000
"""Characters of all files together: the tree of every step tells how long each file is."""
MAX_SUBMISSIONS: Final = 100
"""Sent forms that are kept; the oldest ones go."""

FIRST_FILES: Final[Mapping[str, str]] = {
    "readme.txt": "hello",
    "todo.txt": "milk",
    **{f"doc{number:02}.txt": f"Document {number}" for number in range(30)},
}
"""The files of a fresh desktop."""

_MESSAGE_EVENTS: Final = 3
_FILE_NAME: Final = re.compile(rf"[^/\\\x00-\x1f]{{1,{MAX_FILE_NAME_LENGTH}}}")


@attrs.frozen
class Submission:
    """One contact form that was sent."""

    name: str
    email: str
    message: str
    size: str
    newsletter: bool


@attrs.frozen
class DesktopState:
    """A simulated desktop at one moment; what success is read from."""

    files: Mapping[str, str]
    """Text by file name, in the order of creation."""
    switches: Mapping[str, bool]
    """Whether each switch of the settings is on, by its name."""
    volume: int
    """0 to 100."""
    submissions: tuple[Submission, ...]
    """Contact forms sent, oldest first."""
    windows: tuple[str, ...]
    """Apps with an open window, the active one last."""
    dialog: str | None
    """Title of the active window's modal dialog, where one is open."""
    screenshots: int
    """Screenshots rendered so far."""


class Machine:
    """The part of a desktop that outlives its windows."""

    def __init__(self, switches: Iterable[str]) -> None:
        self.files = dict(FIRST_FILES)
        self.switches = dict.fromkeys(switches, False)
        self.volume = 50
        self.submissions: list[Submission] = []
        self.message = ""
        """What was told last, until it goes."""
        self.message_events = 0
        """After how many more events it goes."""
        self.file_to_open: str | None = None
        """A file that one app wants another to show."""

    def store(self, name: str, text: str) -> bool:
        """Write a file, and say so; False if the disk is full."""
        others = sum(len(held) for file, held in self.files.items() if file != name)
        if others + len(text) > MAX_STORED or (name not in self.files and len(self.files) >= MAX_FILES):
            self.tell("The disk is full")
            return False
        self.files[name] = text
        self.tell(f"Saved {name}")
        return True

    def sent(self, submission: Submission) -> None:
        """Keep a form that was sent."""
        self.submissions = [*self.submissions[1 - MAX_SUBMISSIONS :], submission]
        self.tell("Your form was sent")

    def tell(self, message: str) -> None:
        """Show the user a message that goes away by itself."""
        self.message, self.message_events = message, _MESSAGE_EVENTS


def is_file_name(name: str) -> bool:
    """Tell whether a file can have this name."""
    return _FILE_NAME.fullmatch(name) is not None and name.strip() == name
