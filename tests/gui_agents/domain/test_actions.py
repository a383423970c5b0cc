import json
import math

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gui_agents.domain import actions
from gui_agents.domain.action_json import parse, schema, to_json
from gui_agents.domain.actions import (
    ACTIONS,
    SANDBOX_ACTIONS,
    TERMINAL_ACTIONS,
    ActionName,
    Button,
    Click,
    Done,
    InvalidActionError,
    Key,
    LongPress,
    OpenApp,
    Scroll,
    Wait,
)
from gui_agents.domain.keys import NAMED, keys_of

WIDTH, HEIGHT = 640, 480
COORDINATES = {"x": WIDTH, "to_x": WIDTH, "y": HEIGHT, "to_y": HEIGHT}

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
printable = st.characters(exclude_categories=["Cs"]).filter(lambda key: key.isprintable() and keys_of([key]) == (key,))
FIELDS = {
    **{name: st.integers(0, limit - 1) for name, limit in COORDINATES.items()},
    "button": st.sampled_from(Button),
    "count": st.integers(1, 3),
    "dx": st.integers(-100, 100),
    "dy": st.integers(-100, 100),
    "text": text,
    "keys": st.lists(st.sampled_from(sorted(NAMED)) | printable, min_size=1, max_size=5).map(tuple),
    "seconds": st.floats(0, 10, exclude_min=True),
    "app": words,
    "url": words,
    "message": text,
}


@st.composite
def any_action(draw):
    cls = draw(st.sampled_from(list(ACTIONS.values())))
    return cls(**{field.name: draw(FIELDS[field.name]) for field in attrs.fields(cls)})


numbers = st.sampled_from([10**400, -(10**400), 1e400, -1e400, math.nan, 1e308, -0.0, 0.5, True, False, -1])
scalars = st.none() | st.booleans() | st.integers() | st.floats() | numbers | st.text(max_size=5) | st.just("\ud800")
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = sorted({"action", "name", *FIELDS})


def read(answer, supported=SANDBOX_ACTIONS):
    return parse(answer, width=WIDTH, height=HEIGHT, supported=supported)


def refused(answer, supported=SANDBOX_ACTIONS):
    with pytest.raises(InvalidActionError) as caught:
        read(answer, supported)
    assert str(caught.value) == caught.value.problem
    return caught.value.problem


@given(any_action())
def test_what_is_told_as_json_is_read_back(action):
    told = to_json(action)
    assert read(told) == action
    assert read(json.loads(json.dumps(told))) == action


@given(any_action())
def test_every_action_fits_its_schema(action):
    described = schema(SANDBOX_ACTIONS)
    told = to_json(action)
    assert set(described["required"]) <= set(told) <= set(described["properties"])
    assert all(fits(value, described["properties"][key]) for key, value in told.items())


def fits(value, rule):
    """Tell whether a value is what a rule of our schemas allows."""
    kind = {"integer": int, "number": float, "string": str, "array": list}[rule["type"]]
    if not isinstance(value, kind) or isinstance(value, bool):
        return False
    if kind is list:
        return all(fits(item, rule["items"]) for item in value)
    if kind is str:
        return "enum" not in rule or value in rule["enum"]
    return rule.get("minimum", -math.inf) <= value <= rule.get("maximum", math.inf)


@given(json_values | st.dictionaries(st.sampled_from(KEYS), json_values, max_size=6))
def test_any_json_is_an_action_or_a_clear_refusal(answer):
    try:
        action = read(answer)
    except InvalidActionError as error:
        problem = error.problem
    else:
        assert isinstance(action, tuple(ACTIONS.values()))
        return
    assert 0 < len(problem.encode()) < 600


@given(name=st.sampled_from(ActionName), fields=st.dictionaries(st.sampled_from(KEYS), json_values, max_size=8))
@example(name=ActionName.CLICK, fields={"x": 10**400, "y": 1})
@example(name=ActionName.WAIT, fields={"seconds": 10**400})
@example(name=ActionName.DONE, fields={"message": "\ud800"})
def test_what_passes_is_on_the_screen_and_within_all_limits(name, fields):
    try:
        action = read({**fields, "action": str(name)})
    except InvalidActionError:
        return
    assert action.name == name
    for key, value in to_json(action).items():
        assert 0 <= value < COORDINATES[key] if key in COORDINATES else True
        assert fits(value, schema(SANDBOX_ACTIONS)["properties"][key])
        json.dumps(value, ensure_ascii=False).encode()


@given(
    action=any_action().filter(lambda action: hasattr(action, "x")),
    axis=st.sampled_from(sorted(COORDINATES)),
    beyond=st.integers(max_value=-1) | st.integers(min_value=WIDTH),
)
def test_no_coordinate_leaves_the_screen(action, axis, beyond):
    told = to_json(action)
    if axis in told:
        assert "leaves the screen" in refused({**told, axis: beyond})


@pytest.mark.parametrize("answer", [None, [], "click", 7, {}, {"action": None}, {"action": ["click"]}, {"action": {}}])
def test_what_names_no_action_is_refused(answer):
    problem = refused(answer)
    assert "one JSON object" in problem or "is not one of: click, move" in problem


def test_an_action_that_the_sandbox_does_not_know_is_refused():
    assert refused({"action": "navigate", "url": "x"}, {ActionName.CLICK}) == (
        "action 'navigate' is not one of: click, done, fail, ask_user"
    )


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"action": "click", "x": 1}, "click needs the field y; it takes click(x, y, button?, count?)"),
        ({"action": "move", "x": 1, "y": 2, "z": 3}, "move has no field 'z'; it takes move(x, y)"),
        ({"action": "click", "x": 640, "y": 2}, "click.x=640 leaves the screen (0 to 639)"),
        ({"action": "click", "x": 1, "y": -1}, "click.y=-1 leaves the screen (0 to 479)"),
        ({"action": "click", "x": True, "y": 2}, "click.x must be a number"),
        ({"action": "click", "x": math.nan, "y": 2}, "click.x must be a number"),
        ({"action": "click", "x": 10**400, "y": 2}, "click.x must be a number"),
        ({"action": "click", "x": "left", "y": 2}, "click.x must be a number"),
        ({"action": "click", "x": "nan", "y": 2}, "click.x must be a number"),
        ({"action": "click", "x": "1" * 41, "y": 2}, "click.x must be a number"),
        ({"action": "click", "x": -0.6, "y": 2}, "click.x=-0.6 leaves the screen (0 to 639)"),
        ({"action": "click", "x": 1, "y": 2, "count": 4}, "click.count must be at most 3"),
        ({"action": "click", "x": 1, "y": 2, "count": -1}, "click.count must be at least 1"),
        ({"action": "click", "x": 1, "y": 2, "button": "side"}, "click.button must be one of: left, middle, right"),
        ({"action": "wait", "seconds": 0}, "wait.seconds must be above 0"),
        ({"action": "wait", "seconds": 10.5}, "wait.seconds must be at most 10.0"),
        ({"action": "wait", "seconds": "soon"}, "wait.seconds must be a number"),
        ({"action": "wait", "seconds": math.inf}, "wait.seconds must be a number"),
        ({"action": "wait", "seconds": 10**400}, "wait.seconds must be a number"),
        ({"action": "key", "keys": []}, "key.keys must be a list of 1 to 5 strings"),
        ({"action": "key", "keys": 7}, "key.keys must be a list of 1 to 5 strings"),
        ({"action": "key", "keys": ["a+b+c+d+e+f"]}, "key.keys must be a list of 1 to 5 strings"),
        ({"action": "key", "keys": ["Retrun"]}, "key.keys: there is no key 'Retrun'; 'enter' may be meant"),
        ({"action": "move", "x": 1, "y": 2, "text": "hello"}, "move has no field 'text'; it takes move(x, y)"),
        ({"action": "move", "x": 1, "y": 2, "dy": 9}, "move has no field 'dy'; it takes move(x, y)"),
        ({"action": "key", "keys": ["a", 1]}, "key.keys[1] must be a string"),
        ({"action": "key", "keys": ["a", ""]}, "key.keys[1] must have 1 to 60 characters"),
        ({"action": "type", "text": 7}, "type.text must be a string"),
        ({"action": "type", "text": "x" * 10_001}, "type.text must have 0 to 10000 characters"),
        ({"action": "type", "text": "\udc00"}, "type.text must be Unicode text, without halves of surrogate pairs"),
        ({"action": "open_app", "name": ""}, "open_app.name must have 1 to 100 characters"),
    ],
)
def test_a_refusal_tells_the_model_what_to_do(answer, problem):
    assert refused(answer) == problem


@pytest.mark.parametrize("answer", [{"action": 10**5000}, {"action": "click", "x": 10**5000, "y": 10**5000}])
def test_numbers_that_python_itself_would_not_print_are_refused(answer):
    assert len(refused(answer)) < 300


def test_fields_that_are_null_are_as_good_as_absent():
    assert read({"action": "click", "x": 1, "y": 2, "button": None, "text": None}) == Click(1, 2)


@pytest.mark.parametrize(
    "filled",
    [
        {"text": "", "keys": [], "message": "", "url": "", "name": ""},
        {"button": "left", "count": 1, "dx": 0, "dy": 0, "to_x": 0, "to_y": 0, "seconds": 0},
        {"button": "LEFT", "count": None, "seconds": 0.0, "keys": {}},
        {"button": "", "seconds": 1},
        {"text": "null", "message": " ", "keys": [""], "name": "None", "url": "undefined"},
        {"keys": "[]", "text": "{}", "message": []},
        {"dx": "0", "dy": "0.0", "seconds": "0", "count": 0},
        {"seconds": 0.5, "count": "0"},
        {"to_x": -1, "to_y": -1},
        {"to_x": 68, "to_y": 66},
    ],
)
def test_fields_that_are_filled_in_and_say_nothing_are_as_good_as_absent(filled):
    assert read({"action": "click", "x": 68, "y": 66, **filled}) == Click(68, 66)


@pytest.mark.parametrize(
    "answer",
    [
        {"action": "wait", "seconds": 1},
        {"action": "type", "text": "null"},
        {"action": "key", "keys": ["enter"]},
        {"action": "done", "message": ""},
    ],
)
def test_places_beside_actions_without_one_say_nothing(answer):
    assert read({**answer, "x": 68, "y": 66, "to_x": "640"}) == read(answer)


@pytest.mark.parametrize("more", [{"text": "a"}, {"keys": ["ctrl"]}, {"dy": 3}, {"name": "Save"}, {"z": True}])
def test_a_field_that_says_something_is_refused(more):
    assert "has no field" in refused({"action": "click", "x": 1, "y": 2, **more})


@pytest.mark.parametrize("x", ["68", "68.0", " 68 ", 68.0, 67.6, "67.6", 68.4])
def test_a_coordinate_may_be_a_string_or_a_fraction(x):
    assert read({"action": "click", "x": x, "y": 1}) == Click(68, 1)


def test_a_coordinate_on_the_last_pixel_stays_on_the_screen():
    assert read({"action": "click", "x": 639.7, "y": -0.4}) == Click(639, 0)


def test_names_of_actions_and_buttons_may_be_spelled_otherwise():
    assert read({"action": " Long-Press", "x": 1, "y": 1, "seconds": "2.5"}) == LongPress(1, 1, 2.5)
    assert read({"action": "CLICK", "x": 1, "y": 1, "button": " Right"}) == Click(1, 1, Button.RIGHT)


@pytest.mark.parametrize(
    "keys", [["ctrl+c"], "ctrl+c", ["Control_L", "c"], ["CTRL", "c"], '["ctrl", "c"]', "['ctrl', 'c']"]
)
def test_keys_are_taken_as_models_write_them(keys):
    assert read({"action": "key", "keys": keys}) == Key(("ctrl", "c"))


def keywords(described):
    """Yield the keywords of a schema and of all schemas in it."""
    for keyword, value in described.items():
        yield keyword
        for inner in value.values() if keyword == "properties" else [value] if keyword == "items" else []:
            yield from keywords(inner)


def test_the_schema_has_only_keywords_that_every_endpoint_takes():
    plain = {"type", "enum", "minimum", "maximum", "items", "required", "properties", "description"}
    assert {*keywords(schema(SANDBOX_ACTIONS))} == plain


def test_whole_numbers_may_be_written_as_doubles():
    assert read({"action": "scroll", "x": 1.0, "y": 2, "dy": -3.0}) == Scroll(1, 2, 0, -3)


def test_the_schema_offers_what_is_supported_and_what_ends_the_loop():
    described = schema({ActionName.CLICK, ActionName.WAIT})
    assert described["properties"]["action"]["enum"] == ["click", "wait", "done", "fail", "ask_user"]
    assert set(described["properties"]) == {"action", "x", "y", "button", "count", "seconds", "message"}
    assert "click(x, y, button?, count?); wait(seconds)" in described["properties"]["action"]["description"]
    json.dumps(described)


def test_the_closed_set_is_split_into_sandbox_and_terminal_actions():
    assert set(ACTIONS) == set(ActionName) == SANDBOX_ACTIONS | TERMINAL_ACTIONS
    assert not SANDBOX_ACTIONS & TERMINAL_ACTIONS
    assert all(cls.name is name for name, cls in ACTIONS.items())
    assert sorted(TERMINAL_ACTIONS) == ["ask_user", "done", "fail"]


def test_actions_are_read_by_their_names_in_json():
    assert read({"action": "open_app", "name": "Notes"}) == OpenApp("Notes")
    assert to_json(OpenApp("Notes")) == {"action": "open_app", "name": "Notes"}
    assert to_json(Key(("ctrl", "s"))) == {"action": "key", "keys": ["ctrl", "s"]}
    assert repr(to_json(Click(1, 2))) == "{'action': 'click', 'x': 1, 'y': 2, 'button': 'left', 'count': 1}"
    assert to_json(Done("89")) == {"action": "done", "message": "89"}
    assert read({"action": "wait", "seconds": 10}) == Wait(10.0)
    assert actions.MAX_WAIT_SECONDS == 10.0
