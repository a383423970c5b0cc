"""The roles and states of AT-SPI, and what they are called in the trees of all sandboxes.

The numbers are those of `atspi-constants.h`.
"""

from collections.abc import Mapping
from enum import IntEnum, unique
from typing import Final


@unique
class State(IntEnum):
    """The bits of a node's state that matter here."""

    ACTIVE = 1
    CHECKED = 4
    EDITABLE = 7
    EXPANDED = 10
    FOCUSED = 12
    MODAL = 16
    MULTI_LINE = 17
    PRESSED = 20
    SELECTED = 23
    SENSITIVE = 24
    SHOWING = 25
    REQUIRED = 33
    READ_ONLY = 43


@unique
class Role(IntEnum):
    """The roles that are treated in a special way."""

    ALERT = 2
    COMBO_BOX = 11
    DIALOG = 16
    COLOR_CHOOSER = 9
    FILE_CHOOSER = 19
    FONT_CHOOSER = 22
    FRAME = 23
    LABEL = 29
    MENU = 33
    PASSWORD = 40
    PUSH_BUTTON = 43
    SCROLL_BAR = 48
    SEPARATOR = 50
    SLIDER = 51
    SPIN_BUTTON = 52
    PROGRESS_BAR = 42
    TERMINAL = 60
    TEXT = 61
    TOGGLE_BUTTON = 62
    TOOL_TIP = 64
    WINDOW = 69
    PARAGRAPH = 73
    AUTOCOMPLETE = 76
    ENTRY = 79
    LEVEL_BAR = 103
    STATIC = 116


DIALOGS: Final = frozenset({Role.ALERT, Role.DIALOG, Role.COLOR_CHOOSER, Role.FILE_CHOOSER, Role.FONT_CHOOSER})
TEXT_ROLES: Final = frozenset(
    {Role.TEXT, Role.ENTRY, Role.TERMINAL, Role.PARAGRAPH, Role.AUTOCOMPLETE, Role.SPIN_BUTTON, Role.STATIC}
)
"""Those whose content is read."""
VALUE_ROLES: Final = frozenset({Role.SLIDER, Role.SPIN_BUTTON, Role.PROGRESS_BAR, Role.LEVEL_BAR})
"""Those with a number."""
EDITABLE_ROLES: Final = frozenset(
    {Role.TEXT, Role.ENTRY, Role.PASSWORD, Role.AUTOCOMPLETE, Role.COMBO_BOX, Role.SLIDER, Role.SPIN_BUTTON}
)
"""Those whose name often stands beside them, as a label."""

WORDS: Final[Mapping[int, str]] = {
    **dict.fromkeys((Role.ALERT, Role.DIALOG, Role.COLOR_CHOOSER, Role.FILE_CHOOSER, Role.FONT_CHOOSER), "dialog"),
    **dict.fromkeys((Role.FRAME, Role.WINDOW, 28), "window"),
    **dict.fromkeys((Role.PUSH_BUTTON, Role.TOGGLE_BUTTON, 15), "button"),
    **dict.fromkeys((Role.TEXT, Role.ENTRY, Role.PASSWORD, Role.AUTOCOMPLETE, Role.SPIN_BUTTON, 12), "textbox"),
    **dict.fromkeys((Role.LABEL, Role.PARAGRAPH, Role.STATIC, Role.TOOL_TIP, 81, 101), "text"),
    **dict.fromkeys((Role.PROGRESS_BAR, Role.LEVEL_BAR), "progressbar"),
    **dict.fromkeys((7, 8), "checkbox"),
    **dict.fromkeys((44, 45), "radio"),
    Role.COMBO_BOX: "combobox",
    Role.SLIDER: "slider",
    Role.TERMINAL: "terminal",
    **dict.fromkeys((Role.MENU, 41), "menu"),
    **dict.fromkeys((35, 59), "menuitem"),
    37: "tab",
    83: "heading",
    **dict.fromkeys((26, 27, 100), "image"),
    **dict.fromkeys((31, 65, 98), "list"),
    **dict.fromkeys((32, 91), "listitem"),
    88: "link",
    **dict.fromkeys((82, 92, 93, 94, 95, 96), "document"),
    **dict.fromkeys((55, 66), "table"),
    90: "row",
    **dict.fromkeys((10, 47, 56, 57, 58), "cell"),
    63: "toolbar",
    **dict.fromkeys((54, 99, 102), "group"),
}
"""How the trees of all sandboxes call a role."""

LEFT_OUT: Final = frozenset({Role.SCROLL_BAR, Role.SEPARATOR})
"""What no one looks for."""

STATES: Final[Mapping[State, str]] = {
    State.ACTIVE: "active",
    State.CHECKED: "checked",
    State.EXPANDED: "expanded",
    State.FOCUSED: "focused",
    State.MODAL: "modal",
    State.MULTI_LINE: "multiline",
    State.PRESSED: "pressed",
    State.SELECTED: "selected",
    State.REQUIRED: "required",
    State.READ_ONLY: "readonly",
}
"""The states that are told; what is not sensitive is `disabled` besides."""
