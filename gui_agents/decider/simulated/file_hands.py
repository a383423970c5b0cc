"""What hands do with files and notes: open, add to, save, rename, delete; each looks at what came of it."""

from collections.abc import Generator, Iterator

from gui_agents.decider.labels import quoted
from gui_agents.decider.problems import NotPossibleError
from gui_agents.decider.simulated.hands import Hands
from gui_agents.decider.simulated.names import app_named
from gui_agents.domain.actions import Action
from gui_agents.domain.screen import Element


class FileHands(Hands):
    """Hands that know the apps Files and Notes. What has no underscore is what an instruction can ask for."""

    def count_files(self) -> Iterator[Action]:
        """Answer with the number of files."""
        yield from self._go_to("Files")
        self.answers.append(str(len(self.screen.all({"listitem"}))))

    def find_file(self, name: str) -> Iterator[Action]:
        """Answer whether there is a file."""
        yield from self._go_to("Files")
        self.answers.append("no" if self._file(name) is None else "yes")

    def create_note(self, name: str | None = None, text: str | None = None) -> Iterator[Action]:
        """Begin a new note, with a text and saved under a name if there are any."""
        yield from self._go_to("Notes")
        yield from self._click_button("New")
        if text is not None:
            yield from self._fill("Note text", text)
        if name is not None:
            yield from self.save_as(name)

    def add_text(self, place: str, text: str, *, own_line: bool = False) -> Iterator[Action]:
        """Put a text at the end of the note, or at the end of a file, which is saved."""
        if app_named(place) == "Notes":
            yield from self._activate("Notes")
            yield from self.write(text, own_line=own_line)
        else:
            yield from self._open_file(place)
            yield from self._write_into(self._found({"textbox"}, "Note text", "field"), text, own_line=own_line)
            yield from self.save()

    def rewrite_file(self, name: str, text: str) -> Iterator[Action]:
        """Make a file hold a text."""
        yield from self._open_file(name)
        yield from self._fill("Note text", text)
        yield from self.save()

    def rename_file(self, name: str, new: str) -> Iterator[Action]:
        """Save it under the new name, then delete the old one: the desktop knows no other way."""
        item = yield from self._select_file(name)
        if self._is_listed(new):
            raise NotPossibleError(f"there is a file named {quoted(new)} already")
        yield from self._open_file(item.name)
        yield from self.save_as(new)
        yield from self.delete_file(item.name)

    def delete_file(self, name: str, *, of_two: bool = False) -> Iterator[Action]:  # noqa: ARG002 - for the grammar
        """Delete a file, confirmation included; `of_two`: the wording promised another one to delete."""
        item = yield from self._select_file(name)
        yield from self._click(item)
        yield from self._click_button("Delete")
        if self.screen.dialog is not None:
            yield from self._click_button("Delete")
        if self._is_listed(item.name):
            raise NotPossibleError(f"the file {quoted(item.name)} is still there")

    def save(self) -> Iterator[Action]:
        """Save the note under the name that it has."""
        if not self.screen.is_active("Notes"):
            yield from self._go_to("Notes")
        yield from self._click_button("Save")
        if self.screen.dialog is not None:
            yield from self._click_button("Cancel")
            raise NotPossibleError("the note has no name yet; say under which name to save it")

    def save_as(self, name: str) -> Iterator[Action]:
        """Save the note under a name."""
        yield from self._go_to("Notes")
        yield from self._click_button("Save as")
        yield from self._fill("File name", name)
        yield from self._click_button("Save")
        if self.screen.dialog is not None and self.screen.find({"button"}, "Replace") is not None:
            yield from self._click_button("Replace")
        window = self.screen.window
        if self.screen.dialog is not None or window is None or window.value != name:
            raise NotPossibleError(f"the note cannot be saved as {quoted(name)}")

    def write(self, text: str, *, own_line: bool = False) -> Iterator[Action]:
        """Type text where the focus is, or into the note; `own_line`: it begins a line of its own."""
        boxes = self.screen.all({"textbox"})
        box = next((box for box in boxes if "focused" in box.states), boxes[0] if boxes else None)
        if box is None:
            yield from self._go_to("Notes")
            box = self._found({"textbox"}, "Note text", "field")
        yield from self._write_into(box, text, own_line=own_line)

    def _write_into(self, box: Element, text: str, *, own_line: bool) -> Iterator[Action]:
        begins_line = not box.value or box.value.endswith("\n")
        yield from self._fill(box.name, f"\n{text}" if own_line and not begins_line else text, append=True)

    def _select_file(self, name: str) -> Generator[Action, None, Element]:
        yield from self._go_to("Files")
        item = self._file(name)
        if item is None:
            raise NotPossibleError(f"there is no file named {quoted(name)}")
        return (yield from self._scrolled_into_view(item))

    def _file(self, name: str) -> Element | None:
        """Return the file of this name, or else the only one that has it before its ending."""
        wanted = name.strip().lower()
        items = self.screen.all({"listitem"})
        fitting = [item for item in items if item.name.rpartition(".")[0].lower() == wanted]
        return self.screen.find({"listitem"}, name) or (fitting[0] if len(fitting) == 1 else None)

    def _is_listed(self, name: str) -> bool:
        return name in (item.name for item in self.screen.all({"listitem"}))

    def _open_file(self, name: str) -> Iterator[Action]:
        item = yield from self._select_file(name)
        yield from self._click(item, count=2)
        window = self.screen.window
        if window is None or window.value != item.name:
            raise NotPossibleError(f"the file {quoted(item.name)} does not open")
