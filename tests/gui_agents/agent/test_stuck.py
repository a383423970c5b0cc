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


def a_time(seconds, form):
    """Return a time of day; `form` is filled with hours, minutes and seconds."""
    at = 50_707 + seconds
    return form.format(at // 3600, at // 60 % 60, at % 60)


def with_element(role, text, *, states=(), bounds=(10, 300, 90, 20)):
    shown = Element(role, "", Bounds(*bounds), value=text, states=frozenset(states))
    return Observation(1280, 720, Element("window", "Editor", Bounds(0, 0, 1280, 720), children=(shown,)))


def wandering(count=60):
    return [Click(40 + 41 * number % 1200, 30 + 67 * number % 600) for number in range(count)]


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


TICKING = {
    "dots": lambda number: a_time(3 * number, "{:02}.{:02}.{:02}"),
    "hours and minutes in French": lambda number: a_time(3 * number, "{:02}h{:02}m{:02}s"),
    "full-width colons": lambda number: a_time(3 * number, "{:02}\uff1a{:02}\uff1a{:02}"),
    "a timestamp": lambda number: a_time(3 * number, "2026-11-26T{:02}:{:02}:{:02}Z"),
    "milliseconds": lambda number: a_time(3 * number, "{:02}:{:02}:{:02}.125"),
    "seconds ago": lambda number: f"Updated {3 * number} seconds ago",
    "minutes ago": lambda number: f"{number} min ago" if number else "just now",
    "load": lambda number: f"CPU {37 * number % 100}%",
    "load with a decimal": lambda number: f"Memory: {37 * number % 100}.5 %",
    "load in front": lambda number: f"{37 * number % 100}% CPU",
    "network": lambda number: f"{37 * number % 100}.2 MB/s",
    "several": lambda number: a_time(3 * number, "{:02}:{:02}:{:02}") + f", RAM {number} %",
}


@pytest.mark.parametrize("form", TICKING)
@pytest.mark.parametrize("decided", [[A], [A, B], [A, B, C], [A, Wait(1.0)]], ids=["same", "two", "three", "waits"])
async def test_what_ticks_in_the_tree_is_no_change(form, decided):
    notes, end = await rounds(cycle(decided), (with_text(TICKING[form](number)) for number in range(30)))
    assert end is not None
    assert end <= FEW
    assert len(notes) == 1


@pytest.mark.parametrize("form", ["{:02}:{:02}", "{:02}h{:02}", "{:02}\uff1a{:02}", "{:02}:{:02} PM"])
async def test_a_clock_of_minutes_is_found_out_by_two_actions(form):
    screens = (with_text(a_time(60 * number, form)) for number in range(30))
    assert (await rounds(cycle([A, B]), screens))[1] == 8


async def test_a_clock_of_minutes_does_not_forgive_what_was_before():
    screens = [with_text(a_time(15 * number, "{:02}:{:02}")) for number in range(30)]
    assert (await rounds(cycle([A]), screens))[1] == 6


@pytest.mark.parametrize(
    "decided",
    [wandering(), [Type(f"try {number}") for number in range(60)], [A, B] * 30, [A, B, C] * 20],
    ids=["clicks", "texts", "two", "three"],
)
async def test_a_clock_in_the_picture_is_no_change_whatever_is_done_without_a_tree(decided):
    notes, end = await rounds(decided, map(clock, range(60)))
    assert end is not None
    assert end <= FEW + 1
    assert len(notes) == 1


async def test_the_pointer_alone_is_no_change_for_ever_without_a_tree():
    clicks = wandering()
    screens = (pictured((each.x, each.y, each.x + 12, each.y + 18)) for each in clicks)
    notes, end = await rounds(clicks[1:], screens)
    assert (len(notes), end) == (1, 50)


async def test_a_clock_in_the_middle_of_a_picture_is_found_out_later():
    screens = (pictured((600, 300, 603 + 5 * (number % 3), 315), (700, number, 701, number)) for number in range(60))
    assert FEW < (await rounds(cycle([A, B]), screens))[1] <= 3 * FEW


BY_THE_TASK = {
    "a time by plus": ([A], lambda n: with_text(a_time(300 * n, "{:02}:{:02}"))),
    "a time by a minute": ([Key(("up",))], lambda n: with_text(f"Alarm 07:{n:02}")),
    "a time of which hours and minutes have buttons": ([A] * 3 + [B] * 17, lambda n: with_text(
        f"{7 + min(n, 3):02}:{max(0, n - 3) * 5:02}")),
    "a video": ([Key(("right",))], lambda n: with_text(f"{n // 6}:{n * 10 % 60:02}")),
    "a long video": ([Key(("right",))], lambda n: with_text(f"1:{n // 6:02}:{n * 10 % 60:02} / 2:00:00")),
    "a long video alone": ([Key(("right",))], lambda n: with_text(f"01:{n // 6:02}:{n * 10 % 60:02}")),
    "a limit of a load": ([A], lambda n: with_text(f"CPU limit: {n}%")),
    "frames": ([A], lambda n: with_text(f"{n} fps")),
    "minutes of a time with seconds": ([A], lambda n: with_text(f"07:{n:02}:00")),
    "slots": ([Scroll(500, 300, 0, 3)], lambda n: with_text(f"Slot {n}:00")),
    "a ratio": ([A], lambda n: with_text(f"Zoom 1:{n + 10}")),
    "a per cent": ([A], lambda n: with_text(f"Zoom {n + 10}%")),
    "a date": ([A], lambda n: with_text(f"{n + 1:02}.05.07")),
    "a version": ([A], lambda n: with_text(f"1.10.{n + 10}")),
    "an address": ([A], lambda n: with_text(f"10.20.30.{n + 10}")),
    "seconds in a field": ([A], lambda n: with_element("spin button", f"07:00:{n:02}")),
    "seconds in a part of a field": ([A], lambda n: Observation(1280, 720, Element(
        "spinbutton", "", Bounds(9, 9, 99, 20), children=(with_text(f"07:00:{n:02}").tree,)))),
    "seconds that are edited": ([A], lambda n: with_element("text", f"07:00:{n:02}", states=["editable"])),
    "seconds that have the focus": ([A], lambda n: with_element("text", f"07:00:{n:02}", states=["focused"])),
    "seconds that are clicked": (
        [A, Click(110, 100)], lambda n: with_element("text", f"07:00:{n:02}", bounds=(90, 90, 30, 20))),
    "a digit without a tree": ([A], lambda n: pictured((600, 300, 610 + 3 * n, 320))),
    "a slider without a tree": ([Key(("right",))], lambda n: pictured((300 + 6 * n, 400, 312 + 6 * n, 412))),
    "a slider beside a tree": (
        [Key(("right",))], lambda n: pictured((300 + 6 * n, 400, 312 + 6 * n, 412), tree=STILL.tree)),
    "a text typed key by key without a tree": (
        [Key((each,)) for each in "hello there"], lambda n: pictured((100, 100, 100 + 8 * n, 116))),
    "checkboxes without a tree": (
        [Click(300, 40 + 30 * n) for n in range(20)],
        lambda n: pictured(*[(295, 35 + 30 * row, 305, 45 + 30 * row) for row in range(n)])),
    "a text typed key by key into the last line without a tree": (
        [Key((each,)) for each in "hello there, you"], lambda n: pictured((10, 692, 10 + 8 * n, 708))),
    "a progress bar without a tree": ([Wait(2.0)], lambda n: pictured((100, 300, 100 + 20 * n, 310))),
}  # fmt: skip


@pytest.mark.parametrize("name", BY_THE_TASK)
async def test_a_small_change_by_the_task_goes_on(name):
    decided, screen = BY_THE_TASK[name]
    assert (await rounds(cycle(decided), (screen(number) for number in range(20))))[1] is None


@pytest.mark.parametrize("password", ["hunter2passw", "bookkeeper", "aaaa1111", "s3cret-pass-w0rd"])
async def test_a_masked_password_may_be_typed_key_by_key(password):
    keys = [Key(("shift", key) if key == "w" else (key,)) for key in password]
    assert (await rounds([*keys, C], cycle([STILL])))[1] is None


@pytest.mark.parametrize(
    ("screens", "end"), [([STILL], 19), ([caret(visible=True), caret(visible=False)], 20)], ids=["tree", "caret"]
)
async def test_keys_without_end_are_stuck(screens, end):
    keys = (Key((chr(97 + number % 26),)) for number in range(60))
    assert (await rounds(keys, cycle(screens)))[1] == end


async def test_a_key_again_and_again_is_stuck():
    assert (await rounds([Key(("a",))] * 20, cycle([STILL])))[1] == 9


async def test_other_keys_with_a_caret_and_no_tree_are_stuck_soon():
    keys = cycle([Key((name,)) for name in ("enter", "tab", "escape", "up", "down", "f1", "f2", "f3", "f4", "f5")])
    end = (await rounds(islice(keys, 30), cycle([caret(visible=True), caret(visible=False)])))[1]
    assert end is not None
    assert end <= FEW


async def test_a_wide_ring_is_stuck_at_its_second_turn():
    assert (await rounds([A] * 60, cycle(changing(25))))[1] == 49


async def test_a_long_list_may_be_read_twice():
    assert (await rounds([Key(("down",))] * 60, cycle(changing(40))))[1] is None


@pytest.mark.parametrize("before", [[A] * 4, [A] * 4 + [B]])
async def test_an_answer_whose_last_action_ends_the_task_may_be_carried_out(before):
    assert (await rounds([*before, (A, Done("saved"))], cycle([STILL])))[1] is None


async def test_an_answer_that_never_gets_to_its_end_is_stuck():
    assert (await rounds([(A, Done("saved"))] * 20, cycle([STILL])))[1] == 5
    assert (await rounds([(*[A, B] * 10, Done("saved"))] * 20, cycle([STILL])))[1] == 5


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
        self.compared = []

    async def changed(self, picture, others):
        self.compared.append(len(others))
        return await super().changed(picture, others)


async def test_no_picture_is_decoded_while_the_tree_changes_or_the_picture_stays():
    studio = CountingStudio()
    effects = Effects(studio)
    for number in range(20):
        await effects.judge((A,), pictured((0, 0, 9, number), tree=a_screen(f"{number}").tree))
    for _ in range(4):
        await effects.judge((A,), pictured())
    assert studio.compared == []


async def test_few_pictures_are_compared_and_held_however_long_a_task_runs():
    studio = CountingStudio()
    effects = Effects(studio)
    for number in range(60):
        await effects.judge((A,), pictured((0, 0, 1279, 10 * number + 60)))
    assert (len(studio.compared), max(studio.compared)) == (59, 12)
    assert len(held(effects)) == 12


def held(effects):
    pictures = [screen.picture for screen in effects._screens()]
    return [picture for picture in pictures if picture.comparable]


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
        await effects.judge((A,), pictured((0, 0, 9, number), tree=a_screen(f"{number}").tree))
    assert len(held(effects)) == 4


async def test_little_is_held_of_old_screens_and_of_what_has_changed_on_them():
    effects = Effects(Studio())
    for number in range(30):
        screen = with_text(f"page {number} at 14:05:07")
        await effects.judge((A,), screen)
    assert [len(screen.tree.ticks) for screen in effects._screens()] == [1] * 12 + [0] * 18
