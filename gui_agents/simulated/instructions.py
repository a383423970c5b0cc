"""What the embedded default can do: instructions, each with a check of the desktop that it leaves behind.

Success is read from the desktop's state and from the answer, never from the model's claim.
"""

from collections.abc import Callable, Sequence
from typing import Final

import attrs

from gui_agents.simulated.apps.settings import SWITCHES
from gui_agents.simulated.machine import FIRST_FILES, DesktopState

__all__ = ["FIRST_FILES", "INSTRUCTIONS", "Check", "Instruction"]

Check = Callable[[DesktopState, bool, str], bool]
"""Takes the desktop after the task, whether the task completed, and its answer or the reason of its failure."""


@attrs.frozen
class Instruction:
    """One instruction and what it has to lead to."""

    instruction: str
    expect: str
    """For people: what success is."""
    check: Check


def ends(*, completed: bool = True, answer: str | None = None, says: Sequence[str] = (), **state: object) -> Check:
    """Expect this end, answer and words of the answer; `state` holds what attributes of the desktop have to be."""

    def check(desktop: DesktopState, done: bool, told: str) -> bool:  # noqa: FBT001 - a Check
        said = answer in (None, told) and all(word.lower() in told.lower() for word in says)
        return said and done is completed and all(getattr(desktop, name) == value for name, value in state.items())

    return check


def answers(expected: str) -> Check:
    """Expect a completed task with exactly this answer."""
    return ends(answer=expected)


def leaves_file(name: str, text: str | None) -> Check:
    """Expect a completed task, one file that holds `text` (None: that is gone), and all others as they were."""
    files = {**FIRST_FILES, name: text}
    return ends(files={key: value for key, value in files.items() if value is not None})


def leaves_on(*switches: str) -> Check:
    """Expect a completed task with exactly these switches on."""
    return ends(switches={name: name in switches for name in SWITCHES})


def sends(**fields: object) -> Check:
    """Expect a completed task and one submission with these fields."""

    def check(state: DesktopState, completed: bool, _answer: str) -> bool:  # noqa: FBT001 - a Check
        sent = state.submissions
        return completed and len(sent) == 1 and all(getattr(sent[0], name) == value for name, value in fields.items())

    return check


def fails(*words: str) -> Check:
    """Expect a failed task whose reason has all these words, and files and settings as they were."""
    return ends(completed=False, says=words, files=FIRST_FILES, switches=dict.fromkeys(SWITCHES, False))


INSTRUCTIONS: Final[tuple[Instruction, ...]] = (
    Instruction("Calculate 12*7+5", "the result 89", answers("89")),
    Instruction("What is 144 / 12?", "the result 12", answers("12")),
    Instruction(
        "Open the calculator, press 9, press -, press 4, press =, and then read the Display",
        "the result 5",
        answers("5"),
    ),
    Instruction(
        'Open Notes, write "Buy milk" and save as "shopping.txt"',
        "shopping.txt holds it",
        leaves_file("shopping.txt", "Buy milk"),
    ),
    Instruction(
        'Open Notes, type "a then b; c" into the Note text field and save as list.txt',
        "list.txt holds it",
        leaves_file("list.txt", "a then b; c"),
    ),
    Instruction(
        'Open the file todo.txt, set the Note text to "eggs" and click Save',
        "todo.txt is eggs",
        leaves_file("todo.txt", "eggs"),
    ),
    Instruction(
        "Open the contact form, set Name to Alice, set Email to alice@example.com, check Accept terms"
        " and submit the form",
        "one submission with both",
        sends(name="Alice", email="alice@example.com"),
    ),
    Instruction(
        'Open the form. Type "Bob Lee" into the Name field. Choose size Large. Check Accept terms. Submit',
        "one submission with name and size",
        sends(name="Bob Lee", size="Large"),
    ),
    Instruction(
        "Open the form, submit, then read the Status",
        "the answer says to accept the terms; nothing is sent",
        ends(says=["accept the terms"], submissions=()),
    ),
    Instruction(
        "Open the form, set Name to X, click Reset, then read Name", "an empty answer", ends(answer="", submissions=())
    ),
    Instruction("Delete the file readme.txt", "readme.txt is gone", leaves_file("readme.txt", None)),
    Instruction(
        "Open Files, select readme.txt, press Delete, press Cancel",
        "readme.txt is still there, the dialog is closed",
        ends(files=FIRST_FILES, dialog=None, windows=("Files",)),
    ),
    Instruction("How many files are there?", "the answer 32", answers("32")),
    Instruction("Delete doc29.txt", "doc29.txt, below the fold, is gone", leaves_file("doc29.txt", None)),
    Instruction("Open Settings and turn on dark mode", "dark mode is on", leaves_on("Dark mode")),
    Instruction(
        "Open Settings, turn on Wi-Fi, turn on Notifications, turn off Wi-Fi",
        "only Notifications is on",
        leaves_on("Notifications"),
    ),
    Instruction("Open Settings and set the volume to 80%", "the volume is 80", ends(volume=80)),
    Instruction(
        'Open Notes, write "draft", click Clear, then close the window',
        "no window is open, no file was made",
        ends(files=FIRST_FILES, windows=()),
    ),
    Instruction("Open the file readme.txt, read the Note text", "the answer is its text", answers("hello")),
    Instruction("Book me a flight to Paris", "a failure that says so", fails("not understood", "flight to Paris")),
    Instruction("Turn on Bluetooth", "a failure that names Bluetooth", fails("Bluetooth")),
    Instruction("Delete nosuch.txt", "a failure that names the file", fails("nosuch.txt")),
)
"""The instructions of the demo."""
