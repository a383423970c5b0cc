"""Notes: one text, which is saved under a file's name."""

from collections.abc import Mapping
from typing import ClassVar, Final

from gui_agents.domain.screen import Bounds
from gui_agents.simulated.apps.base import App, Dialog, Host
from gui_agents.simulated.fields import TextField
from gui_agents.simulated.machine import MAX_FILE_LENGTH, MAX_FILE_NAME_LENGTH, is_file_name
from gui_agents.simulated.widgets import Layout

UNTITLED: Final = "untitled"

_BUTTONS: Final[Mapping[str, int]] = {"New": 72, "Save": 76, "Save as": 96, "Clear": 80}
_SHORTCUTS: Final[Mapping[tuple[str, ...], str]] = {
    ("ctrl", "s"): "Save",
    ("ctrl", "shift", "s"): "Save as",
    ("ctrl", "n"): "New",
}


class Notes(App):
    """A text editor for small files."""

    name: ClassVar = "Notes"
    place: ClassVar = Bounds(240, 64, 640, 520)
    first_focus: ClassVar = "Note text"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._note = TextField(multiline=True, limit=MAX_FILE_LENGTH)
        self._file: str | None = None
        self._lines_back = 0

    @property
    def value(self) -> str:
        """The file's name."""
        return self._file or UNTITLED

    def load(self, file: str) -> None:
        """Show a file."""
        self._file = file
        self._note.replace(self.host.machine.files[file])
        self._lines_back = 0

    def build(self, ui: Layout, area: Bounds) -> None:
        """Add the buttons, the text and the status."""
        left = area.x + 16
        for label, width in _BUTTONS.items():
            look = "primary" if label == "Save" else ""
            ui.add("button", label, Bounds(left, area.y + 12, width, 34), key=label, look=look)
            left += width + 8
        states = {"multiline"} | ({"selected"} if self._note.all_selected else set())
        ui.add(
            "textbox",
            "Note text",
            Bounds(area.x + 16, area.y + 58, area.width - 32, area.height - 106),
            key="Note text",
            value=self._note.text,
            states=frozenset(states),
            look="area",
            mark=self._lines_back,
        )
        ui.add(
            "text",
            "File status",
            Bounds(area.x + 18, area.y + area.height - 38, area.width - 36, 24),
            value=self._status(),
            look="muted",
        )

    def field(self, key: str) -> TextField | None:
        """Return the note."""
        return self._note if key == "Note text" else None

    def activate(self, key: str) -> None:
        """Press one of the buttons."""
        match key:
            case "New":
                self._file = None
                self._note.replace("")
            case "Save" if self._file is not None:
                self._write(self._file)
            case "Save" | "Save as":
                self._ask_name("Choose a name for this note.")
            case "Clear":
                self._note.replace("")

    def press(self, keys: tuple[str, ...]) -> bool:
        """Press the button that the keys stand for."""
        button = _SHORTCUTS.get(keys)
        if button is not None:
            self.activate(button)
        return button is not None

    def scroll(self, key: str, notches: int) -> bool:
        """Scroll the text by three lines a notch."""
        if key != "Note text":
            return False
        self._lines_back = min(max(self._lines_back - 3 * notches, 0), len(self._note.text) // 8)
        return True

    def _status(self) -> str:
        saved = self._file is not None and self.host.machine.files.get(self._file) == self._note.text
        length = len(self._note.text)
        characters = "1 character" if length == 1 else f"{length} characters"
        return f"{self.value} · {'saved' if saved else 'not saved'} · {characters}"

    def _ask_name(self, text: str, suggestion: str = "") -> None:
        name = TextField(limit=MAX_FILE_NAME_LENGTH)
        name.replace(suggestion)
        dialog = Dialog("Save as", text, "Save", lambda: self._save_as(name.text), field=name, label="File name")
        self.host.ask(self.name, dialog)

    def _save_as(self, name: str) -> None:
        if not is_file_name(name):
            self._ask_name("A name has no slashes and no spaces around it.", name)
        elif name in self.host.machine.files and name != self._file:
            text = f"{name} exists already. Do you want to replace it?"
            self.host.ask(self.name, Dialog("Replace file", text, "Replace", lambda: self._write(name), dangerous=True))
        else:
            self._write(name)

    def _write(self, name: str) -> None:
        self._file = name
        self.host.machine.files[name] = self._note.text
        self.host.toast(f"Saved {name}")
