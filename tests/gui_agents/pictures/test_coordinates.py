"""What a model points at is what it sees there, whatever it counts in and however its picture is scaled."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gui_agents.domain.action_json import schema
from gui_agents.domain.actions import SANDBOX_ACTIONS, InvalidActionError
from gui_agents.domain.model_settings import CoordinateSpace, PictureFormat
from gui_agents.domain.screen import Observation, Picture
from gui_agents.pictures.coordinates import Size, View, shown_schema

PIXELS, THOUSAND, UNIT = CoordinateSpace.PIXELS, CoordinateSpace.THOUSAND, CoordinateSpace.UNIT


def view(screen=(1280, 720), picture=None, space=PIXELS):
    width, height = picture or screen
    return View(screen=Size(width=screen[0], height=screen[1]), picture=Size(width=width, height=height), space=space)


def seen(picture=None):
    return Observation(1280, 720, screenshot=picture)


def test_a_model_without_a_picture_counts_the_screens_pixels():
    assert View.of(seen()) == view()
    assert View.of(seen()).is_screen


def test_a_model_counts_the_pixels_of_the_picture_that_it_was_sent():
    assert View.of(seen(Picture(b"", 640, 360, PictureFormat.JPEG))) == view(picture=(640, 360))


@pytest.mark.parametrize(
    ("on", "written", "pixel"),
    [
        (view(), (10, 20), (10, 20)),
        (view(picture=(640, 360)), (10, 20), (21, 41)),
        (view(picture=(640, 360)), (10.9, 20.2), (21, 41)),
        (view(picture=(640, 360)), (639, 359), (1279, 719)),
        (view(picture=(640, 360)), (640, 360), (1279, 719)),
        (view(space=THOUSAND), (500, 500), (640, 360)),
        (view(space=THOUSAND), (0, 1000), (0, 719)),
        (view(space=THOUSAND), (999.9, 1), (1279, 0)),
        (view(picture=(640, 360), space=THOUSAND), (500, 500), (640, 360)),
        (view(space=UNIT), (0.5, 0.25), (640, 180)),
        (view(space=UNIT), (1, 1.0), (1279, 719)),
    ],
)
def test_a_place_is_the_pixel_in_its_middle_and_the_edge_is_on_the_screen(on, written, pixel):
    assert on.point(*written) == pixel


@pytest.mark.parametrize(
    ("on", "x", "problem"),
    [
        (view(picture=(640, 360)), 641, "x=641 leaves the screen (0 to 640)"),
        (view(space=THOUSAND), 1001, "x=1001 leaves the screen (0 to 1000)"),
        (view(space=UNIT), 68, "x=68 leaves the screen (0 to 1)"),
        (view(space=UNIT), -0.01, "x=-0.01 leaves the screen (0 to 1)"),
    ],
)
def test_a_place_beside_the_screen_is_refused_in_the_models_own_numbers(on, x, problem):
    with pytest.raises(InvalidActionError) as refused:
        on.point(x, 0)
    assert refused.value.problem == problem


def test_only_coordinates_are_scaled():
    answer = {"action": "drag", "x": "250", "y": 500.0, "to_x": 0, "to_y": 1000, "button": "left", "count": 2}
    assert view(space=THOUSAND).read(answer) == {
        **answer, "x": 320, "y": 360, "to_x": 0, "to_y": 719
    }  # fmt: skip


@pytest.mark.parametrize("value", [None, True, "left", "9" * 40, [1], {}, float("nan"), float("inf"), 10**400])
def test_what_is_no_number_is_left_for_the_parser_to_refuse(value):
    assert view(space=THOUSAND).read({"x": value})["x"] is value


def test_an_answer_in_the_screens_pixels_stays_as_it_is():
    assert view().read({"x": 5000}) == {"x": 5000}
    assert view().shown({"x": 68.5}) == {"x": 68.5}


sides = st.integers(1, 5000)


@example(screen=(1, 903), picture=(1, 1), space=THOUSAND)
@given(screen=st.tuples(sides, sides), picture=st.tuples(sides, sides), space=st.sampled_from(CoordinateSpace))
def test_every_pixel_that_is_shown_to_a_model_is_accepted_from_it(screen, picture, space):
    on = view(screen, picture, space)
    for x, y in [(0, 0), (screen[0] - 1, screen[1] - 1), (screen[0] // 2, screen[1] // 3)]:
        back = on.point(*on.shown_point(x, y))
        grid = {PIXELS: picture, THOUSAND: (1000, 1000), UNIT: (10_000, 10_000)}[space]
        for given_, returned, pixels, cells in zip((x, y), back, screen, grid, strict=True):
            assert 0 <= returned < pixels
            assert abs(given_ - returned) <= pixels / cells


@given(screen=st.tuples(sides, sides), space=st.sampled_from([PIXELS, UNIT]))
def test_a_pixel_comes_back_exactly_where_the_models_numbers_are_as_fine(screen, space):
    on = view(screen, space=space)
    x, y = screen[0] // 2, screen[1] - 1
    assert on.point(*on.shown_point(x, y)) == (x, y)


def test_a_size_is_told_in_the_models_numbers():
    assert view(picture=(640, 360)).shown_size(100, 50) == (50, 25)
    assert view(space=THOUSAND).shown_size(128, 72) == (100, 100)
    assert view(space=UNIT).shown_size(128, 72) == (0.1, 0.1)


@pytest.mark.parametrize(
    ("on", "text"),
    [
        (view(picture=(640, 360)), "640 x 360 pixels"),
        (view(space=THOUSAND), "coordinates from 0 to 1000 on both sides"),
        (view(space=UNIT), "coordinates from 0 to 1 on both sides"),
    ],
)
def test_a_prompt_says_what_the_model_counts_in(on, text):
    assert on.described() == text


@pytest.mark.parametrize(("space", "kind", "end"), [(THOUSAND, "integer", 1000), (UNIT, "number", 1)])
def test_a_schema_describes_coordinates_as_the_model_counts_them(space, kind, end):
    shown = shown_schema(schema(SANDBOX_ACTIONS), space)
    assert shown["properties"]["x"] == {"type": kind, "description": f"0 to {end} from the left edge"}
    assert shown["properties"]["to_y"] == {
        "type": kind,
        "description": f"where the drag ends, 0 to {end} from the top edge",
    }
    assert shown["properties"]["dx"] == schema(SANDBOX_ACTIONS)["properties"]["dx"]


def test_a_schema_in_pixels_and_one_without_coordinates_stay():
    assert shown_schema(schema(SANDBOX_ACTIONS), PIXELS) == schema(SANDBOX_ACTIONS)
    assert shown_schema(schema(()), UNIT) == schema(())


@pytest.mark.parametrize("action", ["click", "done"])
def test_coordinates_that_an_action_does_not_have_stay_the_nothing_that_they_are(action):
    written = {"action": action, "x": 0, "y": 0, "to_x": 0, "to_y": 0}
    read = view(screen=(4000, 3000), picture=(1000, 750)).read(written)
    own = {"x": 2, "y": 2} if action == "click" else {}
    assert read == {**written, **own}


def test_of_an_unknown_action_all_coordinates_are_read():
    assert view(picture=(640, 360)).read({"action": "poke", "to_x": 10}) == {"action": "poke", "to_x": 21}
