import json
from base64 import b64decode

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.domain.actions import Click, Done, Type
from gui_agents.domain.model import Turn
from gui_agents.domain.model_settings import CoordinateSpace, ModelSettings, PictureFormat
from gui_agents.domain.screen import Bounds, Element
from gui_agents.models.chat.prompts import MAX_ELEMENTS, SYSTEM_PROMPT, messages
from tests.gui_agents.models.observed import PNG, request

FIRST_QUESTION = """\
Task: Save the note

The screen now: 1280 x 720 pixels. 7 steps and 99 seconds are left.
What is on it (role, name, value, middle as x, y, size, states):
window "Notes" at 640, 360 (1280x720)
  button "Save" at 140, 220 (80x40) checked focused
  textbox "Note \\"1\\"" = "line\\nline\""""


def turn(action=None, *, instruction="Save the note", rationale="", outcome="clicked", said=""):
    return Turn(instruction=instruction, action=action, rationale=rationale, outcome=outcome, said=said)


def clicks(count):
    return [turn(Click(number, 0)) for number in range(count)]


def contents(asked, **options):
    return [message["content"] for message in messages(asked, **{"with_screenshot": False, **options})]


def test_the_first_question_holds_task_budget_and_tree():
    assert contents(request()) == [SYSTEM_PROMPT, FIRST_QUESTION]


def test_a_screenshot_is_sent_as_an_image_part_after_the_text():
    *_, last = contents(request(screenshot=PNG), with_screenshot=True)
    assert [part["type"] for part in last] == ["text", "image_url"]
    prefix, data = last[1]["image_url"]["url"].split(",")
    assert (prefix, b64decode(data)) == ("data:image/png;base64", PNG.data)
    assert 'button "Save"' in last[0]["text"]


def test_a_jpeg_is_called_one():
    *_, last = contents(request(screenshot=attrs.evolve(PNG, format=PictureFormat.JPEG)), with_screenshot=True)
    assert last[1]["image_url"]["url"].startswith("data:image/jpeg;base64,")


def test_a_model_that_takes_no_screenshot_gets_text_alone():
    *_, last = contents(request(screenshot=PNG), with_screenshot=False)
    assert isinstance(last, str)


def test_a_screen_without_a_tree_is_told_by_its_size():
    *_, last = contents(request(tree=None))
    assert last.endswith("The screen now: 1280 x 720 pixels. 7 steps and 99 seconds are left.")


def test_past_turns_are_told_as_a_conversation():
    history = [turn(Click(3, 4), rationale="Focus it."), turn(Type("milk"), outcome="typed 4 characters")]
    _system, task, first, outcome, second, _ = contents(request(history=history))
    assert (task, outcome) == ("Task: Save the note", "Outcome: clicked")
    assert first == 'Focus it.\n{"action": "click", "x": 3, "y": 4, "button": "left", "count": 1}'
    assert second == '{"action": "type", "text": "milk"}'


def test_an_answer_that_was_refused_is_told_with_what_was_wrong():
    history = [turn(None, said="I will click.", outcome="the answer holds no action"), turn(None, outcome="no")]
    assert contents(request(history=history))[2:5] == [
        "I will click.",
        "That answer was not accepted: the answer holds no action. Answer with one call of `act`.",
        "(an answer that was no action)",
    ]


def test_a_continued_conversation_tells_each_task_where_it_began():
    history = [turn(Done("saved"), instruction="Save the note", outcome="done")]
    *_, last = contents(request(instruction="Now print it", history=history))
    assert last.startswith("Outcome: done\n\nTask: Now print it\n\nThe screen now")


def test_old_turns_are_left_out_ten_at_a_time_and_counted():
    assert "left out" not in json.dumps(contents(request(history=clicks(30))))
    at_31 = contents(request(history=clicks(31)))
    assert at_31[1] == "(10 earlier steps are left out: 10 click.)\n\nTask: Save the note"
    assert len(at_31) == 1 + 21 * 2 + 1
    at_40 = contents(request(history=clicks(40)))
    assert at_40[: len(at_31) - 1] == at_31[:-1]


def test_left_out_turns_are_counted_by_action():
    history = [*clicks(8), turn(None), turn(Type("a")), *clicks(21)]
    assert contents(request(history=history))[1].startswith(
        "(10 earlier steps are left out: 8 click, 1 no action, 1 type.)"
    )


def test_a_long_answer_that_was_refused_is_cut():
    shown = contents(request(history=[turn(None, said="x" * 5000)]))[2]
    assert shown == "x" * 1000 + "… (4000 more characters)"


def test_the_settings_say_how_much_history_is_shown():
    few = ModelSettings(history_turns=3, history_characters=10**6)
    assert len(contents(request(history=clicks(9)), settings=few)) == 1 + 3 * 2 + 1
    short = ModelSettings(history_characters=300)
    shown = contents(request(history=clicks(9)), settings=short)
    assert sum(len(text) for text in shown[2:-1]) <= 300
    assert shown[1].startswith("(")


def test_past_pictures_stand_before_what_was_decided_on_them():
    before = attrs.evolve(PNG, data=b"before")
    history = [turn(Click(1, 2)), attrs.evolve(turn(Click(3, 4)), picture=before)]
    conversation = messages(request(history=history, screenshot=PNG), with_screenshot=True)
    shown = [
        b64decode(part["image_url"]["url"].split(",")[1])
        for message in conversation
        if isinstance(message["content"], list)
        for part in message["content"]
        if part["type"] == "image_url"
    ]
    assert shown == [b"before", PNG.data]
    assert isinstance(conversation[3]["content"], list)
    assert conversation[4]["content"].endswith('"x": 3, "y": 4, "button": "left", "count": 1}')
    assert isinstance(contents(request(history=history), with_screenshot=False)[3], str)


def test_a_note_is_shown_with_the_screen():
    asked = attrs.evolve(request(tree=None), note="try something else")
    assert contents(asked)[-1].endswith("seconds are left.\nNote: try something else")


@pytest.mark.parametrize(
    ("space", "picture", "size", "save", "click"),
    [
        ("pixels", (1280, 720), "1280 x 720 pixels", "at 140, 220 (80x40)", '"x": 68, "y": 66'),
        ("pixels", (640, 360), "640 x 360 pixels", "at 70, 110 (40x20)", '"x": 34, "y": 33'),
        ("thousand", (640, 360), "coordinates from 0 to 1000 on both sides", "(62x56)", '"x": 54, "y": 92'),
        ("unit", (640, 360), "coordinates from 0 to 1 on both sides", "(0.0625x0.0556)", '"x": 0.0535, "y": 0.0924'),
    ],
)
def test_all_coordinates_are_in_what_the_model_counts(space, picture, size, save, click):
    width, height = picture
    asked = attrs.evolve(
        request(history=[turn(Click(68, 66))], screenshot=attrs.evolve(PNG, width=width, height=height)),
        coordinates=CoordinateSpace(space),
    )
    rules, _task, decided, screen = contents(asked)
    assert f"The screen now: {size}. " in screen
    assert save in screen
    assert click in decided
    assert ("whole pixels of the screen" in rules) == (space == "pixels")
    assert ("from 0 to 1000" in rules) == (space == "thousand")
    assert ('"x": 0.1, "y": 0.2' in rules) == (space == "unit")


def test_long_texts_are_cut():
    history = [turn(Type("x" * 5000), outcome="y" * 5000)]
    text = json.dumps(contents(request(history=history)), ensure_ascii=False)
    assert len(text) < 5000
    assert "… (4000 more characters)" in text


def test_a_large_tree_is_cut():
    many = Element("list", "all", Bounds(0, 0, 9, 9), children=(Element("listitem", "one", Bounds(0, 0, 9, 9)),) * 5000)
    *_, last = contents(request(tree=many))
    assert (last.count("listitem"), last.splitlines()[-1]) == (MAX_ELEMENTS - 1, "(the rest is left out)")


def test_a_deep_tree_does_not_recurse():
    deep = Element("text", "leaf", Bounds(0, 0, 1, 1))
    for _ in range(400):
        deep = Element("group", "", Bounds(0, 0, 1, 1), children=(deep,))
    *_, last = contents(request(tree=deep))
    assert last.splitlines()[-1].endswith('text "leaf" at 0, 0 (1x1)')


@given(st.lists(st.sampled_from([None, Click(1, 2), Done("x")]), max_size=60), st.booleans())
def test_roles_alternate_and_all_of_it_is_json(actions, with_screenshot):
    conversation = messages(
        request(history=[turn(action) for action in actions], screenshot=PNG), with_screenshot=with_screenshot
    )
    roles = [message["role"] for message in conversation]
    assert roles == ["system", *(["user", "assistant"] * len(roles))[: len(roles) - 1]]
    assert roles[-1] == "user"
    assert json.loads(json.dumps(conversation)) == conversation
