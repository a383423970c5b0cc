"""A conversation keeps its latest steps, within a bound in bytes."""

from gui_agents.agent.conversation import MAX_BYTES, Conversation
from gui_agents.domain.actions import Type
from gui_agents.domain.model import Turn
from gui_agents.domain.weight import weight


def test_steps_are_kept_in_order():
    conversation = Conversation()
    turns = [Turn("do it", None, "", str(number)) for number in range(10)]
    for turn in turns:
        conversation.note(turn)
    assert conversation.turns == tuple(turns)


def test_a_model_that_types_much_fills_no_memory():
    conversation = Conversation()
    for number in range(500):
        conversation.note(Turn("do it", Type("x" * 10_000), "", str(number)))
        assert weight(conversation.turns) <= MAX_BYTES
    assert conversation.turns[-1].outcome == "499"
    assert 90 < len(conversation.turns) < 110
