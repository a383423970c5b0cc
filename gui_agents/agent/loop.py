"""The agent loop: observe, decide, act, until the model says that it is done or a limit is reached.

The runner enforces the deadline and a cancel: it ends the task at once and cancels this coroutine wherever it waits.
Everything that happens is reported to the ledger when it happens.
"""

from collections.abc import Awaitable, Callable
from typing import Final

import attrs

from gui_agents.agent.answer import MAX_ACTIONS, Answer
from gui_agents.agent.budget import Budget
from gui_agents.agent.cancellation import end_if_cancelled
from gui_agents.agent.conversation import Conversation
from gui_agents.agent.expectation import problem
from gui_agents.agent.ledger import Ledger
from gui_agents.agent.stuck import Effects
from gui_agents.agent.telling import first_told
from gui_agents.domain import actions
from gui_agents.domain.actions import Action, InvalidActionError
from gui_agents.domain.clock import Clock
from gui_agents.domain.lifecycle import Ending, FailureReason, TaskEvent, failure
from gui_agents.domain.model import Decision, DecisionRequest, Model, Remaining, Turn
from gui_agents.domain.model_settings import DEFAULT_SETTINGS, ModelSettings
from gui_agents.domain.sandbox import Sandbox
from gui_agents.domain.screen import Observation
from gui_agents.pictures.recording import NO_RECORDING, Recording
from gui_agents.pictures.studio import Studio

MAX_INVALID: Final = 3
"""Number of invalid answers in a row after which the task fails."""
MAX_DECIDED: Final = 5 * MAX_ACTIONS
"""An answer with more actions is none: it would fill the history with what was not carried out."""

INVALID: Final = "invalid: "
"""How the outcome of an answer begins that is no action."""


async def _at_once() -> None:
    pass


@attrs.frozen(kw_only=True)
class Episode:
    """One task, as the loop needs it."""

    instruction: str
    budget: Budget
    deadline_monotonic_seconds: float
    conversation: Conversation
    settings: ModelSettings = DEFAULT_SETTINGS
    """How the model is asked."""
    studio: Studio = attrs.field(factory=Studio)
    """Makes the pictures that the model gets."""
    recording: Recording = NO_RECORDING
    """Takes the pictures of the screens that steps were decided on."""
    recorded: Callable[[], Awaitable[None]] = _at_once
    """Waits until it is on disk that the task runs: after a crash, what may have been done is not done again."""


async def run(episode: Episode, sandbox: Sandbox, model: Model, ledger: Ledger, clock: Clock) -> Ending:
    """Run one task to its end, and return how it ended.

    Raises:
        ModelError: the model cannot decide, or refuses.
        BudgetExhaustedError: the next call of the model has no room in a budget.
        SandboxError: the sandbox is gone, or broke.
    """
    effects = Effects(episode.studio)
    note, invalid = "", 0
    while True:
        end_if_cancelled()
        ended = episode.budget.exceeded(ledger)
        if ended is not None:
            return ended
        began = clock.monotonic()
        observation, picture = await _seen_by(episode, sandbox, model, ledger.steps + 1)
        seen = clock.monotonic()
        end_if_cancelled()
        episode.conversation.masking.saw(observation)
        try:
            remaining = _remaining(episode, ledger, seen)
            decision = await model.decide(_request(episode, sandbox, observation, remaining, note), ledger)
            _check(decision, observation, sandbox)
        except InvalidActionError as error:
            ledger.decided(seen - began, clock.monotonic() - seen)
            invalid += 1
            problem = _note_invalid(episode, ledger, clock.monotonic() - began, (observation, picture), error)
            if invalid == MAX_INVALID:
                return failure(FailureReason.MODEL_ERROR, f"{invalid} answers in a row were no action; {problem}")
            continue
        ledger.decided(seen - began, clock.monotonic() - seen)
        invalid = 0
        end_if_cancelled()
        answer = Answer(
            instruction=episode.instruction,
            decision=decision,
            observation=observation,
            began_monotonic_seconds=began,
            conversation=episode.conversation,
            sandbox=sandbox,
            ledger=ledger,
            clock=clock,
            picture=picture,
        )
        verdict = await effects.judge(decision.actions, observation)
        if verdict.ending is not None:
            answer.give_up()
            return verdict.ending
        note = verdict.note
        if decision.actions[0].name in actions.SANDBOX_ACTIONS:
            await episode.recorded()
            end_if_cancelled()
        last = await answer.carry_out()
        if last is not None:
            return _ending(last, ledger.steps)


async def _seen_by(episode: Episode, sandbox: Sandbox, model: Model, step: int) -> tuple[Observation, str | None]:
    """Return what the screen shows, its picture as the model takes it, and the name of the picture that is recorded."""
    only_recorded = episode.recording.every_step and not model.takes_screenshots
    observation = await sandbox.observe(screenshot=model.takes_screenshots or only_recorded)
    picture = observation.screenshot
    if picture is None:
        return observation, None
    if only_recorded:
        # Neither the model nor the comparison of screens shall see what the model does not take.
        return attrs.evolve(observation, screenshot=None), episode.recording.saw(step, picture)
    picture = await episode.studio.ready(picture, episode.settings)
    return attrs.evolve(observation, screenshot=picture), episode.recording.saw(step, picture)


def _remaining(episode: Episode, ledger: Ledger, now_monotonic_seconds: float) -> Remaining:
    return Remaining(
        steps=episode.budget.steps - ledger.steps,
        seconds=max(0.0, episode.deadline_monotonic_seconds - now_monotonic_seconds),
    )


def _request(
    episode: Episode, sandbox: Sandbox, observation: Observation, remaining: Remaining, note: str
) -> DecisionRequest:
    return DecisionRequest(
        instruction=episode.instruction,
        observation=observation,
        history=episode.conversation.turns,
        remaining=remaining,
        supported=sandbox.supported,
        coordinates=episode.settings.coordinates,
        note=note,
    )


def _check(decision: Decision, observation: Observation, sandbox: Sandbox) -> None:
    """Check that something of a decision can be carried out, and that it is no flood.

    Raises:
        InvalidActionError: it cannot, or it is.
    """
    if not 1 <= len(decision.actions) <= MAX_DECIDED:
        raise InvalidActionError(f"an answer must have 1 to {MAX_ACTIONS} actions, not {len(decision.actions)}")
    wrong = problem(decision.actions[0], observation, sandbox.supported)
    if wrong is not None:
        raise InvalidActionError(wrong)


def _note_invalid(
    episode: Episode,
    ledger: Ledger,
    seconds: float,
    seen: tuple[Observation, str | None],
    error: InvalidActionError,
) -> str:
    """Record an answer that is no action, and return what was wrong as it may be told."""
    observation, picture = seen
    turn = Turn(episode.instruction, None, "", f"{INVALID}{error.problem}", error.said)
    told = episode.conversation.masking.invalid(turn)
    episode.conversation.note(turn, observation.screenshot, told=told)
    ledger.told(first_told(told, observation, ""), seconds, told, picture)
    return told.outcome.removeprefix(INVALID)


def _ending(action: Action, steps: int) -> Ending:
    """Return how a task ends by an action that ends it."""
    match action:
        case actions.Fail(message):
            return failure(FailureReason.AGENT_GAVE_UP, message, result=message)
        case actions.AskUser(message):
            return failure(FailureReason.AGENT_GAVE_UP, f"the agent asks: {message}", result=message)
        case actions.Done(message):
            return Ending(event=TaskEvent.COMPLETE, message=f"completed in {_count(steps, 'step')}", result=message)
    raise AssertionError(f"{action.name} ends no task")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
