"""What hands do on real screens: wait for pages, scroll, answer dialogs, press keys, and tell what failed."""

import attrs
import pytest

from gui_agents.domain.actions import Button, Click, Drag, Move, Navigate, Scroll, Wait
from gui_agents.domain.screen import Bounds
from tests.gui_agents.decider.real.driver import run
from tests.gui_agents.decider.real.pages import contact
from tests.gui_agents.decider.real.screens import Control, Screen, button, field


def browser(*controls: Control, title: str = "Page", url: str = "http://site/") -> Screen:
    document = Control("document", title, url, children=list(controls))
    return Screen("browser", Control("tab", title, url, {"selected"}), document)


def clicked(*names: str) -> tuple[Screen, list[str]]:
    """Return a page with these buttons, and the list of those that were clicked."""
    pressed: list[str] = []
    return browser(*(button(name, lambda name=name: pressed.append(name)) for name in names)), pressed


async def test_what_comes_late_is_waited_for():
    screen = browser(Control("text", "Loading"))
    screen.after_seconds.append((2.0, lambda: screen.surfaces[1].children.append(button("Go"))))

    ended = await run("click Go", screen)

    assert ended.completed
    assert screen.waited < 5


async def test_what_never_comes_is_given_up_after_some_seconds():
    screen = browser(Control("text", "Loading"))

    ended = await run("click Go", screen)

    assert not ended.completed
    assert 4 < screen.waited < 10


async def test_what_becomes_enabled_late_is_waited_for():
    screen = browser(button("Go", states={"disabled"}))
    screen.after_seconds.append((0.5, screen.surfaces[1].children[0].states.clear))

    assert (await run("click Go", screen)).completed


@pytest.mark.parametrize("number", [3, 30, 60, 99])
async def test_what_is_out_of_sight_is_scrolled_to(number):
    screen, pressed = clicked(*(f"Button {n}" for n in range(100)))

    ended = await run(f'click "Button {number}"', screen)

    assert ended.completed
    assert pressed == [f"Button {number}"]


async def test_what_is_above_is_scrolled_to_as_well():
    screen, pressed = clicked(*(f"Button {n}" for n in range(100)))
    screen.scrolled = 70

    await run('click "Button 2"', screen)

    assert pressed == ["Button 2"]


async def test_what_does_not_come_into_sight_is_a_failure_after_a_bounded_number_of_turns():
    screen, _ = clicked(*(f"Button {n}" for n in range(100)))
    screen._scroll = lambda _action: None

    ended = await run('click "Button 99"', screen)

    assert not ended.completed
    assert "does not come into sight" in ended.answer
    assert len(ended.actions) < 10


async def test_what_a_tree_does_not_list_yet_is_looked_for_further_down():
    screen, pressed = clicked(*(f"Button {n}" for n in range(60)))
    hidden = screen.surfaces[1].children[50:]
    del screen.surfaces[1].children[50:]
    scroll = screen._scroll

    def more(action):
        scroll(action)
        if screen.scrolled > 20 and hidden:
            screen.surfaces[1].children += hidden
            hidden.clear()

    screen._scroll = more

    assert (await run('click "Button 55"', screen)).completed
    assert pressed == ["Button 55"]


@pytest.mark.parametrize(
    ("instruction", "keys"),
    [
        ("press Enter", [("enter",)]),
        ("press ctrl+s", [("ctrl", "s")]),
        ("hit ctrl + shift + t", [("ctrl", "shift", "t")]),
        ("press the tab key twice", [("tab",)] * 2),
        ("press tab, tab and enter", [("tab",), ("tab",), ("enter",)]),
        ("press the Delete key", [("delete",)]),
        ("press Page Down", [("pagedown",)]),
        ("go back", [("alt", "left")]),
        ("reload the page", [("f5",)]),
    ],
)
async def test_keys_are_pressed(instruction, keys):
    screen = browser(Control("text", "Page"))
    screen.on_key[("alt", "left")] = lambda: setattr(screen.surfaces[1], "value", "http://before/")

    assert (await run(instruction, screen)).completed
    assert screen.keys == keys


async def test_a_button_named_like_a_key_is_pressed_unless_the_key_is_meant():
    screen, pressed = clicked("Delete")
    await run("press Delete", screen)
    assert (pressed, screen.keys) == (["Delete"], [])

    await run("press the Delete key", screen)
    assert (pressed, screen.keys) == (["Delete"], [("delete",)])


@pytest.mark.parametrize("name", ["Next", "Back", "Home", "End", "Menu"])
async def test_a_link_named_like_a_key_is_waited_for_and_not_taken_for_the_key(name):
    screen = browser()
    ended = await run(f"click {name}", screen)

    assert not ended.completed
    assert screen.keys == []


async def test_signs_are_pressed_one_after_the_other():
    screen, pressed = clicked(*"1234567890")

    await run("press 1 2 30", screen)

    assert pressed == ["1", "2", "3", "0"]


async def test_a_button_whose_name_is_a_number_is_one_button():
    screen, pressed = clicked("1", "2", "12")

    await run("press 12", screen)

    assert pressed == ["12"]


async def test_clicks_of_other_kinds():
    screen, _ = clicked("File")
    x, y = 310, 60 + 15 - 30  # the second line: the tab takes the first

    ended = await run("double-click File, right-click File, hover over File, drag File to File", screen)

    assert ended.actions[:-1] == (
        Click(x, y, count=2),
        Click(x, y, Button.RIGHT),
        Move(x, y),
        Drag(x, y, x, y),
    )


def asking(answers: list[str], *names: str) -> Screen:
    screen = browser(button("Delete"))
    dialog = Control("dialog", "Sure?")

    def answer(name: str) -> None:
        answers.append(name)
        screen.surfaces.remove(dialog)

    dialog.children = [Control("text", "Sure?"), *(button(name, lambda name=name: answer(name)) for name in names)]
    screen.surfaces[1].children[0].on_click = lambda: screen.surfaces.insert(0, dialog)
    screen.on_key = {("enter",): lambda: answer("enter"), ("escape",): lambda: answer("escape")}
    return screen


@pytest.mark.parametrize(
    ("instruction", "buttons", "answer"),
    [
        ("accept the dialog", ("OK", "Cancel"), "OK"),
        ("accept it", ("Leave", "Stay"), "Leave"),
        ("confirm", ("Yes", "No"), "Yes"),
        ("answer yes", ("OK",), "OK"),
        ("dismiss the dialog", ("OK", "Cancel"), "Cancel"),
        ("cancel", ("Yes", "No"), "No"),
        ("press Cancel", ("OK", "Cancel"), "Cancel"),
        ("dismiss the alert", ("OK",), "OK"),
        ("close the dialog", ("OK", "Cancel"), "Cancel"),
        ("accept the dialog", ("Whatever",), "enter"),
        ("dismiss the dialog", ("Whatever",), "escape"),
    ],
)
async def test_dialogs_are_answered(instruction, buttons, answer):
    answers = []
    ended = await run(f"click Delete and then {instruction}", asking(answers, *buttons))

    assert (ended.completed, answers) == (True, [answer]), ended.answer


async def test_without_a_dialog_there_is_nothing_to_answer():
    ended = await run("accept the dialog", browser(button("OK")))

    assert ended.answer == "not possible: there is nothing to answer: no dialog is open"


async def test_a_dialog_that_stays_is_a_failure():
    screen = browser(button("A"))
    screen.surfaces.insert(0, Control("dialog", "Sure?", children=[button("OK")]))

    assert (await run("accept the dialog", screen)).answer == 'not possible: the dialog "Sure?" does not close'


@pytest.mark.parametrize(
    ("instruction", "url"),
    [
        ("go to http://127.0.0.1:8000/a?b=c", "http://127.0.0.1:8000/a?b=c"),
        ("open example.com", "example.com"),
        ("visit the page https://example.com/a.", "https://example.com/a"),
        ("navigate to localhost:8080/x", "localhost:8080/x"),
        ("browse to www.example.org/?q=a,b", "www.example.org/?q=a,b"),
        ('open "example.com/a b"', None),
        ("open [::1]:80/", "[::1]:80/"),
        ("go to file:///etc/passwd", "file:///etc/passwd"),
    ],
)
async def test_addresses_are_opened(instruction, url):
    screen = browser(Control("text", "Page"))

    ended = await run(instruction, screen)

    assert (screen.visited, ended.completed) == ([] if url is None else [url], url is not None)


async def test_an_address_that_is_refused_is_told_in_the_words_of_the_sandbox():
    screen = browser(Control("text", "Page"))
    screen.failing = ["127.0.0.1:80 is not allowed by EGRESS_ALLOW"]

    ended = await run("go to http://127.0.0.1/", screen)

    assert ended.answer == "not possible: 127.0.0.1:80 is not allowed by EGRESS_ALLOW"
    assert [action for action in ended.actions if isinstance(action, Navigate)] == [Navigate("http://127.0.0.1/")]


async def test_a_click_that_failed_is_tried_once_more():
    screen, pressed = clicked("Go")
    screen.failing = ["the page is busy"]
    assert (await run("click Go", screen)).completed
    assert pressed == ["Go"]

    screen.failing = ["the page is busy", "the page is busy", "the page is busy"]
    assert (await run("click Go", screen)).answer == "not possible: the page is busy"


async def test_there_is_no_page_to_go_back_to():
    ended = await run("go back", browser(Control("text", "Page")))

    assert ended.answer == "not possible: there is no page to go back to"


async def test_tabs_of_the_browser_are_switched_by_keys():
    screen = browser(Control("text", "Page"), title="One")
    second = Control("tab", "Two", "http://two/")
    screen.surfaces.insert(1, second)

    def switch() -> None:
        screen.surfaces[0].states.discard("selected")
        second.states.add("selected")

    screen.on_key[("ctrl", "2")] = switch

    assert (await run("switch to the tab Two", screen)).completed
    assert screen.keys == [("ctrl", "2")]


async def test_a_tab_that_does_not_come_is_a_failure():
    screen = browser(Control("text", "Page"), title="One")
    screen.surfaces.insert(1, Control("tab", "Two", "http://two/"))

    assert not (await run("switch to the tab Two", screen)).completed


async def test_tabs_are_opened_and_closed():
    screen = browser(Control("text", "Page"))
    screen.on_key[("ctrl", "t")] = lambda: screen.surfaces.insert(1, Control("tab", "New"))
    screen.on_key[("ctrl", "w")] = lambda: screen.surfaces.pop(1)

    assert (await run("open a new tab and close the tab", screen)).completed
    assert screen.keys == [("ctrl", "t"), ("ctrl", "w")]

    screen.on_key.clear()
    assert (await run("new tab", screen)).answer == "not possible: no new tab opens"


@pytest.mark.parametrize(
    ("instruction", "notches"),
    [("scroll down", 5), ("scroll up 3", -3), ("scroll down by 7 notches", 7), ("scroll down 1000", 100)],
)
async def test_the_wheel_turns(instruction, notches):
    ended = await run(instruction, browser(Control("text", "Page")))

    assert [action.dy for action in ended.actions if isinstance(action, Scroll)] == [notches]


async def test_the_wheel_turns_to_the_end_and_not_further():
    screen, _ = clicked(*(f"Button {n}" for n in range(300)))

    ended = await run("scroll to the bottom", screen)

    assert ended.completed
    assert len(ended.actions) <= 6
    assert screen.observe().tree.children[1].children[-1].bounds.height != 0


async def test_waiting():
    screen = browser(Control("text", "Page"))
    assert (await run("wait 25 seconds", screen)).completed
    assert screen.waited == 25

    assert not (await run("wait 61 seconds", screen)).completed


async def test_what_is_waited_for_comes_or_is_told():
    screen = browser(Control("text", "Loading"))
    screen.after_seconds.append((3.0, lambda: screen.surfaces[1].children.append(Control("text", "Results"))))
    assert (await run("wait for Results to appear", screen)).completed

    ended = await run("wait until Refund appears", screen)
    assert not ended.completed
    assert sum(action.seconds for action in ended.actions if isinstance(action, Wait)) < 15


async def test_several_clauses_end_at_the_first_that_is_not_possible():
    shown = contact()

    ended = await run("set Name to Alice, click Refund, then press Send", shown.screen)

    assert (ended.completed, shown.sent) == (False, [])


@pytest.mark.parametrize("instruction", ["book me a flight to Paris", "set Name to Alice and book a flight", "hello"])
async def test_what_is_not_understood_does_nothing(instruction):
    shown = contact()

    ended = await run(instruction, shown.screen)

    assert ended.answer.startswith("not understood: ")
    assert len(ended.actions) == 1


async def test_a_desktop_cannot_navigate_and_a_browser_has_no_apps():
    ended = await run("go to http://example.com/", Screen("desktop", Control("window", "One", states={"active"})))
    assert ended.answer == 'not possible: this sandbox is no browser, which could open "http://example.com/"'

    for instruction in ("reload", "new tab", "close the tab", "go back"):
        assert not (await run(instruction, Screen("desktop", Control("window", "One", states={"active"})))).completed


async def test_a_field_that_vanishes_while_it_is_filled_in_is_told():
    screen = browser(field("Name"))
    screen.surfaces[1].children[0].on_click = screen.surfaces[1].children.clear

    ended = await run("set Name to Alice", screen)

    assert ended.answer == 'not possible: the textbox "Name" has gone meanwhile'


async def test_a_dialog_gets_the_time_to_close_before_the_next_step():
    answers = []
    screen = asking(answers, "Save")
    late = screen.surfaces[1].children[0].on_click
    late()
    dialog = screen.surfaces[0]
    save = dialog.children[1].on_click
    dialog.children[1].on_click = lambda: screen.after_seconds.append((screen.waited + 0.1, save))

    assert (await run("press Save", screen)).completed
    assert answers == ["Save"]


async def test_what_was_scrolled_past_is_come_back_to():
    class Far(Screen):
        """A page of one button, far below, in sight at some places only; the tree tells on which side it is."""

        def _shown(self, control, line):
            element, line = super()._shown(control, line)
            if control.role != "button" or 120 <= self.scrolled <= 123:
                return element, line
            y = 720 if self.scrolled < 120 else 0
            return attrs.evolve(element, bounds=Bounds(10, y, 80, 0), states=frozenset({"offscreen"})), line

        def _scroll(self, action):
            self.scrolled = max(self.scrolled + action.dy, 0)

    go = button("Go", bounds=Bounds(10, 100, 80, 30))
    ended = await run("click Go", Far("browser", Control("document", "Page", children=[go])))

    assert ended.completed, ended.answer
    assert isinstance(ended.actions[-2], Click)
