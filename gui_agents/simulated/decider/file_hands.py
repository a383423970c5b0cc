"""What hands do with files and notes: open, add to, save, rename, delete; each looks at what came of it."""

from collections.abc import Generator, Iterator

from gui_agents.domain.actions import Action
from gui_agents.domain.screen import Element
from gui_agents.simulated.decider.hands import Hands, NotPossibleError, quoted


class FileHands(Hands):
    """Hands that know the apps Files and Notes."""

    def _select_file(self, name: str) -> Generator[Action, None, Element]:
        yield from self._go_to("Files")
        item = self._file(name)
        if item is None:
            raise NotPossibleError(f"there is no file named {quoted(name)}")
        return (yield from self._scrolled_into_view(item))

    def _file(self, name: str) -> Element | None:
        """Return the file of this name, or else the only one that has it before its ending."""
        item = self.screen.find({"listitem"}, name)
        if item is not None:
            return item
        wanted = name.strip().lower()
        items = self.screen.all({"listitem"})
        fitting = [item for item in items if item.name.rpartition(".")[0].lower() == wanted]
        return fitting[0] if len(fitting) == 1 else None

    def _open_file(self, name: str) -> Iterator[Action]:
        item = yield from self._select_file(name)
        yield from self._click(item, count=2)
        window = self.screen.window
        if window is None or window.value != item.name:
            raise NotPossibleError(f"the file {quoted(item.name)} does not open")

    def _append_to_file(self, name: str, text: str, *, own_line: bool) -> Iterator[Action]:
        yield from self._open_file(name)
        box = self._box("Note text")
        yield from self._fill(box.name, lined(box.value, text) if own_line else text, append=True)
        yield from self._save()

    def _rename_file(self, name: str, new_name: str) -> Iterator[Action]:
        """Save it under the new name, then delete the old one: the desktop knows no other way."""
        item = yield from self._select_file(name)
        if new_name in (other.name for other in self.screen.all({"listitem"})):
            raise NotPossibleError(f"there is a file named {quoted(new_name)} already")
        yield from self._open_file(item.name)
        yield from self._save_as(new_name)
        yield from self._delete_file(item.name)

    def _delete_file(self, name: str) -> Iterator[Action]:
        item = yield from self._select_file(name)
        yield from self._click(item)
        yield from self._click_button("Delete")
        if self.screen.dialog is not None:
            yield from self._click_button("Delete")
        if item.name in (other.name for other in self.screen.all({"listitem"})):
            raise NotPossibleError(f"the file {quoted(item.name)} is still there")

    def _save(self) -> Iterator[Action]:
        if not self.screen.is_active("Notes"):
            yield from self._go_to("Notes")
        yield from self._click_button("Save")
        if self.screen.dialog is not None:
            yield from self._click_button("Cancel")
            raise NotPossibleError("the note has no name yet; say under which name to save it")

    def _save_as(self, name: str) -> Iterator[Action]:
        yield from self._go_to("Notes")
        yield from self._click_button("Save as")
        yield from self._fill("File name", name)
        yield from self._click_button("Save")
        if self.screen.dialog is not None and self.screen.find({"button"}, "Replace") is not None:
            yield from self._click_button("Replace")
        window = self.screen.window
        if self.screen.dialog is not None or window is None or window.value != name:
            raise NotPossibleError(f"the note cannot be saved as {quoted(name)}")


def lined(before: str, text: str) -> str:
    """Return a text as it is written behind another one, on a line of its own."""
    return text if not before or before.endswith("\n") else f"\n{text}"
