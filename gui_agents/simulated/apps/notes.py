"""Notes: one text, which is saved under a file's name."""

from collections.abc import Iterable
from typing import ClassVar

from gui_agents.domain.screen import Bounds
from gui_agents.simulated.apps.base import App, Dialog, Event
from gui_agents.simulated.fields import TextField
from gui_agents.simulated.machine import MAX_FILE_LENGTH, MAX_FILE_NAME_LENGTH, Machine, is_file_name
from gui_agents.simulated.widgets import Block, Widget, plate


class Notes(App):
    """A text editor for small files."""

    name: ClassVar = "Notes"
    called: ClassVar = ("note", "notepad", "note app", "editor", "text editor")
    icon: ClassVar = (
        plate("#f0b232"),
        Block(24, 16, 52, 68, 6),
        *(Block(32, 31 + 15 * line, width, 6, 2, "#cd9119") for line, width in enumerate((36, 36, 22))),
    )
    place: ClassVar = Bounds(240, 64, 640, 520)
    first_focus: ClassVar = "Note text"
    controls: ClassVar = (
        Widget("button", "New", Bounds(16, 52, 72, 34)),
        Widget("button", "Save", Bounds(96, 52, 76, 34), "primary"),
        Widget("button", "Save as", Bounds(180, 52, 96, 34)),
        Widget(
            "button",
            "Clear",
            Bounds(284, 52, 80, 34),
            commands=("(clear|empty|erase|delete|remove|wipe) [all] NOTE", "clear"),
        ),
        Widget(
            "textbox",
            "Note text",
            Bounds(16, 98, 608, 374),
            called=("note", "notes", "text", "content", "contents", "body"),
        ),
        Widget("text", "File status", Bounds(18, 482, 604, 24), "muted"),
    )

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self._note = self.fields["Note text"] = TextField(multiline=True, limit=MAX_FILE_LENGTH)
        self._name(None)

    def shown(self, key: str) -> tuple[str, Iterable[str]]:
        """Return the status: whether the note is saved, and how long it is."""
        if key != "File status":
            return "", ()
        saved = self._file is not None and self.machine.files.get(self._file) == self._note.text
        length = len(self._note.text)
        characters = "1 character" if length == 1 else f"{length} characters"
        return f"{self.value} · {'saved' if saved else 'not saved'} · {characters}", ()

    def load(self, file: str) -> None:
        """Show a file."""
        self._name(file)
        self.focus, self.dialog = self.first_focus, None
        self._note.replace(self.machine.files[file])
        self._note.lines_back = 0

    def handle(self, event: Event) -> bool:
        """Press one of the buttons, or scroll the text by three lines a notch."""
        match event:
            case ("activate", "New") | ("press", ("ctrl", "n")):
                self._name(None)
                self._note.replace("")
            case ("activate", "Save") | ("press", ("ctrl", "s")) if self._file is not None:
                self._write(self._file)
            case ("activate", "Save" | "Save as") | ("press", ("ctrl", "s") | ("ctrl", "shift", "s")):
                self._ask_name("Choose a name for this note.")
            case ("activate", "Clear"):
                self._note.replace("")
            case ("scroll", "Note text", notches):
                self._note.lines_back = min(max(self._note.lines_back - 3 * notches, 0), len(self._note.text) // 8)
            case _:
                return False
        return True

    def _name(self, file: str | None) -> None:
        self._file, self.value = file, file or "untitled"

    def _ask_name(self, text: str, suggestion: str = "") -> None:
        name = TextField(limit=MAX_FILE_NAME_LENGTH)
        name.replace(suggestion)
        dialog = Dialog("Save as", text, "Save", lambda: self._save_as(name.text), ("File name", name))
        self.ask(dialog)

    def _save_as(self, name: str) -> None:
        if not is_file_name(name):
            self._ask_name("A name has no slashes and no spaces around it.", name)
        elif name in self.machine.files and name != self._file:
            text = f"{name} exists already. Do you want to replace it?"
            self.ask(Dialog("Replace file", text, "Replace", lambda: self._write(name)))
        else:
            self._write(name)

    def _write(self, name: str) -> None:
        if self.machine.store(name, self._note.text):
            self._name(name)
