"""Files: a list that scrolls; what is selected can be opened and deleted."""

from typing import ClassVar, Final

from gui_agents.domain.screen import Bounds
from gui_agents.simulated.apps.base import App, Dialog, Host
from gui_agents.simulated.widgets import Layout

_ROW_HEIGHT: Final = 34
_NOTCH: Final = 2 * _ROW_HEIGHT
_SCROLLBAR_WIDTH: Final = 10
_MIN_THUMB: Final = 32


class Files(App):
    """Shows the machine's files."""

    name: ClassVar = "Files"
    place: ClassVar = Bounds(280, 56, 620, 548)
    first_focus: ClassVar = None

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._selected: str | None = None
        self._offset = 0
        self._view_height = 0

    def build(self, ui: Layout, area: Bounds) -> None:
        """Add the buttons, the list and the number of files."""
        files = self.host.machine.files
        if self._selected not in files:
            self._selected = None
        states = frozenset(() if self._selected else ("disabled",))
        ui.add("button", "Open", Bounds(area.x + 16, area.y + 12, 80, 34), key="Open", states=states, look="primary")
        ui.add("button", "Delete", Bounds(area.x + 104, area.y + 12, 84, 34), key="Delete", states=states)
        view = Bounds(area.x + 16, area.y + 58, area.width - 32, area.height - 102)
        self._view_height = view.height - 2
        self._scroll_to(self._offset)
        ui.add("list", "Files", view, key="list")
        with ui.inside(clip=Bounds(view.x + 1, view.y + 1, view.width - 2, view.height - 2)):
            for index, name in enumerate(sorted(files)):
                top = view.y + 1 + index * _ROW_HEIGHT - self._offset
                states = frozenset({"selected"} if name == self._selected else ())
                bounds = Bounds(view.x + 1, top, view.width - 2 - _SCROLLBAR_WIDTH, _ROW_HEIGHT)
                ui.add("listitem", name, bounds, key=f"file {name}", value=_size(files[name]), states=states)
            self._add_scrollbar(ui, view)
        count = "1 file" if len(files) == 1 else f"{len(files)} files"
        bounds = Bounds(area.x + 18, area.y + area.height - 36, area.width - 36, 24)
        ui.add("text", "File count", bounds, value=count, look="muted")

    def activate(self, key: str) -> None:
        """Select a file, or open or delete the selected one."""
        if key.startswith("file "):
            self._selected = key.removeprefix("file ")
        elif key == "Open" and self._selected is not None:
            self.host.open_file(self._selected)
        elif key == "Delete" and self._selected is not None:
            self._ask_to_delete(self._selected)

    def open(self, key: str) -> None:
        """Open a file."""
        if key.startswith("file "):
            self.host.open_file(key.removeprefix("file "))

    def press(self, keys: tuple[str, ...]) -> bool:
        """Delete or open the selected file, or move through the list by its length."""
        match keys:
            case ("delete",):
                self.activate("Delete")
            case ("pagedown",):
                self._scroll_to(self._offset + self._view_height)
            case ("pageup",):
                self._scroll_to(self._offset - self._view_height)
            case ("home",):
                self._scroll_to(0)
            case ("end",):
                self._scroll_to(self._content_height)
            case _:
                return False
        return True

    def scroll(self, key: str, notches: int) -> bool:
        """Scroll the list by two rows a notch."""
        if key != "list":
            return False
        self._scroll_to(self._offset + notches * _NOTCH)
        return True

    def nudge(self, key: str, steps: int) -> bool:
        """Move the selection, and keep it in sight."""
        names = sorted(self.host.machine.files)
        if not names or not (key == "list" or key.startswith("file ")):
            return False
        index = names.index(self._selected) + steps if self._selected in names else 0
        index = min(max(index, 0), len(names) - 1)
        self._selected = names[index]
        top = index * _ROW_HEIGHT
        self._scroll_to(min(max(self._offset, top + _ROW_HEIGHT - self._view_height), top))
        return True

    @property
    def _content_height(self) -> int:
        return len(self.host.machine.files) * _ROW_HEIGHT

    def _scroll_to(self, offset: int) -> None:
        self._offset = max(0, min(offset, self._content_height - self._view_height))

    def _add_scrollbar(self, ui: Layout, view: Bounds) -> None:
        if self._content_height <= self._view_height:
            return
        thumb = max(_MIN_THUMB, self._view_height**2 // self._content_height)
        way = self._content_height - self._view_height
        top = view.y + 1 + (self._view_height - thumb) * self._offset // way
        left = view.x + view.width - 1 - _SCROLLBAR_WIDTH
        ui.add("scrollbar", "Scroll bar", Bounds(left, top, _SCROLLBAR_WIDTH, thumb), value=str(self._offset))

    def _ask_to_delete(self, name: str) -> None:
        text = f"Delete {name}? This cannot be undone."
        dialog = Dialog("Delete file", text, "Delete", lambda: self._delete(name), dangerous=True)
        self.host.ask(self.name, dialog)

    def _delete(self, name: str) -> None:
        self.host.machine.files.pop(name, None)
        self.host.toast(f"Deleted {name}")


def _size(text: str) -> str:
    size = len(text.encode(errors="replace"))
    return f"{size} B" if size < 1000 else f"{size / 1000:.1f} kB"  # noqa: PLR2004 - a kilobyte
