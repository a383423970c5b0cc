"""How what programs tell becomes the tree that all sandboxes speak."""

from collections.abc import Sequence

from gui_agents.domain.screen import Bounds, Element
from gui_agents.sandboxes.x11.accessibility import Node, Program
from gui_agents.sandboxes.x11.roles import Role, State
from gui_agents.sandboxes.x11.tree import CUT, HUNG, MAYBE_HUNG, desktop
from gui_agents.sandboxes.x11.windows import Window

SCREEN = Bounds(0, 0, 800, 600)
PLACE = Bounds(10, 30, 50, 20)
GROUPING = 39
PAGE_TAB = 37
LIST_ITEM = 32


def node(
    role: int, name: str = "", *children: Node, states: Sequence[State] = (State.SENSITIVE,), **more: object
) -> Node:
    bits = sum(1 << state for state in states)
    return Node(role, name, bits, more.pop("bounds", PLACE), children=list(children), **more)


def window(title: str, x: int = 0, *, active: bool = False, number: int = 1) -> Window:
    return Window(number, title, Bounds(x, 20, 300, 200), Bounds(x, 0, 300, 220), active)


def contents(*nodes: Node) -> tuple[Element, ...]:
    """Return what a window with these nodes shows."""
    program = Program(":1.1", [node(Role.FRAME, "W", *nodes)])
    (top, _) = desktop(SCREEN, [window("W")], [program], ()).children
    return top.children[:-1]  # without the title bar's button


def test_windows_come_from_the_top_with_the_active_one_marked_and_the_apps_last():
    windows = [window("below", number=1), window("above", 400, active=True, number=2)]
    root = desktop(SCREEN, windows, [], ("mousepad",))
    assert [(child.role, child.name, child.states) for child in root.children] == [
        ("window", "above", {"active"}),
        ("window", "below", set()),
        ("list", "Apps", {"offscreen"}),
    ]
    assert [item.name for item in root.children[-1].children] == ["mousepad"]


def test_a_window_of_the_same_title_is_matched_by_its_place():
    programs = [
        Program(
            ":1.1",
            [
                node(Role.FRAME, "W", node(Role.PUSH_BUTTON, "right"), bounds=Bounds(400, 20, 300, 200)),
                node(Role.FRAME, "W", node(Role.PUSH_BUTTON, "left"), bounds=Bounds(0, 20, 300, 200)),
            ],
        )
    ]
    root = desktop(SCREEN, [window("W", 0, number=1), window("W", 400, number=2)], programs, ())
    assert [(child.bounds.x, child.children[0].name) for child in root.children[:2]] == [(400, "right"), (0, "left")]


def test_boxes_give_way_to_what_is_in_them_and_names_are_plain():
    (button,) = contents(node(GROUPING, "", node(GROUPING, "", node(Role.PUSH_BUTTON, " Save \n as "))))
    assert button == Element("button", "Save as", PLACE)


def test_a_field_is_named_by_its_label():
    label, field = contents(node(Role.LABEL, "Encoding:"), node(GROUPING, "", node(Role.TEXT, "", text="UTF-8")))
    assert (label.role, label.name) == ("text", "Encoding:")
    assert (field.role, field.name, field.value, field.states) == ("textbox", "Encoding", "UTF-8", {"readonly"})


def test_what_shows_its_name_as_a_text_has_it():
    (item,) = contents(node(LIST_ITEM, "", node(Role.LABEL, "Home"), node(27, "icon")))
    assert (item.role, item.name, item.children) == ("listitem", "Home", ())


def test_a_combobox_has_its_choice_as_its_value():
    (box,) = contents(node(Role.COMBO_BOX, "Large"))
    assert (box.role, box.name, box.value) == ("combobox", "", "Large")


def test_a_password_is_protected_and_not_told():
    (field,) = contents(node(Role.PASSWORD, "PIN", text="1234", states=(State.SENSITIVE, State.EDITABLE)))
    assert (field.role, field.value, field.states) == ("textbox", "", {"protected"})


def test_what_is_below_a_password_is_not_told():
    (field,) = contents(node(Role.PASSWORD, "PIN", node(Role.LABEL, "1234"), text="1234", value=1234.0))
    assert "1234" not in str(field)


def test_numbers_are_values():
    volume, size = contents(
        node(Role.SLIDER, "Volume", value=80.0), node(Role.SPIN_BUTTON, "Size", text="12", value=12.0)
    )
    assert (volume.role, volume.value, size.role, size.value) == ("slider", "80", "textbox", "12")


def test_states_are_told_in_the_words_of_all_sandboxes():
    states = (State.SENSITIVE, State.CHECKED, State.FOCUSED)
    box, button, off = contents(
        node(7, "A", states=states), node(Role.TOGGLE_BUTTON, "B", states=states), node(7, "C", states=())
    )
    assert (box.states, button.states, off.states) == ({"checked", "focused"}, {"pressed", "focused"}, {"disabled"})


def test_what_is_not_on_the_screen_is_clipped_or_offscreen():
    cut, out = contents(
        node(Role.PUSH_BUTTON, "cut", bounds=Bounds(780, 590, 50, 50)),
        node(Role.PUSH_BUTTON, "out", bounds=Bounds(900, 0, 50, 50)),
    )
    assert (cut.bounds, cut.states) == (Bounds(780, 590, 20, 10), set())
    assert (out.bounds, out.states) == (Bounds(0, 0, 0, 0), {"offscreen"})


def test_what_nobody_looks_for_is_left_out():
    assert contents(node(Role.SCROLL_BAR), node(Role.LABEL, ""), node(PAGE_TAB, "", bounds=None)) == ()


def test_a_dialog_in_a_dialog_is_a_group():
    program = Program(":1.1", [node(Role.DIALOG, "W", node(Role.FILE_CHOOSER, "Chooser"), states=(State.MODAL,))])
    (top, _) = desktop(SCREEN, [window("W")], [program], ()).children
    assert (top.role, top.states, top.children[0].role) == ("dialog", {"modal"}, "group")


def test_the_title_bar_has_a_button_that_closes():
    (top, _) = desktop(SCREEN, [window("W")], [], ()).children
    (close,) = top.children
    assert (close.role, close.name, close.bounds) == ("button", "Close", Bounds(282, 2, 16, 16))


def test_a_menu_that_has_opened_is_above_all_windows():
    program = Program(":1.1", [node(Role.WINDOW, "", node(Role.MENU, "File", node(35, "Open")))])
    menu, *_ = desktop(SCREEN, [window("W")], [program], ()).children
    assert (menu.role, menu.name, [item.name for item in menu.children]) == ("menu", "File", ["Open"])


def test_what_could_not_be_read_is_told():
    hung = Program(":1.1", [node(Role.FRAME, "W", None, node(Role.PUSH_BUTTON, "A"), cut=True)], hung=True)
    known, unknown, _ = desktop(SCREEN, [window("other", number=2), window("W")], [hung], ()).children
    assert [child.name for child in known.children] == [HUNG, "A", CUT, "Close"]
    assert [child.name for child in unknown.children] == [MAYBE_HUNG, "Close"]
