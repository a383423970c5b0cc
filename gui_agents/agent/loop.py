"""The agent loop: observe, decide, act, until the model says that it is done or a limit is reached.

The runner enforces the deadline and a cancel: it ends the task at once and cancels this coroutine wherever it waits.
Everything that happens is reported to the ledger when it happens.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import attrs

from gui_agents.agent.budget import Budget, Repetition
from gui_agents.agent.conversation import Conversation
from gui_agents.agent.ledger import Ledger
from gui_agents.domain import actions
from gui_agents.domain.action_json import to_json
from gui_agents.domain.actions import Action, InvalidActionError
from gui_agents.domain.clock import Clock
from gui_agents.domain.lifecycle import Ending, FailureReason, TaskEvent
from gui_agents.domain.model import DecisionRequest, Model, Remaining, Turn
from gui_agents.domain.model_settings import DEFAULT_SETTINGS, ModelSettings
from gui_agents.domain.sandbox import Sandbox, SandboxError, TransientSandboxError, UnsupportedActionError
from gui_agents.domain.screen import Element, Observation
from gui_agents.pictures.studio import Studio

MAX_INVALID: Final = 3
"""Number of invalid answers in a row after which the task fails."""

MAX_TOLD: Final = 300
"""Maximum characters of an action and of an outcome in a stream message."""


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


async def run(episode: Episode, sandbox: Sandbox, model: Model, ledger: Ledger, clock: Clock) -> Ending:
    """Run one task to its end, and return how it ended.

    Raises:
        ModelError: the model cannot decide.
        SandboxError: the sandbox is gone, or broke.
    """
    repetition = Repetition()
    invalid = 0
    while True:
        end_if_cancelled()
        ended = episode.budget.exceeded(ledger)
        if ended is not None:
            return ended
        began = clock.monotonic()
        observation = await _seen_by(episode, sandbox, model)
        seen = clock.monotonic()
        end_if_cancelled()
        try:
            decision = await model.decide(_request(episode, sandbox, ledger, clock, observation), ledger)
        except InvalidActionError as error:
            ledger.decided(seen - began, clock.monotonic() - seen)
            invalid += 1
            _note(
                episode,
                ledger,
                clock.monotonic() - began,
                observation,
                Turn(episode.instruction, None, "", f"invalid: {error.problem}"),
            )
            if invalid == MAX_INVALID:
                return _failed(FailureReason.MODEL_ERROR, f"{invalid} answers in a row were no action; {error.problem}")
            continue
        ledger.decided(seen - began, clock.monotonic() - seen)
        invalid = 0
        end_if_cancelled()
        ended = _verdict(decision.actions[0], ledger.steps) or repetition.stuck(decision.actions[0], observation)
        turn = Turn(episode.instruction, decision.actions[0], decision.rationale, "")
        if ended is None:
            try:
                turn = attrs.evolve(turn, outcome=await _act(sandbox, decision.actions[0], ledger, clock))
            except SandboxError as error:
                _note(
                    episode,
                    ledger,
                    clock.monotonic() - began,
                    observation,
                    attrs.evolve(turn, outcome=f"error: {error}"),
                )
                raise
        _note(episode, ledger, clock.monotonic() - began, observation, turn)
        if ended is not None:
            return ended


def is_cancelled() -> bool:
    """Return whether the current asyncio task was cancelled, even if a sandbox or a model ignored the cancel."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def end_if_cancelled() -> None:
    """End the current asyncio task here if a sandbox or a model has ignored its cancel.

    Raises:
        CancelledError: it was cancelled.
    """
    if is_cancelled():
        raise asyncio.CancelledError


async def _seen_by(episode: Episode, sandbox: Sandbox, model: Model) -> Observation:
    """Return what the screen shows, its picture as the model takes it."""
    observation = await sandbox.observe(screenshot=model.takes_screenshots)
    if observation.screenshot is None:
        return observation
    return attrs.evolve(observation, screenshot=await episode.studio.ready(observation.screenshot, episode.settings))


def _request(
    episode: Episode, sandbox: Sandbox, ledger: Ledger, clock: Clock, observation: Observation
) -> DecisionRequest:
    remaining = Remaining(
        steps=episode.budget.steps - ledger.steps,
        seconds=max(0.0, episode.deadline_monotonic_seconds - clock.monotonic()),
    )
    return DecisionRequest(episode.instruction, observation, episode.conversation.turns, remaining, sandbox.supported)


async def _act(sandbox: Sandbox, action: Action, ledger: Ledger, clock: Clock) -> str:
    began = clock.monotonic()
    ok = False
    try:
        outcome = await sandbox.act(action)
        ok = True
    except (TransientSandboxError, UnsupportedActionError) as error:
        outcome = f"error: {error}"
    finally:
        ledger.acted(action.name, clock.monotonic() - began, ok=ok)
    return outcome


def _verdict(action: Action, steps: int) -> Ending | None:
    match action:
        case actions.Done(message):
            return Ending(event=TaskEvent.COMPLETE, message=f"completed in {_count(steps, 'step')}", result=message)
        case actions.Fail(message):
            return _failed(FailureReason.AGENT_GAVE_UP, message, result=message)
        case actions.AskUser(message):
            return _failed(FailureReason.AGENT_GAVE_UP, f"the agent asks: {message}", result=message)
        case _:
            return None


def _failed(reason: FailureReason, message: str, *, result: str = "") -> Ending:
    return Ending(event=TaskEvent.FAIL, reason=reason, message=f"{reason}: {message}", result=result)


def _note(episode: Episode, ledger: Ledger, seconds: float, observation: Observation, turn: Turn) -> None:
    episode.conversation.note(turn)
    decided = "no action" if turn.action is None else _brief(turn.action)
    told = [f"saw {_seen(observation)}", f"decided {decided}"]
    if turn.rationale:
        told.append(f"because {turn.rationale}")
    if turn.outcome:
        told.append(turn.outcome[:MAX_TOLD])
    ledger.told("; ".join(told), seconds)


def _seen(observation: Observation) -> str:
    if observation.tree is None:
        return f"a screen of {observation.width} x {observation.height}"
    windows = _windows(observation.tree.children)
    return ", ".join(windows) if windows else observation.tree.name


def _windows(elements: Sequence[Element]) -> list[str]:
    return [element.name for element in elements if element.role in ("window", "dialog") and element.name]


def _brief(action: Action) -> str:
    fields = to_json(action)
    name = fields.pop("action")
    shown = ", ".join(f"{key}={value!r}" for key, value in fields.items())
    text = f"{name}({shown})"
    return text if len(text) <= MAX_TOLD else f"{text[:MAX_TOLD]}…"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
