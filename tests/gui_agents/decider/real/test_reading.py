"""Answers are what the screen shows."""

import pytest

from tests.gui_agents.decider.real.driver import run
from tests.gui_agents.decider.real.pages import contact
from tests.gui_agents.decider.real.screens import Control, Screen, field


@pytest.mark.parametrize(
    ("instruction", "answer"),
    [
        ("read the Country", "Austria"),
        ("read Volume", "10"),
        ("what is the volume?", "10"),
        ("read the Newsletter checkbox", "off"),
        ("check whether Newsletter is checked", "off"),
        ("read the heading", "Contact us"),
        ("read the Phone", "555 0100"),
        ("tell me what the Phone is", None),
        ("what does the heading say?", "Contact us"),
        ("what is the page title", "Demo"),
        ("read the title", "Demo"),
        ("what is the url of the page", "http://site/"),
        ("set Name to Alice, then read the Name", "Alice"),
        ("is there a Send button?", "yes"),
        ("is there a Refund button?", "no"),
        ("read Name", ""),
    ],
)
async def test_questions_are_answered_from_the_screen(instruction, answer):
    ended = await run(instruction, contact().screen)

    assert (ended.answer if ended.completed else None) == answer


async def test_the_page_is_read_as_a_whole():
    ended = await run("read the page", contact().screen)

    assert ended.answer.splitlines()[:4] == ["Contact", "Contact us", "Phone: 555 0100", "Name *"]


async def test_several_answers_are_lines():
    ended = await run("read Volume, then read the Country", contact().screen)

    assert ended.answer == "10\nAustria"


async def test_what_stands_behind_a_label_is_the_answer():
    texts = [Control("text", "Total:"), Control("text", "42.00"), Control("text", "Tax"), Control("text", "7.00")]
    screen = Screen("browser", Control("document", "Shop", children=texts))

    assert (await run("read the Total", screen)).answer == "42.00"
    assert (await run("read the tax", screen)).answer == "7.00"


async def test_a_list_item_is_read_by_the_texts_in_it():
    inside = [Control("text", "Sencha"), Control("text", "12.40")]
    screen = Screen("browser", Control("document", "Shop", children=[Control("listitem", "", children=inside)]))

    assert (await run("read the first item", screen)).answer == "Sencha 12.40"


async def test_a_password_is_not_read():
    screen = Screen("browser", Control("document", "Shop", children=[field("Password", states={"protected"})]))

    ended = await run("read the Password", screen)

    assert ended.answer == 'not possible: the field "Password" does not show what it holds'


@pytest.mark.parametrize(
    "wording", ["check that the page says", "make sure it shows", "verify that the screen contains"]
)
async def test_expectations_are_met_or_fail(wording):
    screen = Screen("browser", Control("document", "Shop", children=[Control("text", "Your order is on its way")]))

    assert (await run(f'{wording} "on its way"', screen)).completed
    ended = await run(f'{wording} "refused"', screen)
    assert ended.answer == 'not possible: the page "Shop" does not say "refused"'
