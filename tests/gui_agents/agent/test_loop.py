import asyncio
from decimal import Decimal

import attrs
import pytest

from gui_agents.agent import loop
from gui_agents.agent.budget import Budget
from gui_agents.agent.conversation import Conversation
from gui_agents.agent.ledger import Ledger
from gui_agents.agent.loop import Episode
from gui_agents.domain.actions import AskUser, Click, Done, Fail, InvalidActionError, Type, Wait
from gui_agents.domain.lifecycle import FailureReason, TaskEvent
from gui_agents.domain.model import ModelError
from gui_agents.domain.model_settings import DEFAULT_SETTINGS, CoordinateSpace, ModelSettings, PictureFormat
from gui_agents.domain.sandbox import SandboxError, SandboxGoneError, TransientSandboxError, UnsupportedActionError
from gui_agents.domain.screen import Observation, Picture
from gui_agents.domain.usage import Usage
from tests.fakes import FakeClock, FixedPrices, ScriptedModel, ScriptedSandbox, a_price, a_screen, a_spec, new_state

NO_ACTION = InvalidActionError("that is no action")


class Stage:
    """A running task with everything that the loop needs."""

    def __init__(self, model, sandbox=None, *, prices=None, conversation=None, settings=DEFAULT_SETTINGS, **budget):
        self.clock = FakeClock()
        self.model = model
        self.sandbox = sandbox or ScriptedSandbox()
        self.state = new_state(self.clock)
        self.state.task_created("t", a_spec(), "accepted")
        self.state.task_started("t")
        self.ledger = Ledger("t", self.state, prices or FixedPrices())
        self.episode = Episode(
            instruction="do it",
            budget=Budget(**{"steps": 50, **budget}),
            deadline_monotonic_seconds=self.clock.monotonic() + 60,
            conversation=conversation or Conversation(),
            settings=settings,
        )

    async def run(self):
        return await loop.run(self.episode, self.sandbox, self.model, self.ledger, self.clock)

    @property
    def told(self):
        """The texts of the steps' messages."""
        messages = self.state.stream_taken(self.state.subscribed("t"))
        return [message.text for message in messages if message.stage == "step"]

    @property
    def statistics(self):
        return self.state.record("t").statistics


async def test_done_completes_with_its_message_as_the_result():
    stage = Stage(ScriptedModel(Click(1, 2), Done("89")))
    ending = await stage.run()
    assert (ending.event, ending.result, ending.reason) == (TaskEvent.COMPLETE, "89", None)
    assert ending.message == "completed in 2 steps"
    assert stage.sandbox.acted == [Click(1, 2)]


async def test_one_step_is_spelled_so():
    assert (await Stage(ScriptedModel(Done("x"))).run()).message == "completed in 1 step"


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (Fail("no such file"), "agent_gave_up: no such file"),
        (AskUser("which one?"), "agent_gave_up: the agent asks: which one?"),
    ],
)
async def test_giving_up_and_asking_fail_with_the_agents_words(action, message):
    stage = Stage(ScriptedModel(action))
    ending = await stage.run()
    assert (ending.event, ending.reason) == (TaskEvent.FAIL, FailureReason.AGENT_GAVE_UP)
    assert (ending.message, ending.result) == (message, action.message)
    assert stage.sandbox.acted == []


@pytest.mark.parametrize("steps", [1, 3])
async def test_the_step_limit_is_exact(steps):
    stage = Stage(ScriptedModel(then=Click(1, 1)), steps=steps)
    ending = await stage.run()
    assert ending.reason is FailureReason.STEP_LIMIT
    assert ending.message == f"step_limit: not done after {steps} steps, which is the limit"
    assert stage.ledger.steps == stage.statistics.steps == len(stage.sandbox.acted) == steps


async def test_the_last_allowed_step_may_finish():
    ending = await Stage(ScriptedModel(Click(1, 1), Done("in time")), steps=2).run()
    assert ending.result == "in time"


async def test_a_model_is_told_what_is_left():
    stage = Stage(ScriptedModel(Click(1, 1), Done("")), steps=7)
    stage.clock.advance(10)
    await stage.run()
    assert [(request.remaining.steps, request.remaining.seconds) for request in stage.model.requests] == [
        (7, 50.0),
        (6, 50.0),
    ]
    assert all(request.supported == stage.sandbox.supported for request in stage.model.requests)


async def test_time_that_is_over_is_not_negative():
    stage = Stage(ScriptedModel(Done("")))
    stage.clock.advance(100)
    await stage.run()
    assert stage.model.requests[0].remaining.seconds == 0.0


async def test_a_token_budget_ends_the_task_before_the_next_call():
    usage = Usage(60, 10, 40)
    stage = Stage(ScriptedModel(then=Click(1, 1), usage=usage), tokens=250)
    ending = await stage.run()
    assert ending.reason is FailureReason.BUDGET
    assert ending.message == "budget: 300 tokens were used; the limit is 250"
    assert len(stage.model.requests) == 3


async def test_a_cost_budget_ends_the_task_before_the_next_call():
    prices = FixedPrices({"scripted": a_price("10", "1", "20")})
    stage = Stage(ScriptedModel(then=Click(1, 1), usage=Usage(100, 0, 50)), prices=prices, cost=Decimal("0.004"))
    ending = await stage.run()
    assert ending.reason is FailureReason.BUDGET
    assert ending.message == "budget: 0.004000 was spent; the limit is 0.004"
    assert len(stage.model.requests) == 2


async def test_the_same_action_on_the_same_screen_is_stuck_at_the_fifth():
    stage = Stage(ScriptedModel(then=Click(1, 1)), ScriptedSandbox(screens=[a_screen("still")]))
    ending = await stage.run()
    assert ending.reason is FailureReason.STUCK
    assert ending.message == "stuck: the last 5 steps (click 5 times) led to nothing new on the screen"
    assert stage.ledger.steps == 5
    assert len(stage.sandbox.acted) == 4


async def test_a_screen_that_changes_is_not_stuck():
    stage = Stage(ScriptedModel(*[Click(1, 1)] * 20, Done("through")))
    assert (await stage.run()).result == "through"


async def test_the_model_is_nudged_once_before_it_ends():
    stage = Stage(ScriptedModel(then=Click(1, 1)), ScriptedSandbox(screens=[a_screen("still")]))
    await stage.run()
    notes = [request.note for request in stage.model.requests]
    assert notes[:3] + notes[4:] == [""] * 4
    assert notes[3].startswith("your last 3 steps (click 3 times) led to nothing new on the screen.")


async def test_three_answers_in_a_row_that_are_no_action_are_a_model_error():
    stage = Stage(ScriptedModel(then=NO_ACTION))
    ending = await stage.run()
    assert ending.reason is FailureReason.MODEL_ERROR
    assert ending.message == "model_error: 3 answers in a row were no action; that is no action"
    assert stage.ledger.steps == 3
    assert stage.sandbox.acted == []


async def test_a_valid_answer_starts_the_count_of_invalid_ones_anew():
    stage = Stage(ScriptedModel(NO_ACTION, NO_ACTION, Click(1, 1), NO_ACTION, NO_ACTION, Done("at last")))
    assert (await stage.run()).result == "at last"


async def test_invalid_answers_count_against_the_step_limit():
    assert (await Stage(ScriptedModel(then=NO_ACTION), steps=2).run()).reason is FailureReason.STEP_LIMIT


async def test_an_invalid_answer_is_told_to_the_model():
    stage = Stage(ScriptedModel(NO_ACTION, Done("")))
    await stage.run()
    turn = stage.model.requests[1].history[0]
    assert (turn.action, turn.outcome) == (None, "invalid: that is no action")


@pytest.mark.parametrize("error", [TransientSandboxError("no such app"), UnsupportedActionError("cannot do that")])
async def test_an_action_that_fails_is_told_to_the_model(error):
    stage = Stage(ScriptedModel(Click(1, 1), Click(2, 2), Done("")), ScriptedSandbox(error, "clicked"))
    await stage.run()
    assert [turn.outcome for turn in stage.model.requests[2].history] == [f"error: {error}", "clicked"]
    actions = stage.state.snapshot().sandboxes.actions
    assert (actions["click", "error"], actions["click", "ok"]) == (1, 1)


async def test_a_sandbox_that_is_gone_ends_the_loop():
    stage = Stage(ScriptedModel(Click(1, 1)), ScriptedSandbox(SandboxGoneError("killed")))
    with pytest.raises(SandboxGoneError):
        await stage.run()
    assert stage.state.snapshot().sandboxes.actions["click", "error"] == 1
    assert len(stage.told) == stage.statistics.steps == 1
    assert "error: killed" in stage.told[0]


async def test_a_sandbox_that_shows_nothing_ends_the_loop():
    stage = Stage(ScriptedModel(), ScriptedSandbox(screens=[SandboxGoneError("killed")]))
    with pytest.raises(SandboxGoneError):
        await stage.run()
    assert stage.statistics.steps == 0


async def test_a_model_that_cannot_decide_ends_the_loop():
    stage = Stage(ScriptedModel(ModelError("out of reach"), usage=Usage(5, 0, 0)))
    with pytest.raises(ModelError):
        await stage.run()
    assert (stage.statistics.steps, stage.statistics.input_tokens) == (0, 5)


async def test_a_cancel_reaches_the_call_in_flight():
    stage = Stage(ScriptedModel(asyncio.Event(), usage=Usage(5, 0, 0)))
    running = asyncio.create_task(stage.run())
    while not stage.model.requests:
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait([running])
    assert running.cancelled()
    assert stage.state.snapshot().models.requests["openai", "error"] == 1
    assert stage.statistics.input_tokens == 5


async def test_every_step_tells_one_message():
    model = ScriptedModel(Click(1, 2), NO_ACTION, Type("hello"), Wait(0.5), Done("89"))
    stage = Stage(model, ScriptedSandbox("clicked", TransientSandboxError("nothing has the focus"), "waited"))
    await stage.run()
    assert [text.removesuffix(" (0.0 s, 0 tokens, cost unknown)") for text in stage.told] == [
        "step 1: saw screen 1; decided click(x=1, y=2, button='left', count=1); because as scripted; clicked",
        "step 2: saw screen 2; decided no action; invalid: that is no action",
        "step 3: saw screen 3; decided type(text='hello'); because as scripted; error: nothing has the focus",
        "step 4: saw screen 4; decided wait(seconds=0.5); because as scripted; waited",
        "step 5: saw screen 5; decided done(message='89'); because as scripted",
    ]
    assert len(stage.told) == stage.ledger.steps == stage.statistics.steps


async def test_a_step_tells_how_long_it_took_and_what_it_used():
    clock = FakeClock()
    stage = Stage(ScriptedModel(Click(1, 2), Done("89"), usage=Usage(1000, 0, 5), clock=clock, seconds=61.5))
    stage.clock = clock
    await stage.run()
    assert [text.rpartition(" (")[2] for text in stage.told] == ["61.5 s, 1,005 tokens, cost unknown)"] * 2


async def test_what_was_seen_is_told_also_without_a_tree():
    screens = [
        Observation(800, 600, screenshot=Picture(b"1", 800, 600, PictureFormat.PNG)),
        Observation(1, 1, a_screen("").tree),
    ]
    stage = Stage(ScriptedModel(Click(0, 0)), ScriptedSandbox(screens=screens))
    await stage.run()
    assert stage.told[0].startswith("step 1: saw a screen of 800 x 600;")
    assert stage.told[1].startswith("step 2: saw the desktop;")


async def test_long_texts_are_cut_in_messages_only():
    stage = Stage(ScriptedModel(Type("x" * 5000), Done("y" * 5000)), ScriptedSandbox("z" * 5000))
    ending = await stage.run()
    assert len(ending.result) == 5000
    assert all(len(text) < 1000 for text in stage.told)


async def test_screenshots_are_taken_only_for_models_that_want_them():
    for wanted in (True, False):
        stage = Stage(ScriptedModel(Click(1, 1), takes_screenshots=wanted))
        await stage.run()
        assert stage.sandbox.asked_for_screenshots == [wanted, wanted]


def drawn(number):
    """Return a screen whose picture is raw pixels, as a sandbox that draws hands it over."""
    picture = Picture(bytes([number]) * (64 * 40 * 3), 64, 40, None)
    return attrs.evolve(a_screen(f"screen {number}", width=64, height=40), screenshot=picture)


async def test_a_model_gets_pictures_as_its_settings_say_and_sees_a_few_past_ones():
    settings = ModelSettings(picture_formats=(PictureFormat.PNG,), longest_side=32, history_pictures=2)
    stage = Stage(
        ScriptedModel((Click(1, 1), Click(2, 2)), NO_ACTION, Click(1, 1), Done("x"), takes_screenshots=True),
        ScriptedSandbox(screens=map(drawn, (1, 1, 3, 4, 5))),
        conversation=Conversation(pictures=settings.history_pictures),
    )
    stage.episode = attrs.evolve(stage.episode, settings=settings)
    await stage.run()
    pictures = [request.observation.screenshot for request in stage.model.requests]
    assert {(each.format, each.width, each.height) for each in pictures} == {(PictureFormat.PNG, 32, 20)}
    shown = [[turn.picture for turn in request.history] for request in stage.model.requests]
    assert shown == [
        [],
        [pictures[0], None],
        [pictures[0], None, pictures[1]],
        [None, None, pictures[1], pictures[2]],
    ]
    assert [turn.picture for turn in stage.episode.conversation.history.turns] == [None] * 5


async def test_a_model_is_told_what_its_coordinates_count():
    stage = Stage(ScriptedModel(Done("x")))
    stage.episode = attrs.evolve(stage.episode, settings=ModelSettings(coordinates=CoordinateSpace.UNIT))
    await stage.run()
    assert stage.model.requests[0].coordinates is CoordinateSpace.UNIT


async def test_a_picture_that_cannot_be_read_is_the_sandboxs_fault():
    broken = Observation(64, 40, screenshot=Picture(b"no picture", 64, 40, None))
    stage = Stage(ScriptedModel(Done("x"), takes_screenshots=True), ScriptedSandbox(screens=[broken]))
    with pytest.raises(SandboxError, match="cannot be read"):
        await stage.run()


async def test_an_invalid_answer_is_shown_back_as_it_was():
    stage = Stage(ScriptedModel(InvalidActionError("no", said="I click."), Done("")))
    await stage.run()
    assert stage.model.requests[1].history[0].said == "I click."


async def test_a_conversation_goes_on_where_it_ended():
    earlier = Stage(ScriptedModel(Click(1, 1), Done("first")))
    await earlier.run()
    conversation = earlier.episode.conversation
    later = Stage(ScriptedModel(Done("second")), conversation=conversation)
    await later.run()
    assert [turn.action for turn in later.model.requests[0].history] == [Click(1, 1), Done("first")]
    assert len(conversation.turns) == 3


async def test_the_time_of_each_phase_is_counted():
    clock = FakeClock()
    model = ScriptedModel(Click(1, 1), clock=clock, seconds=0.5)
    stage = Stage(model)
    stage.clock = clock
    stage.episode = Episode(
        instruction="", budget=Budget(5), deadline_monotonic_seconds=2000.0, conversation=Conversation()
    )
    await stage.run()
    phases = stage.state.snapshot().steps.phases
    assert (phases["decide"].sum, phases["decide"].count) == (1.0, 2)
    assert (phases["observe"].sum, phases["observe"].count) == (0.0, 2)
    assert (phases["act"].sum, phases["act"].count) == (0.0, 1)
