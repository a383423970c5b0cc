"""A contact page, a desktop with an editor and a calculator: small, and as real ones are in a tree."""

import attrs

from gui_agents.domain.screen import Bounds
from tests.gui_agents.decider.real.screens import Control, Screen, button, field, select


@attrs.define
class Contact:
    """A page with a form of every kind of field, and what was sent by it."""

    screen: Screen
    form: Control
    sent: list[dict[str, str]] = attrs.field(factory=list)

    def control(self, name: str) -> Control:
        return next(each for each in self.form.flat() if each.name == name)

    def held(self) -> dict[str, str]:
        """Return what the form holds: values of fields, and `checked` for what is."""
        held = {each.name: each.value or each.secret for each in self.form.flat() if each.value or each.secret}
        return held | {each.name: "checked" for each in self.form.flat() if "checked" in each.states}


UNTOUCHED = {"Country": "Austria", "Volume": "10"}


def contact(*more: Control) -> Contact:
    form = Control(
        "group",
        "Contact",
        children=[
            Control("heading", "Contact us"),
            Control("text", "Phone: 555 0100"),
            field("Name *"),
            field("Email address"),
            field("Password", states={"protected"}),
            field("Message", states={"multiline"}),
            select("Country", "Austria", "Germany", "Norway"),
            Control("radiogroup", "Size", children=[Control("radio", "Small"), Control("radio", "Large")]),
            Control("checkbox", "I accept the terms"),
            Control("checkbox", "Newsletter"),
            Control("slider", "Volume", "10"),
            *more,
        ],
    )
    document = Control("document", "Demo", "http://site/", children=[form])
    page = Contact(Screen("browser", Control("tab", "Demo", "http://site/", {"selected"}), document), form)
    form.children += [
        button("Send", lambda: page.sent.append(page.held())),
        button("Reset"),
        Control("link", "About us"),
    ]
    return page


@attrs.define
class Desk:
    """A desktop, and the files that its editor has written."""

    screen: Screen
    files: dict[str, str] = attrs.field(factory=dict)


def desktop() -> Desk:
    apps = [Control("listitem", name, bounds=Bounds(0, 0, 0, 0)) for name in ("mousepad", "galculator")]
    listed = Control("list", "Apps", states={"offscreen"}, children=apps, bounds=Bounds(0, 0, 0, 0))
    desk = Desk(Screen("desktop", listed))
    desk.screen.on_open = lambda app: _calculator() if "calc" in app else _editor(desk)
    return desk


def _calculator() -> Control:
    keyed: list[str] = []
    display = Control("textbox", "", "0", {"readonly"}, bounds=Bounds(10, 10, 600, 30))

    def pressed(sign: str) -> None:
        if sign == "AC":
            keyed.clear()
        else:
            keyed.append(sign)
        if sign == "=":
            display.value = {"12*7+5=": "89", "144/12=": "12", "9-4=": "5", "1/0=": "Error"}["".join(keyed)]
        else:
            display.value = "".join(keyed) or "0"

    signs = ["C", "AC", "(", ")", "7", "8", "9", "4", "5", "6", "1", "2", "3", "0", ".", "+", "-", "*", "/", "="]
    places = {sign: Bounds(10 + 50 * (place % 5), 60 + 40 * (place // 5), 40, 30) for place, sign in enumerate(signs)}
    keys = [button(sign, lambda sign=sign: pressed(sign), bounds=place) for sign, place in places.items()]
    return Control("window", "galculator", children=[display, *keys])


def _editor(desk: Desk) -> Control:
    screen = desk.screen
    area = field("", states={"multiline"})
    menu = Control("menu", "File")
    window = Control("window", "Untitled 1 - Mousepad", children=[menu, Control("menu", "Edit"), area])

    def changed() -> None:
        if area.value and not window.name.startswith("*"):
            window.name = f"*{window.name}"

    def ask() -> None:
        changed()
        name = field("Name:")
        dialog = Control("dialog", "Save As", states={"modal", "active"})

        def save() -> None:
            if name.value in desk.files and "Replace" not in [each.name for each in dialog.children]:
                dialog.children = [Control("text", "It exists"), button("Cancel"), button("Replace", save)]
                return
            desk.files[name.value] = area.value
            screen.surfaces.remove(dialog)
            window.states.add("active")
            window.name = f"{name.value} - Mousepad"

        dialog.children = [name, button("Cancel"), button("_Save", save)]
        window.states.discard("active")
        screen.surfaces.append(dialog)

    items = [Control("menuitem", "New   Ctrl+N"), Control("menuitem", "Save As…", on_click=ask)]
    opened = Control("menu", "", children=items)
    menu.on_click = lambda: screen.surfaces.append(opened) if opened not in screen.surfaces else None
    screen.on_key[("ctrl", "shift", "s")] = ask
    screen.on_key[("ctrl", "s")] = ask
    screen.focus = area
    return window
