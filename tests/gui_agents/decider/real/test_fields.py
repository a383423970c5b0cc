"""Fields on a real page are filled in by their names, and read back."""

import pytest

from gui_agents.domain.actions import Click, Key, Type
from gui_agents.domain.screen import Bounds
from tests.gui_agents.decider.real.driver import run
from tests.gui_agents.decider.real.pages import UNTOUCHED, contact
from tests.gui_agents.decider.real.screens import Control, Screen, button, field, select


def page(*controls: Control) -> Screen:
    return Screen("browser", Control("document", "Page", "http://site/", children=list(controls)))


async def test_a_form_of_every_kind_of_field_is_filled_in_and_sent():
    shown = contact()
    ended = await run(
        'Set Name to Alice, Email to alice@example.com and Password to hunter2, type "Hello; and bye" into the Message,'
        " choose Norway as the Country, choose Large, accept the terms, set the volume to 42% and press Send",
        shown.screen,
    )

    assert ended.completed
    assert shown.sent == [
        {
            "Name *": "Alice",
            "Email address": "alice@example.com",
            "Password": "hunter2",
            "Message": "Hello; and bye",
            "Country": "Norway",
            "Large": "checked",
            "I accept the terms": "checked",
            "Volume": "42",
        }
    ]


@pytest.mark.parametrize(
    ("instruction", "held"),
    [
        ("set Name to Alice", {"Name *": "Alice"}),
        ("Type Alice into the name field", {"Name *": "Alice"}),
        ("enter Alice in the Name box", {"Name *": "Alice"}),
        ("enter Alice as the Name", {"Name *": "Alice"}),
        ('put "Alice and Bob, both" into Name', {"Name *": "Alice and Bob, both"}),
        ("fill in the Name field with Alice", {"Name *": "Alice"}),
        ("Fill in the form with Name: Alice, Email address: a@b.c", {"Name *": "Alice", "Email address": "a@b.c"}),
        ("Name: Alice", {"Name *": "Alice"}),
        ("enter Alice as the name and a@b.c as the email", {"Name *": "Alice", "Email address": "a@b.c"}),
        ("type Alice into Name, a@b.c into Email", {"Name *": "Alice", "Email address": "a@b.c"}),
        ("please set the E-mail address to a@b.c for me", {"Email address": "a@b.c"}),
        ("set Name to Tom and Jerry", {"Name *": "Tom and Jerry"}),
        ("type Hello, you and me into Message", {"Message": "Hello, you and me"}),
        ('type "one\ntwo" into the Message', {"Message": "one\ntwo"}),
        ("check Newsletter", {"Newsletter": "checked"}),
        ("tick the newsletter checkbox and the terms", {"Newsletter": "checked", "I accept the terms": "checked"}),
        ("check Newsletter, then uncheck Newsletter", {}),
        ("turn on Newsletter", {"Newsletter": "checked"}),
        ("set Newsletter to on", {"Newsletter": "checked"}),
        ("make sure that Newsletter is checked", {"Newsletter": "checked"}),
        ("agree to the terms", {"I accept the terms": "checked"}),
        ("choose Large", {"Large": "checked"}),
        ("choose size Large", {"Large": "checked"}),
        ("select Large as the Size", {"Large": "checked"}),
        ("pick the Large option", {"Large": "checked"}),
        ("click Large", {"Large": "checked"}),
        ("set Size to Large", {"Large": "checked"}),
        ("select Norway in the Country dropdown", {"Country": "Norway"}),
        ("choose Norway", {"Country": "Norway"}),
        ("choose country Norway", {"Country": "Norway"}),
        ("set Country to Norway", {"Country": "Norway"}),
        ("set the Country dropdown to Norway", {"Country": "Norway"}),
        ("set volume to 80 percent", {"Volume": "80"}),
    ],
)
async def test_wordings_fill_in_what_they_name(instruction, held):
    shown = contact()
    ended = await run(instruction, shown.screen)

    assert ended.completed, ended.answer
    assert shown.held() == UNTOUCHED | held


async def test_a_value_that_is_there_already_is_left_alone():
    shown = contact()
    shown.control("Name *").value = "Alice"

    ended = await run("set Name to Alice", shown.screen)

    assert len(ended.actions) == 1


async def test_a_value_is_replaced_and_not_added_to():
    shown = contact()
    shown.control("Name *").value = "Bob"

    await run("set Name to Alice", shown.screen)

    assert shown.control("Name *").value == "Alice"


async def test_a_field_is_cleared():
    shown = contact()
    shown.control("Name *").value = "Bob"

    assert (await run("clear the Name field", shown.screen)).completed
    assert shown.control("Name *").value == ""


async def test_a_field_that_does_not_take_a_text_is_a_failure_that_says_what_it_shows():
    screen = page(field("Code", longest=3))

    ended = await run("set Code to 12345", screen)

    assert not ended.completed
    assert ended.answer == 'not possible: the field "Code" does not take "12345": it shows "123"'


async def test_a_text_that_is_longer_than_one_action_may_type_goes_in_parts():
    screen = page(field("Text", longest=50_000, states={"multiline"}))
    text = "word " * 4_000

    ended = await run(f'type "{text}" into Text', screen)

    assert ended.completed
    assert screen.surfaces[0].children[0].value == text
    assert [len(action.text) for action in ended.actions if isinstance(action, Type)] == [10_000, 10_000]


async def test_a_value_that_a_tree_shows_only_the_beginning_of_is_compared_as_far():
    class Cut(Screen):
        def observe(self):
            whole, area.value = area.value, area.value[:2000]
            seen = super().observe()
            area.value = whole
            return seen

    area = field("Text", longest=50_000)
    ended = await run(f'type "{"x" * 5000}" into Text', Cut("browser", Control("document", "P", children=[area])))

    assert ended.completed, ended.answer
    assert area.value == "x" * 5000


async def test_a_protected_field_that_shows_a_wrong_number_of_signs_is_a_failure():
    ended = await run("set Password to hunter2", page(field("Password", "•••", states={"protected"}, is_stubborn=True)))

    assert not ended.completed


async def test_a_read_only_field_is_not_filled_in():
    ended = await run("set Total to 5", page(field("Total", "3", states={"readonly"})))

    assert ended.answer == 'not possible: the field "Total" is read-only'


@pytest.mark.parametrize("role", ["checkbox", "switch", "radio"])
async def test_a_box_that_does_not_change_is_a_failure(role):
    box = Control(role, "Sound", is_stubborn=True)

    ended = await run("turn on Sound", page(Control("group", "Settings", children=[box])))

    assert ended.answer == f'not possible: the {role} "Sound" does not turn on'


async def test_a_box_that_is_as_it_should_be_is_not_clicked():
    ended = await run("check Sound", page(Control("checkbox", "Sound", states={"checked"})))

    assert len(ended.actions) == 1


async def test_clicking_a_box_that_does_not_change_is_a_failure():
    ended = await run("click Sound", page(Control("checkbox", "Sound", is_stubborn=True)))

    assert ended.answer == 'not possible: the checkbox "Sound" does not change'


async def test_an_option_that_is_not_there_is_a_failure_that_names_those_there_are():
    shown = contact()
    ended = await run("set Country to Spain", shown.screen)

    assert ended.answer == (
        'not possible: "Spain" cannot be chosen in "Country": it shows "Austria"; there are: Austria, Germany, Norway'
    )


async def test_a_list_whose_options_are_not_shown_takes_the_option_by_its_letters():
    screen = page(select("Country", "Austria", "Norway"))
    box = screen.surfaces[0].children[0]
    box.on_click = lambda: setattr(screen, "is_open", None)

    assert (await run("set Country to Norway", screen)).completed
    assert box.value == "Norway"


async def test_a_slider_that_does_not_go_so_far_says_from_where_to_where_it_goes():
    ended = await run("set Volume to 120", contact().screen)

    assert ended.answer == "not possible: Volume goes from 0.0 to 100.0, not to 120"


@pytest.mark.parametrize("text", ["loud", "on"])
async def test_a_slider_takes_numbers_only(text):
    assert not (await run(f'set Volume to "{text}"', contact().screen)).completed


async def test_a_slider_that_stays_is_a_failure():
    screen = page(Control("slider", "Volume", "10", is_stubborn=True))

    assert not (await run("set Volume to 20", screen)).completed


async def test_a_field_without_a_name_has_that_of_the_text_beside_it_or_above():
    beside = field("", bounds=Bounds(200, 100, 300, 30))
    above = field("", bounds=Bounds(200, 200, 300, 30))
    box = Control("checkbox", "", bounds=Bounds(200, 300, 20, 20))
    screen = page(
        Control("text", "First name:", bounds=Bounds(80, 105, 100, 20)),
        beside,
        Control("text", "Last name", bounds=Bounds(200, 175, 100, 20)),
        above,
        box,
        Control("text", "I am new here", bounds=Bounds(230, 300, 200, 20)),
    )
    await run("set First name to Ann, Last name to Lee and check I am new here", screen)

    assert (beside.value, above.value, box.states) == ("Ann", "Lee", {"checked"})


async def test_text_goes_where_the_focus_is():
    shown = contact()
    shown.screen.focus = shown.control("Message")

    assert (await run("type hello", shown.screen)).completed
    assert shown.control("Message").value == "hello"


async def test_text_goes_into_the_only_field():
    screen = page(field("Search"), button("Go"))

    assert (await run('type "green tea"', screen)).completed
    assert screen.surfaces[0].children[0].value == "green tea"


async def test_text_goes_nowhere_if_nobody_says_where():
    ended = await run("type hello", contact().screen)

    assert not ended.completed
    assert ended.answer == 'not possible: no field has the focus in the page "Demo"; say into which field "hello" goes'
    assert len(ended.actions) == 1


async def test_text_that_does_not_arrive_is_a_failure():
    screen = page(field("Search", is_stubborn=True))

    ended = await run("type hello", screen)

    assert ended.answer == 'not possible: the field with the focus does not take "hello": it shows ""'


async def test_words_that_name_no_field_belong_to_the_text():
    screen = page(field("Search"))

    await run("type tea in China", screen)

    assert screen.surfaces[0].children[0].value == "tea in China"


async def test_a_form_is_sent_by_its_button_or_by_enter():
    shown = contact()
    assert (await run("submit the form", shown.screen)).completed
    assert shown.sent == [UNTOUCHED]

    alone = page(field("Search"))
    ended = await run("type tea into Search and submit", alone)
    assert ended.actions[-2] == Key(("enter",))

    nothing = await run("submit", page(Control("text", "Hello")))
    assert not nothing.completed


async def test_a_search_field_is_filled_in_and_sent():
    screen = page(field("Search our shop"), button("Go"))

    ended = await run('search for "green tea"', screen)

    assert ended.completed
    assert screen.surfaces[0].children[0].value == "green tea"
    assert screen.keys == [("enter",)]


async def test_clicks_go_to_the_middle_of_what_is_named():
    screen = page(button("Go"))
    ended = await run("click Go", screen)

    (element,) = screen.observe().tree.children[0].children
    assert ended.actions[0] == Click(*element.bounds.center)
