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

    @property
    def states(self) -> set[str]:
        """What holds for it, as in `Element`."""
        held = {"multiline": self.multiline, "selected": self.all_selected}
        return {state for state, holds in held.items() if holds}

    @property
    def mark(self) -> int:
        """As in `Widget`."""
        return self.lines_back if self.multiline else self.caret

    def replace(self, text: str) -> None:
        """Hold `text`, with the caret behind it."""
        self.text = text
        self.move(len(text))

    def move(self, caret: int) -> None:
        """Put the caret somewhere, and select nothing."""
        self.caret = min(max(caret, 0), len(self.text))
        self.all_selected = False

    def insert(self, text: str) -> None:
        """Type `text` where the caret is, or in place of the selection."""
        if self.all_selected:
            self.replace("")
        if not self.multiline:
            text = " ".join(text.splitlines())
        text = text[: self.limit - len(self.text)]
        self.text = self.text[: self.caret] + text + self.text[self.caret :]
        self.caret += len(text)

    def press(self, keys: tuple[str, ...]) -> bool:
        """Carry out an editing key; tell whether it was one."""
        carets = {"left": self.caret - 1, "right": self.caret + 1, "home": 0, "end": len(self.text)}
        match keys:
            case ("ctrl", "a"):
                self.all_selected = bool(self.text)
            case ("backspace" | "delete",) if self.all_selected:
                self.replace("")
            case ("backspace" | "delete" as key,):
                start, end = (self.caret - 1, self.caret) if key == "backspace" else (self.caret, self.caret + 1)
                self.text = self.text[: max(start, 0)] + self.text[end:]
                self.move(start)
            case ("enter",) if self.multiline:
                self.insert("\n")
            case (key,) if key in carets:
                self.move(carets[key])
            case _:
                return False
        return True
