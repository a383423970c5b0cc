"""An answer with several actions: each is carried out, counted and told, until the screen is not what was expected."""

import asyncio

import attrs
import pytest

from gui_agents.agent.answer import MAX_ACTIONS
from gui_agents.agent.loop import MAX_DECIDED
from gui_agents.domain.actions import Click, Done, Fail, Key, OpenApp, Type, Wait
from gui_agents.domain.lifecycle import FailureReason
from gui_agents.domain.sandbox import SandboxGoneError, TransientSandboxError
from gui_agents.domain.screen import Bounds, Element, Observation
from gui_agents.simulated.sandbox import SimulatedSandbox
from tests.fakes import ScriptedModel, ScriptedSandbox, a_screen
from tests.gui_agents.agent.test_loop import Stage

CLICK, TYPE, ENTER = Click(1, 2), Type("hello"), Key(("enter",))
STILL = a_screen("Notes")


def outcomes(stage, number=-1):
    return [(turn.action, turn.outcome) for turn in stage.model.requests[number].history]


def with_dialog(title="Save?"):
    dialog = Element("dialog", title, Bounds(400, 300, 200, 100), states=frozenset({"modal"}))
    window = attrs.evolve(STILL.tree.children[0], children=(dialog,))
    return attrs.evolve(STILL, tree=attrs.evolve(STILL.tree, children=(window,)))


async def run(*script, screens=(STILL,), acted=()):
    stage = Stage(ScriptedModel(*script), ScriptedSandbox(*acted, screens=screens))
    stage.ending = await stage.run()
    return stage


async def test_actions_are_carried_out_in_order_and_counted_and_a_step_is_one_decision():
    stage = await run((CLICK, TYPE, ENTER), Done("saved"), acted=["clicked", "typed", "pressed"])
    assert stage.sandbox.acted == [CLICK, TYPE, ENTER]
    assert outcomes(stage) == [(CLICK, "clicked"), (TYPE, "typed"), (ENTER, "pressed")]
    assert (stage.ledger.steps, stage.ending.message) == (2, "completed in 2 steps")
    actions = stage.state.snapshot().sandboxes.actions
    assert [actions[name, "ok"] for name in ("click", "type", "key")] == [1, 1, 1]


async def test_only_the_first_turn_has_the_reason():
    stage = await run((CLICK, TYPE), Done("saved"))
    assert [turn.rationale for turn in stage.model.requests[-1].history] == ["as scripted", ""]


async def test_each_action_is_told():
    stage = await run((CLICK, TYPE, ENTER), Done("x"), acted=["clicked", TransientSandboxError("no focus")])
    assert [text.partition(" (0.0 s, ")[0] for text in stage.told[:3]] == [
        "step 1: saw Notes; decided click(x=1, y=2, button='left', count=1) (1 of 3); because as scripted; clicked",
        "step 1: then type(text='hello') (2 of 3); error: no focus",
        "step 1: 1 more not carried out (key): the action before it failed",
    ]


async def test_the_screen_is_looked_at_between_actions_without_a_picture():
    stage = await run((CLICK, TYPE), Done("x"))
    assert stage.sandbox.asked_for_screenshots == [False] * 3
    pictures = Stage(ScriptedModel((CLICK, TYPE), Done("x"), takes_screenshots=True))
    await pictures.run()
    assert pictures.sandbox.asked_for_screenshots == [True, False, True]


@pytest.mark.parametrize(
    ("screens", "why"),
    [
        ([STILL, with_dialog()], "a dialog came: 'Save?'"),
        ([with_dialog("Save?"), with_dialog("Replace?")], "a dialog came: 'Replace?'"),
        ([STILL, a_screen("Notes", height=800)], "the screen has another size now, 1280 x 800"),
        ([Observation(800, 600), Observation(600, 800)], "the screen has another size now, 600 x 800"),
    ],
)
async def test_a_screen_that_cannot_be_expected_drops_the_rest(screens, why):
    stage = await run((CLICK, TYPE, ENTER), Done("x"), screens=screens)
    assert stage.sandbox.acted == [CLICK]
    assert outcomes(stage) == [(CLICK, "ok"), (TYPE, f"not carried out: {why}"), (ENTER, f"not carried out: {why}")]


def two_windows():
    other = Element("window", "Updater", Bounds(100, 100, 300, 200))
    return attrs.evolve(STILL, tree=attrs.evolve(STILL.tree, children=(*STILL.tree.children, other)))


async def test_another_window_drops_the_rest():
    stage = await run((CLICK, TYPE), Done("x"), screens=[STILL, two_windows()])
    assert outcomes(stage)[-1] == (TYPE, "not carried out: another window came: 'Updater'")


@pytest.mark.parametrize(
    "screens",
    [
        [STILL],
        [STILL, a_screen("*Notes")],
        [with_dialog(), STILL],
        [with_dialog(), with_dialog()],
        [two_windows(), STILL],
        [Observation(800, 600)],
    ],
)
async def test_what_an_action_may_well_do_drops_nothing(screens):
    stage = await run((CLICK, TYPE), Done("x"), screens=screens)
    assert stage.sandbox.acted == [CLICK, TYPE]


async def test_the_window_of_an_app_that_was_opened_is_expected_from_then_on():
    stage = await run((OpenApp("Updater"), TYPE, ENTER), Done("x"), screens=[STILL, two_windows()])
    assert stage.sandbox.acted == [OpenApp("Updater"), TYPE, ENTER]


async def test_a_claim_to_be_done_counts_only_if_all_before_it_went_well():
    stage = await run((CLICK, Done("saved")), Fail("no"), acted=[TransientSandboxError("missed")])
    assert (stage.ending.reason, stage.ledger.steps) == (FailureReason.AGENT_GAVE_UP, 2)
    assert outcomes(stage)[-1] == (Done("saved"), "not carried out: the action before it failed")


async def test_what_follows_the_end_is_dropped():
    stage = await run((CLICK, Done("89"), TYPE))
    assert (stage.ending.result, stage.sandbox.acted) == ("89", [CLICK])
    assert stage.episode.conversation.turns[-1].outcome == "not carried out: done ends the task"
    assert stage.told[-1].startswith("step 1: 1 more not carried out (type): done ends the task")


async def test_an_action_that_leaves_the_screen_drops_itself_and_the_rest():
    stage = await run((CLICK, Click(5000, 1), TYPE), Done("x"))
    assert stage.sandbox.acted == [CLICK]
    assert [outcome for _, outcome in outcomes(stage)] == [
        "ok",
        "not carried out: click.x=5000 leaves the screen (0 to 1279)",
        "not carried out: the action before it failed",
    ]


@pytest.mark.parametrize(
    ("decided", "problem"),
    [
        ((Click(5000, 1), TYPE), "click.x=5000 leaves the screen (0 to 1279)"),
        ((Click(1, -1),), "click.y=-1 leaves the screen (0 to 719)"),
        ((), "an answer must have 1 to 20 actions, not 0"),
        ((CLICK,) * (MAX_DECIDED + 1), f"an answer must have 1 to 20 actions, not {MAX_DECIDED + 1}"),
    ],
)
async def test_an_answer_that_cannot_even_begin_is_invalid(decided, problem):
    stage = await run(decided, Done("x"))
    assert stage.sandbox.acted == []
    assert outcomes(stage) == [(None, f"invalid: {problem}")]


async def test_an_action_that_the_sandbox_does_not_have_is_invalid():
    stage = Stage(ScriptedModel(TYPE), ScriptedSandbox(supported=frozenset({CLICK.name})))
    await stage.run()
    assert outcomes(stage) == [(None, "invalid: type is no action of this sandbox")]


async def test_a_long_answer_is_carried_out_up_to_its_bound():
    stage = await run(tuple(Click(number, 1) for number in range(MAX_ACTIONS + 5)), Done("x"))
    assert len(stage.sandbox.acted) == MAX_ACTIONS
    assert [outcome for _, outcome in outcomes(stage)][-5:] == ["not carried out: an answer may have 20 actions"] * 5


async def test_a_sandbox_that_is_gone_ends_the_loop_in_the_middle():
    stage = Stage(ScriptedModel((CLICK, TYPE, ENTER)), ScriptedSandbox("ok", SandboxGoneError("killed")))
    with pytest.raises(SandboxGoneError):
        await stage.run()
    assert stage.sandbox.acted == [CLICK, TYPE]
    assert "error: killed" in stage.told[-1]


async def test_a_cancel_ends_an_answer_within_an_action_and_between_two():
    stage = Stage(ScriptedModel((CLICK, TYPE, ENTER)), ScriptedSandbox("ok", asyncio.Event()))
    running = asyncio.create_task(stage.run())
    while len(stage.sandbox.acted) < 2:
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait([running])
    assert running.cancelled()
    assert stage.sandbox.acted == [CLICK, TYPE]
    assert stage.state.snapshot().sandboxes.actions["type", "error"] == 1


class Stubborn(ScriptedSandbox):
    """Its actions swallow a cancel."""

    async def act(self, action):
        try:
            return await super().act(action)
        except asyncio.CancelledError:
            return "done all the same"


async def test_a_cancel_that_an_action_swallows_ends_the_answer_before_the_next_one():
    stage = Stage(ScriptedModel((CLICK, TYPE)), Stubborn(asyncio.Event()))
    running = asyncio.create_task(stage.run())
    while not stage.sandbox.acted:
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait([running])
    assert running.cancelled()
    assert stage.sandbox.acted == [CLICK]


async def test_on_the_simulated_desktop_a_dialog_stops_what_was_meant_for_the_window():
    sandbox = SimulatedSandbox()
    await sandbox.open()
    await sandbox.act(OpenApp("Files"))
    before = sandbox.state().files
    select = Click(500, 170)
    stage = Stage(ScriptedModel((select, Key(("delete",)), ENTER, Wait(1.0)), Done("x")), sandbox)
    await stage.run()
    assert sandbox.state().dialog is not None
    assert sandbox.state().files == before
    assert "not carried out: a dialog came" in outcomes(stage)[2][1]
