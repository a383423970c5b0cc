"""What a person calls a thing leads to that thing, or to a failure that says what there is; never to another thing."""

import pytest

from gui_agents.decider.problems import NotPossibleError
from gui_agents.decider.real.finding import find
from gui_agents.decider.real.targets import plain, readings
from gui_agents.decider.real.view import View
from tests.gui_agents.decider.real.driver import run
from tests.gui_agents.decider.real.screens import Control, Screen, button, field


def view(*controls: Control, role: str = "browser") -> View:
    holder = "document" if role == "browser" else "window"
    return View(Screen(role, Control(holder, "Page", children=list(controls))).observe().tree)


def found(seen) -> tuple[str, str, int]:
    return (seen.role, seen.element.name, seen.order)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Save", "_Save"),
        ("Save as", "Save As…"),
        ("save as", "Save _As..."),
        ("Save", "Save Ctrl+S"),
        ("Save", "Save   ctrl+shift+S"),
        ("Print", "Print F4"),
        ("Email", "Email:"),
        ("Email", "E-mail *"),
        ("Phone", "Phone (optional)"),
        ("Phone", "Phone* (required)"),
        ("log in", "Login"),
        ("+", "+"),
        ("…", "…"),
        ("Straße", "straße"),
        ("my_file", "my_file"),
        ("保存", "保存"),
    ],
)
def test_names_are_equal_without_marks_shortcuts_and_case(written, shown):
    assert plain(written) == plain(shown)


@pytest.mark.parametrize(
    ("one", "other"), [("+", "-"), ("+", "*"), ("Save", "Save as"), ("<-", "C"), ("Name", "Names")]
)
def test_other_names_are_not_equal(one, other):
    assert plain(one) != plain(other)


def test_a_label_is_read_literally_first():
    read = list(readings("the second Save button in the Login form"))

    assert (read[0].name, read[0].roles, read[0].ordinal) == ("secondsavebuttonintheloginform", frozenset(), 0)
    assert ("save", 2, "Login") in {(each.name, each.ordinal, each.within) for each in read}


@pytest.mark.parametrize("label", ["", "   ", "x" * 201])
def test_a_label_that_is_no_name_has_no_reading(label):
    assert list(readings(label)) == []
    assert find(view(button("Go")), label) is None


def test_the_literal_name_comes_before_what_its_words_may_mean():
    shown = view(button("Search"), button("Search button"))

    assert found(find(shown, "the Search button"))[1] == "Search button"


@pytest.mark.parametrize(
    ("label", "role"),
    [
        ("the Terms link", "link"),
        ("the Terms checkbox", "checkbox"),
        ("the checkbox for Terms", "checkbox"),
        ("the field named Terms", "textbox"),
        ("Terms field", "textbox"),
        ("the Terms button", "button"),
        ("the Terms dropdown", "combobox"),
        ("the Terms tab", "tab"),
        ("the heading Terms", "heading"),
        ("the Terms radio button", "radio"),
    ],
)
def test_the_kind_of_thing_chooses_among_equal_names(label, role):
    roles = ["text", "heading", "link", "checkbox", "textbox", "button", "combobox", "tab", "radio"]
    shown = view(*(Control(each, "Terms") for each in roles))

    assert found(find(shown, label))[0] == role


def test_links_and_buttons_are_alike():
    assert find(view(Control("link", "Contact")), "the Contact button").role == "link"
    assert find(view(button("Contact")), "the Contact link").role == "button"


def test_what_does_something_comes_before_a_text_of_the_same_name():
    assert find(view(Control("text", "Save"), Control("heading", "Save"), button("Save")), "Save").role == "button"


def test_a_text_is_found_if_nothing_else_is_called_so():
    assert find(view(Control("text", "Row 5")), "Row 5").role == "text"


def test_a_thing_of_another_kind_is_not_found():
    assert find(view(Control("link", "Terms")), "the Terms checkbox") is None


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (button("Save"), button("Save", states={"disabled"})),
        (button("Save"), button("save")),
        (Control("dialog", "Ask", children=[button("Save")]), button("Save")),
    ],
)
def test_what_is_meant_more_likely_is_preferred(better, worse):
    for controls in ([worse, better], [better, worse]):
        shown = view(*controls)
        meant = better.children[0] if better.children else better
        seen = find(shown, "Save")
        assert (seen.element.name, seen.element.states) == (meant.name, frozenset(meant.states))
        assert (seen.parent.role == "dialog") is bool(better.children)


def test_what_is_in_sight_is_preferred():
    screen = Screen("browser", Control("document", "Page", children=[button("Save") for _ in range(60)]))
    screen.scrolled = 10
    shown = View(screen.observe().tree)

    assert shown.all[2].is_offscreen
    assert not find(shown, "Save").is_offscreen
    assert find(shown, "the first Save button").is_offscreen


def test_the_first_of_equal_things_is_taken_and_others_by_their_number():
    shown = view(button("Save"), Control("link", "Other"), button("Save"), button("Save"))

    assert [find(shown, label).order for label in ("Save", "the second Save", "the 3rd Save button")] == [2, 4, 5]
    assert find(shown, "the last Save").order == 5
    assert find(shown, "the first link").order == 3
    assert find(shown, "the fourth Save") is None


def test_a_place_chooses_among_equal_names():
    forms = [Control("group", name, children=[field("Name"), button("Save")]) for name in ("Login", "Sign up")]
    shown = view(*forms)

    seen = find(shown, "Save in the Sign up form")
    assert seen.parent.element.name == "Sign up"
    assert find(shown, "the Name field of the Login section").parent.element.name == "Login"


@pytest.mark.parametrize("label", ["Delete in the row of Bob", "Delete next to Bob", "the Delete button for Bob"])
def test_a_row_is_named_by_a_text_in_it(label):
    def row(name):
        return Control("row", "", children=[Control("cell", name), Control("cell", "", children=[button("Delete")])])

    seen = find(view(row("Ann"), row("Bob")), label)

    assert next(each for each in seen.above() if each.role == "row").element.children[0].name == "Bob"


@pytest.mark.parametrize("label", ["Email", "the email field", "your email address"])
def test_a_part_of_a_name_is_enough_if_it_is_the_only_one(label):
    assert find(view(field("Your email address"), field("Phone")), label).element.name == "Your email address"


@pytest.mark.parametrize("label", ["mail", "Em", "address email"])
def test_a_part_is_whole_words_in_their_order(label):
    assert find(view(field("Your email address")), label) is None


def test_a_part_of_several_names_is_a_failure_that_names_them():
    with pytest.raises(NotPossibleError, match='"Name" may mean several things here: "First name", "Last name"'):
        find(view(field("First name"), field("Last name")), "Name")


def test_an_exact_name_is_clear_beside_longer_ones():
    assert find(view(button("Save all"), button("Save"), button("Save as")), "save").element.name == "Save"


def test_something_without_a_name_is_clear_if_it_is_the_only_one():
    assert find(view(field("Query"), button("Go")), "the text field").element.name == "Query"
    with pytest.raises(NotPossibleError, match="several things"):
        find(view(field("A"), field("B")), "the text field")


def test_pages_and_tabs_are_not_found_by_parts_of_their_names():
    screen = Screen(
        "browser", Control("tab", "Shop", "http://shop/"), Control("document", "Shop", children=[field("A")])
    )

    assert find(View(screen.observe().tree), "Shop") is None
    assert find(View(screen.observe().tree), "the Shop tab").role == "tab"


def test_a_modal_dialog_hides_everything_else():
    dialog = Control("dialog", "Sure?", states={"modal"}, children=[button("Yes"), button("No")])
    shown = view(button("Delete"), dialog)

    assert find(shown, "Delete") is None
    assert find(shown, "Yes").element.name == "Yes"


def test_a_dialog_of_the_browser_hides_everything_else_whatever_its_states():
    dialog = Control("dialog", "site says", children=[button("OK")])
    shown = View(Screen("browser", dialog, Control("document", "Page", children=[button("Go")])).observe().tree)

    assert (find(shown, "Go"), find(shown, "OK").element.name) == (None, "OK")


def test_the_active_window_is_in_front():
    windows = [Control("window", name, children=[button("Save")]) for name in ("One", "Two")]
    windows[1].states.add("active")
    shown = View(Screen("desktop", *windows).observe().tree)

    assert find(shown, "Save").parent.element.name == "Two"


def test_the_menu_that_has_opened_is_in_front():
    menu = Control("menu", "", children=[Control("menuitem", "Save As…")])
    shown = View(Screen("desktop", Control("window", "One", states={"active"}), menu).observe().tree)

    assert find(shown, "Save as").is_front


async def test_what_is_not_there_is_told_with_what_is():
    screen = Screen(
        "browser", Control("document", "Shop", children=[button("Buy"), Control("link", "Home"), field("A")])
    )

    ended = await run("click the Refund button", screen)

    assert ended.answer == (
        'not possible: there is no button, link or key named "Refund button" in the page "Shop"; there are: Buy, Home, '
        "A"
    )


async def test_what_is_disabled_is_told():
    screen = Screen("browser", Control("document", "Shop", children=[button("Buy", states={"disabled"})]))

    assert (await run("click Buy", screen)).answer == 'not possible: the button "Buy" is disabled'


async def test_a_problem_is_told_shortly_however_much_there_is():
    screen = Screen("browser", Control("document", "Shop", children=[button(f"Thing {n}" * 5) for n in range(500)]))

    assert len((await run("click Refund", screen)).answer) <= 520
