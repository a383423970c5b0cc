"""Turns as they are kept: each of their texts can be rewritten."""

from gui_agents.domain.actions import Click, Key, Type
from gui_agents.domain.model import Turn
from gui_agents.domain.redaction import Redactor
from gui_agents.domain.secret import MASKED_KEY, Secret

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


def test_a_turn_without_keys_stays_the_same_object():
    for turn in (
        Turn("go", Click(1, 2), "", "clicked"),
        Turn("go", None, "", "invalid: no"),
        Turn("go", Key(("a",)), "", ""),
    ):
        assert turn.rewritten(REDACTOR.redacted) is turn
