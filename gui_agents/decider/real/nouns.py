"""Roles of elements, by the words that people have for them."""

from collections.abc import Mapping
from typing import Final

Roles = frozenset[str]

TEXT_FIELDS: Final = frozenset({"textbox", "searchbox", "spinbutton", "terminal"})
SELECTS: Final = frozenset({"combobox", "list", "listbox", "radiogroup"})
FIELDS: Final = TEXT_FIELDS | {"combobox", "slider", "listbox"}
TOGGLES: Final = frozenset({"checkbox", "switch"})
OPTIONS: Final = frozenset({"option", "radio", "listitem", "menuitem", "row", "cell", "tab"})
PRESSED: Final = frozenset({"button", "link", "menuitem", "menu", "tab"})
ACTIVE: Final = FIELDS | TOGGLES | OPTIONS - {"listitem", "row", "cell"} | PRESSED
"""Roles of what does something when it is clicked."""
ANY: Final[Roles] = frozenset()
"""Stands for every role."""

NOUNS: Final[Mapping[str, Roles]] = {
    "button": PRESSED | {"switch"},
    "link": PRESSED,
    "hyperlink": PRESSED,
    "page": PRESSED,
    "tab": PRESSED | {"radio"},
    "menu": PRESSED | {"combobox"},
    "menu item": PRESSED,
    "menu entry": PRESSED,
    "icon": PRESSED | {"image", "listitem"},
    "image": PRESSED | {"image"},
    "picture": PRESSED | {"image"},
    "field": FIELDS,
    "text field": FIELDS,
    "input field": FIELDS,
    "input": FIELDS,
    "entry": FIELDS,
    "text box": FIELDS,
    "textbox": FIELDS,
    "text area": FIELDS,
    "textarea": FIELDS,
    "text": TEXT_FIELDS | {"text", "heading"},
    "area": FIELDS,
    "bar": FIELDS,
    "box": FIELDS | TOGGLES,
    "checkbox": TOGGLES | {"menuitem"},
    "check box": TOGGLES | {"menuitem"},
    "tick box": TOGGLES,
    "switch": TOGGLES | {"button"},
    "toggle": TOGGLES | {"button"},
    "radio button": frozenset({"radio", "menuitem"}),
    "radio": frozenset({"radio", "menuitem"}),
    "option": OPTIONS | TOGGLES,
    "item": OPTIONS | TOGGLES,
    "dropdown": SELECTS | {"button"},
    "drop-down": SELECTS | {"button"},
    "dropdown menu": SELECTS | {"button"},
    "dropdown list": SELECTS | {"button"},
    "select": SELECTS,
    "select box": SELECTS,
    "combo box": SELECTS,
    "combobox": SELECTS,
    "list": SELECTS,
    "slider": frozenset({"slider"}),
    "heading": frozenset({"heading"}),
    "label": frozenset({"text"}),
    "window": frozenset({"window", "dialog"}),
    "dialog": frozenset({"dialog"}),
    "row": frozenset({"row"}),
    "display": TEXT_FIELDS | {"text"},
}
STRICTLY: Final[Mapping[str, Roles]] = {
    noun: frozenset({role})
    for role, nouns in {
        "button": "button",
        "link": "link hyperlink",
        "tab": "tab",
        "menu": "menu",
        "menuitem": "menu_item menu_entry",
        "image": "image picture icon",
        "checkbox": "checkbox check_box tick_box",
        "radio": "radio radio_button",
        "combobox": "dropdown drop-down select combobox combo_box select_box",
    }.items()
    for noun in (each.replace("_", " ") for each in nouns.split())
}
"""Roles that are meant if nothing but the kind of thing is said, or which of several."""
