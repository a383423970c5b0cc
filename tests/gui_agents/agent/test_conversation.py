"""A conversation keeps its latest turns, within a bound in bytes, and the pictures of a few while the task runs."""

import pytest

from gui_agents.agent.conversation import MAX_BYTES, Conversation
from gui_agents.domain.actions import Type
from gui_agents.domain.model import History, Turn
from gui_agents.domain.model_settings import PictureFormat
from gui_agents.domain.screen import Picture
from gui_agents.domain.secret import MASKED_KEY
from gui_agents.domain.weight import weight


def picture(number):
    return Picture(bytes([number]), 10, 10, PictureFormat.PNG)


def noted(conversation, count):
    """Note so many turns; return which of them have a picture after each."""
    shown = []
    for number in range(count):
        conversation.note(Turn("do it", None, "", str(number)), picture(number))
        shown.append([int(turn.outcome) for turn in conversation.turns if turn.picture is not None])
    return shown


def test_turns_are_kept_in_order():
    conversation = Conversation()
    turns = [Turn("do it", None, "", str(number)) for number in range(10)]
    for turn in turns:
        conversation.note(turn)
    assert conversation.turns == tuple(turns)


def test_a_model_that_types_much_fills_no_memory():
    conversation = Conversation(pictures=3)
    for number in range(500):
        conversation.note(Turn("do it", Type("x" * 10_000), "", str(number)), picture(number % 256))
        assert weight(conversation.history.turns) <= MAX_BYTES
    assert conversation.turns[-1].outcome == "499"
    assert 90 < len(conversation.turns) < 110


def test_no_picture_is_kept_unless_the_model_is_shown_past_ones():
    assert noted(Conversation(), 3) == [[], [], []]


@pytest.mark.parametrize(
    ("most", "shown"),
    [
        (1, [[0], [1], [2], [3]]),
        (2, [[0], [0, 1], [1, 2], [2, 3]]),
        (4, [[0], [0, 1], [0, 1, 2], [0, 1, 2, 3], [2, 3, 4], [2, 3, 4, 5], [4, 5, 6]]),
    ],
)
def test_old_pictures_go_some_at_a_time_so_that_what_is_sent_begins_the_same(most, shown):
    assert noted(Conversation(pictures=most), len(shown)) == shown


def test_a_picture_belongs_to_its_own_turn_among_equal_ones():
    conversation = Conversation(pictures=2)
    for number in (1, 2, 3):
        conversation.note(Turn("do it", None, "", "same"), picture(number))
    assert [turn.picture for turn in conversation.turns] == [None, picture(2), picture(3)]


def test_what_outlives_the_task_has_no_pictures():
    conversation = Conversation(pictures=4)
    noted(conversation, 3)
    assert [turn.picture for turn in conversation.history.turns] == [None] * 3
    assert Conversation(conversation.history, pictures=4).turns == conversation.history.turns


def test_a_key_is_shown_to_the_model_and_kept_by_nobody():
    conversation = Conversation(redact=lambda text: text.replace("key", MASKED_KEY))
    turns = [Turn("use key", None, "", f"typed {what}") for what in ("key", "nothing")]
    for turn in turns:
        conversation.note(turn)
    assert conversation.turns == tuple(turns)
    kept = tuple(Turn(f"use {MASKED_KEY}", None, "", f"typed {what}") for what in (MASKED_KEY, "nothing"))
    assert conversation.told == History(kept, sum(map(weight, kept)))


def test_an_instruction_is_read_once_however_many_turns_have_it():
    read = []
    conversation = Conversation(redact=lambda text: read.append(text) or text)
    for number in range(50):
        conversation.note(Turn("go on", Type(f"text {number}"), f"because {number}", f"typed {number}"))
    assert read.count("go on") == 1
    assert conversation.told is conversation.history
