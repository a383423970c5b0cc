"""What one clause of an instruction asks for."""

import attrs


@attrs.frozen
class OpenTarget:
    """Open an app or a file; which one it is follows from what there is."""

    target: str


@attrs.frozen
class CloseWindow:
    """Close a window."""

    app: str | None
    """None for the active one."""


@attrs.frozen
class CloseAll:
    """Close every window."""


@attrs.frozen
class Press:
    """Press a button or a key, or click what is named so."""

    label: str
    count: int = 1


@attrs.frozen
class Toggle:
    """Turn a switch, or check a box."""

    label: str
    on: bool
    in_settings: bool
    """Whether the wording is that of a setting, so that it is looked for there."""


@attrs.frozen
class Choose:
    """Select one of several: a file, an option, a box."""

    label: str


@attrs.frozen
class SetField:
    """Make a field hold exactly this."""

    label: str
    text: str


@attrs.frozen
class Write:
    """Type text where the focus is, or into the note."""

    text: str
    own_line: bool = False
    """Whether it is to begin a line of its own."""


@attrs.frozen
class Read:
    """Answer with what a field shows."""

    label: str


@attrs.frozen
class ReadFile:
    """Answer with a file's text."""

    name: str


@attrs.frozen
class CountFiles:
    """Answer with the number of files."""


@attrs.frozen
class FindFile:
    """Answer whether there is a file."""

    name: str


@attrs.frozen
class AppendToFile:
    """Open a file, add text at its end, and save it."""

    name: str
    text: str
    own_line: bool = False
    """Whether the text is to begin a line of its own."""


@attrs.frozen
class RenameFile:
    """Give a file another name, which no other file has."""

    name: str
    new_name: str


@attrs.frozen
class DeleteFile:
    """Delete a file, confirmation included."""

    name: str
    of_two: bool = False
    """Whether the wording promised another one to delete."""


@attrs.frozen
class Save:
    """Save the note under the name that it has."""


@attrs.frozen
class SaveAs:
    """Save the note under a name."""

    name: str


@attrs.frozen
class Confirm:
    """Press the button of a dialog that goes on."""


@attrs.frozen
class Calculate:
    """Key in an expression, given by the calculator's signs, and answer with the result."""

    signs: str


@attrs.frozen
class ScrollBy:
    """Turn the wheel; positive is down."""

    notches: int


@attrs.frozen
class Pause:
    """Wait."""

    seconds: float


@attrs.frozen
class Nothing:
    """Do nothing."""


Intent = (
    OpenTarget
    | CloseAll
    | CloseWindow
    | Press
    | Toggle
    | Choose
    | SetField
    | Write
    | Read
    | ReadFile
    | CountFiles
    | FindFile
    | AppendToFile
    | RenameFile
    | DeleteFile
    | Save
    | SaveAs
    | Confirm
    | Calculate
    | ScrollBy
    | Pause
    | Nothing
)
"""Any of them."""
