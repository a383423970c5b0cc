"""`builtin/rules` as a model."""

from collections.abc import Iterator
from time import monotonic
from typing import ClassVar, Final

from gui_agents.decider.grammar import parse
from gui_agents.decider.problems import NotPossibleError, NotUnderstoodError
from gui_agents.decider.worlds import Worker, world_of
from gui_agents.domain.actions import MAX_TEXT_LENGTH, Action, Done, Fail
from gui_agents.domain.model import Calls, Decision, DecisionRequest
from gui_agents.domain.usage import CallOutcome, ModelCall, Usage
from gui_agents.threads import Threads

PROVIDER: Final = "builtin"
MODEL: Final = "builtin/rules"

_NO_TOKENS: Final = Usage(input_tokens=0, cached_input_tokens=0, output_tokens=0)
_MAX_CLAUSE_SHOWN: Final = 200
_MOST_INLINE: Final = 1000
"""Characters of an instruction that is followed on the event loop, in at most a few milliseconds a step. What is longer
goes to a thread, where 100,000 characters may take a second.
"""


class RulesModel:
    """A deterministic interpreter of instructions; no language model, and it says so by 0 tokens and no cost."""

    provider: ClassVar = PROVIDER
    takes_screenshots: ClassVar = False

    def __init__(self, pool: Threads | None = None) -> None:
        self._pool = pool or Threads("decider")
        self._worker: Worker | None = None
        self._actions: Iterator[Action] = iter(())

    async def decide(self, request: DecisionRequest, calls: Calls) -> Decision:
        """Return the next action for the instruction, from what the screen shows now."""
        started = monotonic()
        try:
            if len(request.instruction) <= _MOST_INLINE:
                decision = self._decision(request)
            else:
                decision = await self._pool.run(lambda: self._decision(request))
        except NotUnderstoodError as error:
            decision = Decision((Fail(f"not understood: {_cut(error.clause)}"),), "No rule knows this clause.")
        except NotPossibleError as error:
            decision = Decision((Fail(f"not possible: {error}"),), "The screen does not offer it.")
        calls.model_called(ModelCall(PROVIDER, MODEL, CallOutcome.OK, _NO_TOKENS, monotonic() - started))
        return decision

    async def close(self) -> None:
        """Nothing is held."""

    def _decision(self, request: DecisionRequest) -> Decision:
        if request.observation.tree is None:
            raise NotPossibleError("this sandbox has no accessibility tree, which builtin/rules needs")
        if self._worker is None:
            world = world_of(request.observation.tree)
            steps = parse(request.instruction, world.language)
            self._worker = world.worker(request.supported)
            self._actions = self._worker.work(steps)
            self._summary = _summary([step.clause for step in steps if step.calls[0].deed is not world.idle])
        self._worker.look(request)
        action = next(self._actions, None)
        if action is not None:
            return Decision((action,), f"To {_cut(self._worker.clause)}.")
        answer = "\n".join(self._worker.answers) if self._worker.answers else self._summary
        return Decision((Done(answer[:MAX_TEXT_LENGTH]),), "Everything asked for is done.")


def _summary(clauses: list[str]) -> str:
    return f"Done: {'; '.join(_cut(clause) for clause in clauses)}" if clauses else "There was nothing to do."


def _cut(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _MAX_CLAUSE_SHOWN else f"{plain[:_MAX_CLAUSE_SHOWN]}…"
