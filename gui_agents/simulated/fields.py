"""Editing text with keys: what a text box holds, its caret and its selection."""

from typing import Final

import attrs

MAX_LINE_LENGTH: Final = 10_000


@attrs.define
class TextField:
    """The content of one text box."""

    multiline: bool = False
    limit: int = MAX_LINE_LENGTH
    text: str = ""
    caret: int = 0
    all_selected: bool = False
    lines_back: int = 0
    """How far a text of many lines is scrolled back from its end."""

    def replace(self, text: str) -> None:
        """Hold `text`, with the caret behind it."""
        self.text = text
        self.end()

    def end(self) -> None:
        """Put the caret behind the text, and select nothing."""
        self.caret = len(self.text)
        self.all_selected = False

    def insert(self, text: str) -> None:
        """Type `text` where the caret is, or in place of the selection."""
        if not self.multiline:
            text = " ".join(text.splitlines())
        self._drop_selection()
        text = text[: self.limit - len(self.text)]
        self.text = self.text[: self.caret] + text + self.text[self.caret :]
        self.caret += len(text)

    def press(self, keys: tuple[str, ...]) -> bool:
        """Carry out an editing key; tell whether it was one."""
        match keys:
            case ("ctrl", "a"):
                self.all_selected = bool(self.text)
            case ("backspace",):
                self._erase(before=1, after=0)
            case ("delete",):
                self._erase(before=0, after=1)
            case ("enter",) if self.multiline:
                self.insert("\n")
            case ("left",):
                self._move(self.caret - 1)
            case ("right",):
                self._move(self.caret + 1)
            case ("home",):
                self._move(0)
            case ("end",):
                self.end()
            case _:
                return False
        return True

    def _move(self, caret: int) -> None:
        self.caret = min(max(caret, 0), len(self.text))
        self.all_selected = False

    def _erase(self, *, before: int, after: int) -> None:
        if self.all_selected:
            self._drop_selection()
            return
        start = max(self.caret - before, 0)
        self.text = self.text[:start] + self.text[self.caret + after :]
        self.caret = start

    def _drop_selection(self) -> None:
        if self.all_selected:
            self.replace("")
