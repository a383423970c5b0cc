from itertools import pairwise

import attrs
import pytest

from gui_agents.domain.actions import Click, Type
from gui_agents.domain.model import Turn
from gui_agents.domain.model_settings import ModelSettings
from gui_agents.models.native.transcript import LEAST, MAX_DEPTH, Answer, Call, Transcript
from tests.gui_agents.models.observed import PNG, request

SETTINGS = ModelSettings()
CLICK = Click(1, 2)


def call(name="c", count=1, *, native=True):
    return Call(call_id=name, native=native, count=count)


def answer(*actions, calls=None, content=({"type": "text", "text": "I click."},)):
    return Answer(content=content, calls=[call()] if calls is None else calls, actions=actions)


class Talk:
    """A conversation in which each answer is followed by its turns, as the loop notes them."""

    def __init__(self, settings=SETTINGS, **asked):
        self.transcript = Transcript(settings)
        self.settings = settings
        self.asked = {"screenshot": PNG, **asked}
        self.history = []

    def ask(self, **asked):
        return self.transcript.ask(request(**{**self.asked, "history": self.history, **asked}), self.settings)

    def step(self, given=None, *outcomes):
        """Ask, and take an answer whose actions have these outcomes."""
        given = answer(CLICK) if given is None else given
        self.ask()
        self.transcript.answered(given)
        for action, outcome in zip(given.actions, outcomes or ["ok"] * len(given.actions), strict=False):
            self.history.append(Turn("Save the note", action, "", outcome))

    def results(self):
        self.ask()
        return [(result.text, result.failed) for result in self.transcript.rounds[-1].results]


def test_a_conversation_begins_with_the_task():
    talk = Talk()
    talk.ask()
    assert (talk.transcript.opening, talk.transcript.rounds) == ("Task: Save the note", [])


def test_each_answer_is_kept_with_what_was_shown_and_its_results():
    talk = Talk()
    talk.step(answer(CLICK, Type("a"), calls=[call("a"), call("b")]), "clicked", "typed")
    talk.ask(screenshot=attrs.evolve(PNG, data=PNG.data + b"later"))
    (kept,) = talk.transcript.rounds
    assert [(result.call.call_id, result.text, result.failed) for result in kept.results] == [
        ("a", "clicked", False),
        ("b", "typed", False),
    ]
    assert kept.screen.picture != talk.transcript.screen.picture


@pytest.mark.parametrize(
    ("calls", "outcomes", "results"),
    [
        ([call("a", 2)], ("ok", "fine"), [("ok\nfine", False)]),
        ([call("a", 0), call("b", 2)], ("ok", "fine"), [("OK", False), ("ok\nfine", False)]),
        ([call("a"), call("b")], ("error: no", "not carried out: x"), [("error: no", True), ("NOT", True)]),
        ([call("a"), call("b", native=False)], ("error: no", "fine"), [("error: no", True), ("fine", False)]),
        ([call("a"), call("b")], ("ok",), [("ok", False), ("NOT", True)]),
        ([call("a", 2), call("b", 0)], ("ok",), [("ok", True), ("NOT", True)]),
        ([], ("ok", "fine"), [("ok\nfine", False)]),
    ],
)
def test_each_call_gets_what_came_of_its_actions(calls, outcomes, results):
    talk = Talk()
    talk.step(answer(CLICK, CLICK, calls=calls), *outcomes)
    halted = "Not executed: an earlier computer action in this turn failed."
    assert [(text.replace(halted, "NOT"), failed) for text, failed in talk.results()] == results


def test_all_calls_of_an_invalid_answer_get_its_problem():
    talk = Talk()
    talk.ask()
    talk.transcript.answered(answer(calls=[call("a"), call("b")]))
    talk.history.append(Turn("Save the note", None, "", "invalid: no such button"))
    assert talk.results() == [("invalid: no such button", True)] * 2


@pytest.mark.parametrize("history", [[], [Turn("t", Click(5, 5), "", "ok")], [Turn("t", None, "", "invalid: no")]])
def test_with_a_history_that_does_not_fit_it_begins_anew(history):
    talk = Talk()
    talk.step()
    talk.step()
    talk.ask(history=history)
    assert talk.transcript.rounds == []
    assert talk.transcript.opening.endswith("Task: Save the note")


def test_what_was_forgotten_by_the_history_is_no_reason_to_begin_anew():
    talk = Talk()
    for _ in range(3):
        talk.step()
        talk.history = talk.history[-1:]
    talk.ask()
    assert len(talk.transcript.rounds) == 3


def test_other_settings_begin_anew_and_tell_in_words_what_was_done():
    talk = Talk()
    talk.step()
    talk.settings = attrs.evolve(SETTINGS, tools=False)
    talk.ask()
    assert talk.transcript.rounds == []
    assert '"action": "click"' in talk.transcript.opening


def test_an_answer_that_is_too_deep_for_a_request_is_not_kept():
    for depth, kept in {MAX_DEPTH - 5: 1, MAX_DEPTH + 5: 0, 5_000: 0}.items():
        talk = Talk()
        talk.step(answer(CLICK, content=[{"type": "tool_use", "input": nested(depth)}]))
        talk.ask()
        assert len(talk.transcript.rounds) == kept


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


def lengths(talk, steps, given=None):
    """Return how many answers each question has sent back."""
    found = []
    for _ in range(steps):
        talk.step(given)
        found.append(len(talk.transcript.rounds))
    return found


def test_old_pictures_leave_together():
    assert lengths(Talk(), 24) == [*range(LEAST + 1), *range(LEAST + 1), 0, 1]
    few = attrs.evolve(SETTINGS, history_pictures=2)
    assert lengths(Talk(few), 14) == [*range(LEAST + 1), 2, 3, 4]
    many = attrs.evolve(SETTINGS, history_pictures=16)
    assert lengths(Talk(many), 20) == [*range(17), 8, 9, 10]


def test_without_pictures_old_turns_leave_together():
    few = attrs.evolve(SETTINGS, pictures=False, history_turns=3)
    assert max(lengths(Talk(few), 40)) == LEAST


def test_long_texts_leave_so_that_there_is_room_for_more():
    few = attrs.evolve(SETTINGS, history_pictures=50, history_characters=10_000)
    talk = Talk(few)
    long = answer(CLICK, content=[{"type": "text", "text": "x" * 1000}])
    found = lengths(talk, 30, long)
    assert 5 <= max(found) <= 9
    assert {later for earlier, later in pairwise(found) if later < earlier} <= {1, 2}


def test_large_pictures_leave_before_a_request_is_too_large_for_any_endpoint():
    talk = Talk(attrs.evolve(SETTINGS, history_pictures=50), screenshot=attrs.evolve(PNG, data=PNG.data + bytes(2**20)))
    found = lengths(talk, 12)
    assert max(found) == 5
    assert {later for earlier, later in pairwise(found) if later < earlier} == {2}


def test_the_opening_of_a_long_history_is_bounded():
    few = attrs.evolve(SETTINGS, history_turns=3, history_characters=500)
    talk = Talk(few)
    talk.history = [Turn("Save the note", Type(f"text {number}"), "why" * 10, "ok") for number in range(40)]
    talk.ask()
    assert "text 39" in talk.transcript.opening
    assert "text 36" not in talk.transcript.opening
    assert "37 earlier steps are left out" in talk.transcript.opening
    assert len(talk.transcript.opening) < 800
