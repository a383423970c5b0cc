"""Stuck is judged by effect: what leads nowhere ends within a few rounds, and what leads somewhere goes on."""

from itertools import cycle, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from gui_agents.agent.stuck import Effects
from gui_agents.domain.actions import (
    AskUser,
    Button,
    Click,
    Done,
    Drag,
    Fail,
    Key,
    LongPress,
    Move,
    Scroll,
    Type,
    Wait,
)
from gui_agents.domain.lifecycle import FailureReason, TaskEvent
from gui_agents.domain.model_settings import PictureFormat
from gui_agents.domain.screen import Bounds, Element, Observation, Picture
from gui_agents.pictures.encoding import jpeg, png
from gui_agents.pictures.studio import Studio
from tests.fakes import a_screen

A, B, C = Click(100, 100), Click(500, 300), Key(("enter",))
STILL = a_screen("still")
FEW = 10
"""Rounds within which a task that gets nowhere must end."""


def changing(count=100):
    return [a_screen(f"screen {number}") for number in range(count)]


def with_text(text, *, states=()):
    everything = Bounds(0, 0, 1280, 720)
    shown = Element("text", text, Bounds(10, 10, 90, 20), value=text, states=frozenset(states))
    return Observation(1280, 720, Element("window", "Editor", everything, children=(shown,)))


def pictured(*marks, tree=None, picture_format=PictureFormat.PNG):
    """Return a picture of a page with dark rectangles."""
    image = Image.linear_gradient("L").resize((1280, 720)).convert("RGB")
    for mark in marks:
        ImageDraw.Draw(image).rectangle(mark, "#c02020")
    data = png(image) if picture_format is PictureFormat.PNG else jpeg(image)
    return Observation(1280, 720, tree, Picture(data, 1280, 720, picture_format))


def caret(visible):
    return pictured(*([(300, 300, 302, 320)] if visible else []))


def clock(number):
    return pictured((1150, 690, 1150 + 10 + number % 60, 708))


async def rounds(decided, screens):
    """Return the rounds of the notes, and of the end (None if it goes on)."""
    effects, notes = Effects(Studio()), []
    for number, (done, screen) in enumerate(zip(decided, screens, strict=False), 1):
        verdict = await effects.judge(done if isinstance(done, tuple) else (done,), screen)
        if verdict.note:
            notes.append(number)
        if verdict.ending is not None:
            assert (verdict.ending.event, verdict.ending.reason) == (TaskEvent.FAIL, FailureReason.STUCK)
            return notes, number
    return notes, None


LEADING_NOWHERE = {
    "the same click": (cycle([A]), cycle([STILL])),
    "ping-pong on one screen": (cycle([A, B]), cycle([STILL])),
    "ping-pong between two screens": (cycle([A, B]), cycle([a_screen("one"), a_screen("two")])),
    "three in a ring": (cycle([A, B, C]), cycle([a_screen("one"), a_screen("two"), a_screen("three")])),
    "a pixel apart": ((Click(100 + number % 2, 100) for number in range(99)), cycle([STILL])),
    "a click that wanders": ((Click(100 + 3 * number, 100 + number) for number in range(99)), cycle([STILL])),
    "a drag that trembles": ((Drag(9 + n % 3, 10, 400, 400 - n % 2) for n in range(99)), cycle([STILL])),
    "a scroll at the end of a page": ((Scroll(500, 300, 0, 1 + number) for number in range(99)), cycle([STILL])),
    "a move": ((Move(10 + number % 2, 10) for number in range(99)), cycle([STILL])),
    "a long press": ((LongPress(10 + number % 2, 10, 1 + number % 3) for number in range(99)), cycle([STILL])),
    "other text each time": ((Type(f"try {number}") for number in range(99)), cycle([STILL])),
    "clicks all over the screen": ((Click(50 * number, 30 * number) for number in range(20)), cycle([STILL])),
    "waits of different lengths": ((Wait(1 + number / 10) for number in range(99)), cycle([STILL])),
    "a click and a wait": (cycle([A, Wait(1.0)]), cycle([STILL])),
    "a click and two waits": (cycle([A, Wait(1.0), Wait(2.0)]), cycle([STILL])),
    "answers of several actions": (cycle([(A, B), (A, A, B)]), cycle([STILL])),
    "a clock in the tree": (cycle([A, B]), (with_text(f"12:{number:02}:{number:02} PM") for number in range(60))),
    "a focus that comes and goes": (cycle([A]), cycle([with_text("x"), with_text("x", states=["focused"])])),
    "a caret in the picture": (cycle([A]), cycle([caret(visible=True), caret(visible=False)])),
    "a caret and ping-pong": (cycle([A, B]), cycle([caret(visible=True), caret(visible=True), caret(visible=False)])),
    "a clock in the picture": (cycle([A]), map(clock, range(60))),
    "a clock in the picture and ping-pong": (cycle([A, B]), map(clock, range(60))),
    "the pointer in the picture": (
        (Click(50 * number, 30 * number) for number in range(20)),
        (pictured((50 * number, 30 * number, 50 * number + 12, 30 * number + 18), tree=STILL.tree)
         for number in range(20)),
    ),
    "a caret as JPEG": (
        cycle([A]),
        cycle([pictured(*mark, picture_format=PictureFormat.JPEG) for mark in ([], [(300, 300, 302, 320)])]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LEADING_NOWHERE)
async def test_what_leads_nowhere_is_told_to_the_model_once_and_then_ends(name):
    decided, screens = LEADING_NOWHERE[name]
    notes, end = await rounds(islice(decided, 30), screens)
    assert end is not None
    assert end <= FEW
    assert len(notes) == 1
    assert notes[0] <= end - 2


LEADING_SOMEWHERE = {
    "the same key on new screens": (cycle([Key(("tab",))]), changing()),
    "page down": (cycle([Key(("page_down",))]), changing()),
    "the same click on new screens": (cycle([A]), changing()),
    "five waits for a slow page": ([*[Wait(2.0)] * 5, *[A] * 4], [*[STILL] * 5, *changing(4)]),
    "five waits after a click": ([A, *[Wait(2.0)] * 5, A], [*[STILL] * 6, a_screen("loaded")]),
    "a list read down and up again": (
        [Key(("down",))] * 8 + [Key(("up",))] * 8,
        [*changing(9), *reversed(changing(8))],
    ),
    "the focus moved through a form": (
        cycle([Key(("tab",))]),
        [with_text(f"field {number}", states=["focused"]) for number in range(20)],
    ),
    "two apps, and something new in them each time": (cycle([A, B]), changing()),
    "a form filled without a tree": (
        [each for number in range(12) for each in (Click(300, 50 * number + 20), Type(f"value {number}"))],
        [pictured(*[(300, 50 * row + 10, 360, 50 * row + 24) for row in range(number // 2)]) for number in range(24)],
    ),
    "pages without a tree": (
        cycle([Key(("page_down",))]),
        [pictured((0, 0, 1279, 30 * number + 60)) for number in range(20)],
    ),
    "a canvas beside a tree that stays": (
        cycle([A]),
        [pictured((100, 100, 200 + 40 * number, 300), tree=STILL.tree) for number in range(20)],
    ),
    "a value in the tree": (cycle([A]), [with_text(str(number)) for number in range(20)]),
}


@pytest.mark.parametrize("name", LEADING_SOMEWHERE)
async def test_what_leads_somewhere_goes_on(name):
    decided, screens = LEADING_SOMEWHERE[name]
    assert (await rounds(decided, screens))[1] is None


@pytest.mark.parametrize("name", ["five waits for a slow page", "five waits after a click", "page down"])
async def test_the_model_is_not_bothered_while_all_is_well(name):
    decided, screens = LEADING_SOMEWHERE[name]
    assert (await rounds(decided, screens))[0] == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Click(10, 10), Click(10, 30)),
        (Click(10, 10), Click(10, 10, Button.RIGHT)),
        (Click(10, 10), Click(10, 10, count=2)),
        (Scroll(10, 10, 0, 1), Scroll(10, 10, 0, -1)),
        (Drag(10, 10, 20, 20), Drag(10, 10, 90, 20)),
        (Type("a"), Type("b")),
        (A, Move(100, 100)),
    ],
)
async def test_another_action_has_less_weight_than_the_same_again(one, other):
    again, _ = await rounds([one] * 4, cycle([STILL]))
    changed, _ = await rounds([one, other, one, one], cycle([STILL]))
    assert (again, changed) == ([3], [4])


async def test_a_new_screen_forgives_what_was_before():
    notes, end = await rounds([A] * 12, [*[STILL] * 4, a_screen("new"), *[STILL] * 3, *changing(4)])
    assert (notes, end) == ([3, 7], None)


@pytest.mark.parametrize("last", [Done("saved"), Fail("no such button"), AskUser("which one?")])
async def test_a_task_may_always_say_how_it_ends(last):
    assert await rounds([*[A] * 4, last, last, last], cycle([STILL])) == ([3], None)


async def test_the_words_name_what_was_done():
    effects = Effects(Studio())
    verdicts = [await effects.judge((action,), STILL) for action in (A, A, Wait(1.0), A, A, A)]
    assert verdicts[3].note == (
        "your last 4 steps (click 3 times, wait once) led to nothing new on the screen. Do not repeat them: try "
        "something else, or use `fail` and say what does not work."
    )
    assert verdicts[5].ending.message == (
        "stuck: the last 6 steps (click 5 times, wait once) led to nothing new on the screen"
    )


async def test_pictures_that_cannot_be_read_are_told_apart_by_their_bytes():
    screens = [
        Observation(10, 10, screenshot=Picture(bytes([number]), 10, 10, PictureFormat.PNG)) for number in range(9)
    ]
    assert await rounds([A] * 9, screens) == ([], None)
    assert (await rounds([A] * 9, cycle(screens[:1])))[1] == 5


async def test_screens_of_different_sizes_differ():
    screens = [a_screen("still", width=1000 + number) for number in range(12)]
    assert await rounds([A] * 12, screens) == ([], None)


class CountingStudio(Studio):
    """Counts the comparisons of pictures."""

    def __init__(self):
        super().__init__()
        self.compared = 0

    async def resembling(self, picture, others):
        self.compared += 1
        return await super().resembling(picture, others)


async def test_no_picture_is_decoded_while_each_action_is_another_one_or_the_picture_stays():
    studio = CountingStudio()
    effects = Effects(studio)
    for number in range(20):
        await effects.judge((Type(f"text {number}"),), clock(number))
    for _ in range(4):
        await effects.judge((A,), STILL)
    assert studio.compared == 0


async def test_few_pictures_are_compared_and_held_however_long_a_task_runs():
    studio = CountingStudio()
    effects = Effects(studio)
    for number in range(60):
        await effects.judge((A,), pictured((0, 0, 1279, 10 * number + 60)))
    assert studio.compared == 59
    held = {id(round_.screen): round_.screen for round_ in effects._rounds}.values()
    assert sum(picture._picture is not None for screen in held for picture in screen.pictures) <= 4


decisions = st.lists(st.sampled_from([A, B, C, Wait(1.0), Type("x")]), min_size=40, max_size=40)


@given(decisions)
async def test_whatever_is_done_on_one_screen_ends(decided):
    notes, end = await rounds(decided, cycle([STILL]))
    assert end is not None
    assert len(notes) == 1


@given(decisions, st.data())
async def test_whatever_is_done_goes_on_while_every_second_screen_is_new(decided, data):
    screens = [each for screen in changing(20) for each in data.draw(st.permutations([STILL, screen]))]
    assert (await rounds(decided, screens))[1] is None


@pytest.mark.parametrize("name", ["the same click", "a pixel apart", "a click that wanders", "a drag that trembles"])
async def test_the_same_again_ends_at_the_fifth_time_wherever_it_trembles_to(name):
    decided = {
        "the same click": [A] * 9,
        "a pixel apart": [Click(100 + number % 2, 100) for number in range(9)],
        "a click that wanders": [Click(100 + 3 * number, 100 + number) for number in range(9)],
        "a drag that trembles": [Drag(9 + number % 3, 10, 400, 400 - number % 2) for number in range(9)],
    }[name]
    assert await rounds(decided, cycle([STILL])) == ([3], 5)


async def test_a_caret_that_was_seen_before_delays_the_end_by_one_round_and_a_clock_by_more():
    blinking = await rounds([A] * 20, cycle([caret(visible=True), caret(visible=False)]))
    ticking = await rounds([A] * 20, map(clock, range(20)))
    assert (blinking[1], ticking[1]) == (6, 9)


async def test_few_pictures_are_held_also_if_none_is_ever_compared():
    effects = Effects(Studio())
    for number in range(20):
        await effects.judge((Type(f"text {number}"),), pictured((0, 0, 1279, 10 * number + 60)))
    held = {id(round_.screen): round_.screen for round_ in effects._rounds}.values()
    assert sum(picture._picture is not None for screen in held for picture in screen.pictures) == 4
