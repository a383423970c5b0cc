"""Real desktops: apps are opened, texts saved by the app's own dialog, sums keyed in on what calculator there is."""

import pytest

from gui_agents.domain.actions import OpenApp
from tests.gui_agents.decider.real.driver import run
from tests.gui_agents.decider.real.pages import desktop
from tests.gui_agents.decider.real.screens import Control, Screen, button, field


@pytest.mark.parametrize(
    "instruction",
    [
        'Open mousepad, type "a; b", save as "note.txt"',
        'Open mousepad, write "a; b" into the text, and save it as note.txt',
        'In mousepad, type "a; b" and save as note.txt',
        'Use mousepad to write "a; b", then save the file as note.txt',
        'Write "a; b" in mousepad, save as note.txt',
        'Open mousepad, type "a; b", click File > Save as, set Name to note.txt and press Save',
        'Open mousepad, type "a; b", click File, then Save As, type note.txt into the Name field and click Save',
        'Open mousepad, type "a; b", press ctrl+shift+s, type note.txt into the Name and click the Save button',
    ],
)
async def test_a_text_is_typed_and_saved(instruction):
    desk = desktop()

    ended = await run(instruction, desk.screen)

    assert (ended.completed, desk.files) == (True, {"note.txt": "a; b"}), ended.answer
    assert desk.screen.started == ["mousepad"]


async def test_a_file_of_the_same_name_is_replaced():
    desk = desktop()
    desk.files["note.txt"] = "old"

    assert (await run('Open mousepad, type "new" and save as note.txt', desk.screen)).completed
    assert desk.files == {"note.txt": "new"}


async def test_saving_what_has_no_name_asks_for_one():
    desk = desktop()
    ended = await run('Open mousepad, type "a" and save', desk.screen)

    assert "say under which name to save it" in ended.answer
    assert desk.screen.keys[-1] == ("escape",)


async def test_saving_without_a_dialog_is_a_failure():
    window = Control("window", "Viewer", states={"active"}, children=[field("", states={"multiline"})])

    ended = await run("save as note.txt", Screen("desktop", window))

    assert ended.answer == 'not possible: no dialog asks under which name to save in the window "Viewer"'


async def test_a_file_that_is_not_saved_is_a_failure():
    window = Control("window", "*a.txt - Editor", states={"active"}, children=[field("", states={"multiline"})])

    assert (await run("save", Screen("desktop", window))).answer == 'not possible: "*a.txt - Editor" is still not saved'


@pytest.mark.parametrize(
    ("instruction", "answer"),
    [
        ("Calculate 12*7+5", "89"),
        ("What is 144 / 12?", "12"),
        ("Open the calculator, press 9, press -, press 4, press =, then read the display", "5"),
        ("Open the calculator, press 9 - 4 and press =, then read the display", "5"),
    ],
)
async def test_sums_are_keyed_in_and_read(instruction, answer):
    ended = await run(instruction, desktop().screen)

    assert (ended.completed, ended.answer) == (True, answer)


async def test_a_second_sum_begins_anew_on_the_same_calculator():
    desk = desktop()

    ended = await run("Calculate 12*7+5, then calculate 144/12", desk.screen)

    assert ended.answer == "89\n12"
    assert len(desk.screen.started) == 1


async def test_what_a_calculator_cannot_calculate_is_a_failure():
    ended = await run("Calculate 1/0", desktop().screen)

    assert ended.answer == 'not possible: the calculator cannot calculate "1÷0": it shows "Error"'


async def test_without_a_calculator_there_is_no_result():
    page = Screen("browser", Control("document", "Page", children=[button("1")]))

    ended = await run("Calculate 1+1", page)

    assert ended.answer == 'not possible: there is no calculator with buttons for digits in the page "Page"'


async def test_an_app_that_is_not_there_is_told_in_the_words_of_the_sandbox():
    ended = await run("open the flight simulator", Screen("desktop"))

    assert ended.answer == "not possible: there is no app 'flight simulator'; there are: mousepad, galculator"


async def test_an_app_without_a_window_is_a_failure():
    desk = desktop()
    desk.screen._open = lambda _app: None

    ended = await run("open mousepad", desk.screen)

    assert ended.answer == "not possible: no window of mousepad has come"
    assert [action for action in ended.actions if isinstance(action, OpenApp)] == [OpenApp("mousepad")]


async def test_text_is_typed_into_a_window_that_shows_no_tree():
    window = Control("window", "xterm", states={"active"})

    ended = await run("type ls and press Enter", Screen("desktop", window))

    assert ended.completed


async def test_windows_are_switched_and_closed():
    one, two = Control("window", "One", states={"active"}), Control("window", "Two - Editor")
    screen = Screen("desktop", one, two)

    def switch() -> None:
        one.states.symmetric_difference_update({"active"})
        two.states.symmetric_difference_update({"active"})

    screen.on_key[("alt", "tab")] = switch
    screen.on_key[("alt", "f4")] = lambda: screen.surfaces.remove(two)

    assert (await run("switch to the Editor window, then close the window", screen)).completed
    assert screen.surfaces == [one]


async def test_a_window_that_stays_is_a_failure():
    screen = Screen("desktop", Control("window", "One", states={"active"}))

    assert (await run("close the window", screen)).answer == 'not possible: the window "One" does not close'
    assert (await run("close the Two window", screen)).answer == 'not possible: there is no window named "Two" to close'
