"""Conversations as they are kept: each of their texts can be rewritten."""

from gui_agents.domain.actions import Click, Key, Type
from gui_agents.domain.model import History, Turn
from gui_agents.domain.redaction import Redactor
from gui_agents.domain.secret import MASKED_KEY, Secret
from gui_agents.domain.weight import weight

KEY = "planted-key-of-a-task"
REDACTOR = Redactor([Secret(KEY)])


def test_no_text_of_a_turn_keeps_a_key():
    turn = Turn(f"use {KEY}", Type(f"{KEY}!"), f"because {KEY}", f"typed {KEY}", f"said {KEY}")
    masked = Turn(
        f"use {MASKED_KEY}",
        Type(f"{MASKED_KEY}!"),
        f"because {MASKED_KEY}",
        f"typed {MASKED_KEY}",
        f"said {MASKED_KEY}",
    )
    assert turn.rewritten(REDACTOR.redacted) == masked


def test_a_conversation_without_keys_stays_the_same_object():
    history = History(
        (Turn("go", Click(1, 2), "", "clicked"), Turn("go", None, "", "invalid: no"), Turn("go", Key(("a",)), "", "")),
        7,
    )
    assert history.rewritten(REDACTOR.redacted) is history


def test_the_instruction_of_all_turns_is_read_once():
    read = []
    turns = tuple(Turn("go on", Click(1, number), "", f"clicked {number}") for number in range(3))
    History(turns, 7).rewritten(lambda text: read.append(text) or text)
    assert sorted(filter(None, read)) == ["clicked 0", "clicked 1", "clicked 2", "go on"]


def test_a_conversation_with_a_key_is_weighed_again():
    history = History((Turn(KEY * 9, None, "", ""), Turn("go", None, "", "")), weight(KEY * 9))
    kept = history.rewritten(REDACTOR.redacted)
    assert kept.turns == (Turn(MASKED_KEY * 9, None, "", ""), history.turns[1])
    assert kept.text_bytes == sum(map(weight, kept.turns))
