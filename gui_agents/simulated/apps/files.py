"""Files: a list that scrolls; what is selected can be opened and deleted."""

from collections.abc import Iterable, Iterator
from typing import ClassVar, Final

import attrs

from gui_agents.domain.screen import Bounds
from gui_agents.simulated.apps.base import App, Dialog, Event
from gui_agents.simulated.machine import Machine
from gui_agents.simulated.widgets import Block, Widget, plate

_ROW_HEIGHT: Final = 34
_SCROLLBAR_WIDTH: Final = 10
_MIN_THUMB: Final = 32
_LIST: Final = Bounds(16, 98, 588, 406)
_VIEW_WIDTH, _VIEW_HEIGHT = _LIST.width - 2, _LIST.height - 2


class Files(App):
    """Shows the machine's files."""

    name: ClassVar = "Files"
    called: ClassVar = ("file manager", "file browser", "file explorer", "explorer")
    icon: ClassVar = (plate("#2d7dd2"), Block(18, 24, 34, 22, 6, "#ffd66e"), Block(18, 33, 64, 44, 6, "#ffe496"))
    place: ClassVar = Bounds(280, 56, 620, 548)
    controls: ClassVar = (
        Widget("button", "Open", Bounds(16, 52, 80, 34), "primary"),
        Widget("button", "Delete", Bounds(104, 52, 84, 34)),
        Widget("text", "File count", Bounds(18, 512, 584, 24), "muted", ("number of files", "count")),
        Widget("list", "Files", _LIST, key="list"),
    )

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self._selected: str | None = None
        self._offset = 0

    def contents(self) -> tuple[Widget, ...]:
        """Return the controls, and the files in the list, which is the last of them."""
        files = self.machine.files
        if self._selected not in files:
            self._selected = None
        self._scroll_to(self._offset)
        *controls, holder = super().contents()
        return *controls, attrs.evolve(holder, within=(*self._items(), *self._scrollbar()))

    def _items(self) -> Iterator[Widget]:
        for index, (name, text) in enumerate(sorted(self.machine.files.items())):
            place = Bounds(1, 1 + index * _ROW_HEIGHT - self._offset, _VIEW_WIDTH - _SCROLLBAR_WIDTH, _ROW_HEIGHT)
            states = frozenset({"selected"} if name == self._selected else ())
            yield Widget("listitem", name, place, key=f"file {name}", value=_size(text), states=states)

    def shown(self, key: str) -> tuple[str, Iterable[str]]:
        """Return the number of files, and whether a file is selected that the buttons need."""
        count = len(self.machine.files)
        value = "1 file" if count == 1 else f"{count} files"
        disabled = key in ("Open", "Delete") and self._selected is None
        return (value if key == "File count" else ""), (("disabled",) if disabled else ())

    def handle(self, event: Event) -> bool:
        """Select, open and delete files; scroll the list by two rows a notch, or by its length."""
        match event:
            case ("activate", str(key)) if key.startswith("file "):
                self._selected = key.removeprefix("file ")
            case ("open", str(key)) if key.startswith("file "):
                self.machine.file_to_open = key.removeprefix("file ")
            case ("activate", "Open"):
                self.machine.file_to_open = self._selected
            case ("activate", "Delete") | ("press", ("delete",)):
                self._ask_to_delete()
            case ("press", ("home" | "end" | "pageup" | "pagedown" as key,)):
                pages = {"home": -len(self.machine.files), "end": len(self.machine.files), "pageup": -1, "pagedown": 1}
                self._scroll_to(self._offset + pages[key] * _VIEW_HEIGHT)
            case ("scroll", "list", notches):
                self._scroll_to(self._offset + notches * 2 * _ROW_HEIGHT)
            case ("nudge", str(key), steps) if key.startswith("file "):
                self._select(steps)
            case _:
                return False
        return True

    def _select(self, steps: int) -> None:
        """Move the selection, and keep it in sight."""
        names = sorted(self.machine.files)
        index = names.index(self._selected) + steps if self._selected in names else 0
        index = min(max(index, 0), len(names) - 1)
        self._selected = names[index]
        top = index * _ROW_HEIGHT
        self._scroll_to(min(max(self._offset, top + _ROW_HEIGHT - _VIEW_HEIGHT), top))

    @property
    def _content_height(self) -> int:
        return len(self.machine.files) * _ROW_HEIGHT

    def _scroll_to(self, offset: int) -> None:
        self._offset = max(0, min(offset, self._content_height - _VIEW_HEIGHT))

    def _scrollbar(self) -> Iterator[Widget]:
        way = self._content_height - _VIEW_HEIGHT
        if way > 0:
            thumb = max(_MIN_THUMB, _VIEW_HEIGHT**2 // self._content_height)
            top = (_VIEW_HEIGHT - thumb) * self._offset // way
            place = Bounds(1 + _VIEW_WIDTH - _SCROLLBAR_WIDTH, 1 + top, _SCROLLBAR_WIDTH, thumb)
            yield Widget("scrollbar", "Scroll bar", place, value=str(self._offset))

    def _ask_to_delete(self) -> None:
        name = self._selected
        if name is not None:
            text = f"Delete {name}? This cannot be undone."
            self.ask(Dialog("Delete file", text, "Delete", lambda: self._delete(name)))

    def _delete(self, name: str) -> None:
        self.machine.files.pop(name, None)
        self.machine.tell(f"Deleted {name}")


def _size(text: str) -> str:
    size = len(text.encode(errors="replace"))
    return f"{size} B" if size < 1000 else f"{size / 1000:.1f} kB"  # noqa: PLR2004 - a kilobyte
