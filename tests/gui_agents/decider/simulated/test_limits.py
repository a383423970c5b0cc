"""What the rules do with anything at all: they end, clearly and soon."""

import random

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gui_agents.decider import RulesModel
from gui_agents.domain.actions import ActionName, Click, Done, Fail, OpenApp
from gui_agents.domain.model import DecisionRequest, Remaining, Turn
from gui_agents.domain.screen import Observation
from gui_agents.domain.usage import CallOutcome, Usage
from gui_agents.simulated import SimulatedSandbox
from tests.fakes import CallBook
from tests.gui_agents.decider.simulated.decider_driver import run
from tests.gui_agents.decider.simulated.test_wordings import WORDINGS

WORDS = (
    "open close press read set type write delete turn on off save as the a name email to in into with and then"
    " please file files notes calculator settings form 9 + - * = ( ) . , ; : ? ! \" ' “ ” `dark mode wi-fi volume"
    " readme.txt nosuch.txt how many what is check choose large wait 1000000 seconds scroll down enter ctrl+a % 80"
)

anything = st.one_of(
    st.text(max_size=200),
    st.lists(st.sampled_from(WORDS.split()), max_size=25).map(" ".join),
    st.lists(st.sampled_from([wording for wording, _ in WORDINGS]), min_size=1, max_size=3).map(", then ".join),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(instruction=anything)
async def test_any_text_ends_within_a_bounded_number_of_steps(instruction):
    ended = await run(instruction.replace("1000000", "0.001"), steps=1000)

    assert len(ended.calls) == len(ended.actions)


@pytest.mark.parametrize("instruction", ["", " ", "\n\t", "...", ", then ;", "and", "please", '""', "   and then   "])
async def test_empty_instruction_is_not_understood_in_one_step(instruction):
    ended = await run(instruction)

    assert (ended.completed, len(ended.actions)) == (False, 1)
    assert ended.answer.startswith("not understood: ")


@pytest.mark.parametrize(
    "instruction",
    [
        "a" * 10_000,
        "set " * 2_500,
        "type a into " * 800,
        "save " + "as " * 3_000,
        "press " + "9 " * 5_000,
        "open (" * 1_600,
        '"' * 10_000,
        "'a " * 3_000,
        "and then " * 1_100,
        "calculate " + "1+" * 5_000 + "1",
        "calculate " + "(" * 5_000,
        "delete readme.txt and " * 450,
        "in notes " * 1_100,
        " " * 10_000,
        "".join(random.Random(7).choices("abc ,.;'\"()\n", k=10_000)),
    ],
    ids=lambda text: text[:20],
)
async def test_huge_nonsense_changes_nothing(instruction):
    ended = await run(instruction, steps=60)

    assert not ended.completed
    assert len(ended.answer) < 700
    assert "readme.txt" in ended.state.files


async def test_nothing_is_done_before_every_clause_is_understood():
    ended = await run("Delete readme.txt, turn on dark mode, and paint the house green")

    assert ended.actions == (Fail("not understood: paint the house green"),)


async def test_do_nothing_ends_in_exactly_one_step():
    ended = await run("Do nothing")

    assert ended.actions == (Done("There was nothing to do."),)


async def test_every_decision_is_reported_as_one_call_without_tokens():
    ended = await run("Open Settings and turn on dark mode")

    assert len(ended.calls) == len(ended.actions) == 3
    assert {(call.provider, call.model, call.outcome, call.usage) for call in ended.calls} == {
        ("builtin", "builtin/rules", CallOutcome.OK, Usage(0, 0, 0))
    }
    assert all(call.duration_seconds >= 0 for call in ended.calls)


async def test_continued_conversation_finds_the_desktop_as_it_was_left():
    sandbox = SimulatedSandbox()
    await sandbox.open()
    first = await run('Open Notes and write "milk"', sandbox=sandbox)
    history = tuple(Turn('Open Notes and write "milk"', action, "", "done") for action in first.actions)

    second = await run("Save it as list.txt", sandbox=sandbox, history=history)

    assert second.completed
    assert second.state.files["list.txt"] == "milk"


async def test_dialog_left_open_by_an_earlier_task_is_cancelled_first():
    sandbox = SimulatedSandbox()
    await sandbox.open()
    await run("Open Files, select readme.txt, press Delete", sandbox=sandbox)

    ended = await run("Delete todo.txt", sandbox=sandbox)

    assert ended.completed
    assert "readme.txt" in ended.state.files
    assert "todo.txt" not in ended.state.files


async def test_apps_are_opened_from_the_taskbar_where_open_app_is_not_supported():
    sandbox = SimulatedSandbox()
    await sandbox.open()
    observation = await sandbox.observe(screenshot=False)
    supported = sandbox.supported - {ActionName.OPEN_APP}
    request = DecisionRequest("Open Files", observation, (), Remaining(50, 60.0), supported)

    decision = await RulesModel().decide(request, CallBook())
    await sandbox.act(decision.actions[0])

    assert isinstance(decision.actions[0], Click)
    assert sandbox.state().windows == ("Files",)


async def test_a_sandbox_that_does_not_do_what_it_is_told_is_noticed():
    sandbox = SimulatedSandbox()
    await sandbox.open()
    request = DecisionRequest(
        "Open Files", await sandbox.observe(screenshot=False), (), Remaining(50, 60.0), sandbox.supported
    )
    model = RulesModel()

    first = await model.decide(request, CallBook())
    second = await model.decide(request, CallBook())

    assert first.actions[0] == OpenApp("Files")
    assert second.actions[0] == Fail("not possible: Files does not open")


async def test_sandbox_without_accessibility_tree_is_refused():
    request = DecisionRequest("Open Files", Observation(1280, 720), (), Remaining(50, 60.0), frozenset())

    decision = await RulesModel().decide(request, CallBook())

    assert isinstance(decision.actions[0], Fail)
    assert "accessibility tree" in decision.actions[0].message


async def test_text_longer_than_one_type_action_is_typed_in_parts():
    text = "ab " * 5_000

    ended = await run(f'Open Notes, write "{text}" and save as long.txt')

    assert ended.state.files["long.txt"] == text
    assert attrs.asdict(ended.state)["dialog"] is None
