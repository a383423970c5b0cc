"""Carries out one answer of a model: its actions in order, for as long as the screen is what the model expects.

What is not carried out is told to the model, one turn for each action, and dropped: it decides anew on what it sees.
"""

from collections.abc import Sequence
from typing import Final

import attrs

from gui_agents.agent.cancellation import end_if_cancelled
from gui_agents.agent.conversation import Conversation
from gui_agents.agent.expectation import Outlook, problem
from gui_agents.agent.ledger import Ledger
from gui_agents.agent.telling import dropped_told, first_told, next_told
from gui_agents.domain.actions import TERMINAL_ACTIONS, Action
from gui_agents.domain.clock import Clock
from gui_agents.domain.model import Decision, Turn
from gui_agents.domain.sandbox import Sandbox, SandboxError, TransientSandboxError, UnsupportedActionError
from gui_agents.domain.screen import Observation

MAX_ACTIONS: Final = 20
"""Of one answer that are carried out."""
FAILED: Final = "the action before it failed"
TOO_MANY: Final = f"an answer may have {MAX_ACTIONS} actions"


@attrs.frozen(kw_only=True)
class Answer:
    """One decision, and what is needed to carry it out and to tell of it."""

    instruction: str
    decision: Decision
    observation: Observation
    """The screen that it was made on."""
    began_monotonic_seconds: float
    """When the step began."""
    conversation: Conversation
    sandbox: Sandbox
    ledger: Ledger
    clock: Clock
    picture: str | None = None
    """The name of the picture of the screen that it was made on, if it is recorded."""
    _told: list[Action] = attrs.field(init=False)
    """The actions as they may be told."""

    @_told.default
    def _planned(self) -> list[Action]:
        return list(self.conversation.masking.plan(self.decision.actions))

    async def carry_out(self) -> Action | None:
        """Carry out the actions, and return the one that ends the task if it was reached.

        Raises:
            SandboxError: the sandbox is gone, or broke.
        """
        decided = self.decision.actions
        outlook: Outlook | None = None
        began = self.began_monotonic_seconds
        for number, action in enumerate(decided):
            if action.name in TERMINAL_ACTIONS:
                self._note(number, "", began)
                self._drop(number + 1, f"{action.name} ends the task")
                return action
            self._told[number] = self.conversation.masking.follow(action)
            outcome, failed = await self._act(number, action, began)
            self._note(number, outcome, began)
            began = self.clock.monotonic()
            if number + 1 == len(decided):
                break
            end_if_cancelled()
            hindrance = FAILED if failed else TOO_MANY if number + 1 == MAX_ACTIONS else None
            if hindrance is None:
                before = outlook or Outlook.of(self.observation)
                observation = await self.sandbox.observe(screenshot=False)
                end_if_cancelled()
                self.conversation.masking.saw(observation)
                outlook = Outlook.of(observation)
                hindrance = before.surprise(outlook, action)
            if hindrance is not None:
                self._drop(number + 1, hindrance)
                break
        return None

    def give_up(self) -> None:
        """Tell that nothing of it is carried out: the task ends."""
        self._note(0, "", self.began_monotonic_seconds)

    async def _act(self, number: int, action: Action, began: float) -> tuple[str, bool]:
        """Return what came of an action, and whether it failed."""
        wrong = problem(action, self.observation, self.sandbox.supported)
        if wrong is not None:
            return f"not carried out: {wrong}", True
        try:
            return await _acted(self.sandbox, action, self.ledger, self.clock)
        except SandboxError as error:
            self._note(number, f"error: {error}", began)
            raise

    def _note(self, number: int, outcome: str, began: float) -> None:
        """Record one action of the answer."""
        decided = self.decision.actions
        place = f" ({number + 1} of {len(decided)})" if len(decided) > 1 else ""
        turn, told = self._turns(number, outcome)
        self.conversation.note(turn, self.observation.screenshot if number == 0 else None, told=told)
        text = next_told(told, place) if number else first_told(told, self.observation, place)
        self.ledger.told(self.conversation.masking.text(text), self.clock.monotonic() - began, told, self.picture)

    def _drop(self, first: int, why: str) -> None:
        """Record that the actions from `first` on are not carried out."""
        dropped: Sequence[Action] = self.decision.actions[first:]
        for number in range(first, len(self.decision.actions)):
            turn, told = self._turns(number, f"not carried out: {why}")
            self.conversation.note(turn, told=told)
        if dropped:
            self.ledger.told(dropped_told(dropped, why), 0.0)

    def _turns(self, number: int, outcome: str) -> tuple[Turn, Turn]:
        """Return one action's turn for the model, and the same as it may be told."""
        rationale = "" if number else self.decision.rationale
        action, shown = self.decision.actions[number], self._told[number]
        turn = Turn(self.instruction, action, rationale, outcome)
        told = turn if shown is action else attrs.evolve(turn, action=shown)
        return turn, self.conversation.masking.turn(told)


async def _acted(sandbox: Sandbox, action: Action, ledger: Ledger, clock: Clock) -> tuple[str, bool]:
    began = clock.monotonic()
    ok = False
    try:
        outcome = await sandbox.act(action)
        ok = True
    except (TransientSandboxError, UnsupportedActionError) as error:
        outcome = f"error: {error}"
    finally:
        ledger.acted(action.name, clock.monotonic() - began, ok=ok)
    return outcome, not ok
