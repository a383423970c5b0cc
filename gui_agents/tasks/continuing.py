"""What a task begins with: the conversation of the task that it continues, and a sandbox that was used before.

A conversation is retained with its ended task, so any number of tasks can continue it, one after the other or at the
same time. They share one sandbox, which only one of them has at a time.

A sandbox belongs to the owner of its first task. For others it is unknown, whether it is kept, in use or gone.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import attrs

from gui_agents.domain.access import Identity
from gui_agents.domain.errors import NotFoundError, PreconditionError
from gui_agents.domain.lifecycle import LIVE, TaskStatus
from gui_agents.domain.model import NO_HISTORY, History
from gui_agents.domain.sandbox import SandboxInfo
from gui_agents.domain.spec import TaskSpec
from gui_agents.state.service_state import ServiceState
from gui_agents.tasks.keeper import Kept, SandboxKeeper


@attrs.frozen
class Beginning:
    """What a pending task begins with."""

    history: History = NO_HISTORY
    kept: Kept | None = None
    """The sandbox that is promised to it."""
    named: bool = False
    """Whether its request names the sandbox by its id."""
    attached: str | None = None
    """The id of a sandbox that runs in a cloud already and that the task takes over; nobody else gets it."""
    remark: str = ""
    """What the client must know of it, for the task's first message."""


@attrs.frozen
class Past:
    """A task to continue."""

    owner: str
    status: TaskStatus
    history: History
    sandbox: SandboxInfo | None


NOTHING: Final = Beginning()
REMEMBERED: Final = 1000
"""Sandboxes that are gone and whose owners are known."""
UNKNOWN: Final = "it is gone or unknown"


def replaced(sandbox: str, why: str | None) -> str:
    """Tell a client that a sandbox is gone and what the task gets in its place, with the reason if it is known."""
    text = f"{sandbox} is gone, so a new one is made"
    return text if why is None else f"{text} ({why})"


class Continuations:
    """Knows which sandboxes tasks have, and finds what a new task begins with."""

    def __init__(self, state: ServiceState, keeper: SandboxKeeper) -> None:
        self._state = state
        self._keeper = keeper
        self._in_use: dict[str, str] = {}
        """Owners by sandbox."""
        self._former: OrderedDict[str, str] = OrderedDict()
        """The same, of those that a task had."""
        self.wanted: Callable[[str], None] = lambda _: None
        """Called with the id of each sandbox that somebody asks for, before it is looked for."""

    def took(self, sandbox_id: str, owner: str) -> None:
        """Record that a task has a sandbox, which belongs to `owner`."""
        self._in_use[sandbox_id] = owner

    def left(self, sandbox_id: str) -> None:
        """Record that a task has given its sandbox away."""
        owner = self._in_use.pop(sandbox_id, None)
        if owner is not None:
            self._former.pop(sandbox_id, None)
            self._former[sandbox_id] = owner
            if len(self._former) > REMEMBERED:
                self._former.popitem(last=False)

    def beginning(self, spec: TaskSpec, caller: Identity, past: Past | None = None) -> Beginning:
        """Return what a new task begins with. The sandbox in it is claimed.

        `past` is the task to continue, if it is known and not in memory.

        Raises:
            NotFoundError: the task to continue is unknown, or no longer retained.
            PreconditionError: the task to continue has not ended, its sandbox is in use, or the sandbox that is named
                by its id is gone or in use.
        """
        if spec.previous_task_id is not None:
            return self._continued(spec.previous_task_id, spec, caller, past)
        return NOTHING if spec.sandbox_id is None else self._named(spec.sandbox_id, spec, caller)

    def _continued(self, previous: str, spec: TaskSpec, caller: Identity, past: Past | None) -> Beginning:
        past = self._remembered(previous) or past
        if past is None or not caller.commands(past.owner):
            raise NotFoundError("task", previous)
        if past.status in LIVE:
            raise PreconditionError(f"previousTaskId: task {previous} is {past.status}; wait for its end, or cancel it")
        history, last = past.history, past.sandbox
        if last is not None:
            self.wanted(last.sandbox_id)
        named = spec.sandbox_id
        if named is not None:
            if last is None or last.sandbox_id != named:
                raise PreconditionError(
                    f"sandbox.id: {named!r:.80} is not the sandbox of task {previous}; name only one of them"
                )
            return attrs.evolve(self._named(named, spec, caller), history=history)
        if last is not None and not self._may_use(last.sandbox_id, caller):
            return Beginning(history, remark=replaced(f"the sandbox of task {previous}", None))
        if last is not None and self._is_in_use(last.sandbox_id):
            raise PreconditionError(
                f"previousTaskId: the sandbox of task {previous} is in use; wait until it is free, or start without "
                "previousTaskId"
            )
        kept = None if last is None else self._keeper.claim(last.sandbox_id)
        if kept is not None:
            return Beginning(history, kept)
        why = None if last is None else self._keeper.why_gone(last.sandbox_id)
        return Beginning(history, remark=replaced(f"the sandbox of task {previous}", why))

    def _remembered(self, task_id: str) -> Past | None:
        """Return a task that is in memory."""
        status, owner = self._state.status(task_id), self._state.owner(task_id)
        if status is None or owner is None:
            return None
        history = NO_HISTORY if status in LIVE else self._state.history(task_id)
        return Past(owner, status, history, self._state.record(task_id).sandbox)

    def _named(self, sandbox_id: str, spec: TaskSpec, caller: Identity) -> Beginning:
        """Claim a sandbox that a request names by its id; one that is not kept here may run in a cloud."""
        if not self._may_use(sandbox_id, caller):
            # Nor is it looked for in a cloud: two owners may have the same account there, which is the operator's.
            raise _not_kept(sandbox_id, UNKNOWN)
        self.wanted(sandbox_id)
        kept = self._keeper.claim(sandbox_id)
        if kept is not None:
            return Beginning(kept=kept, named=True)
        if self._is_in_use(sandbox_id):
            raise PreconditionError(f"sandbox.id: the sandbox {sandbox_id!r:.80} is in use")
        if spec.cloud is None:
            known = sandbox_id in self._former
            raise _not_kept(sandbox_id, (self._keeper.why_gone(sandbox_id) if known else None) or UNKNOWN)
        self.took(sandbox_id, spec.owner)
        return Beginning(named=True, attached=sandbox_id)

    def _is_in_use(self, sandbox_id: str) -> bool:
        return sandbox_id in self._in_use or self._keeper.is_claimed(sandbox_id)

    def _may_use(self, sandbox_id: str, caller: Identity) -> bool:
        """Tell whether a sandbox may be the caller's; one that no task had is nobody's."""
        owner = self._in_use.get(sandbox_id, self._keeper.owner(sandbox_id) or self._former.get(sandbox_id))
        return owner is None or caller.commands(owner)


def _not_kept(sandbox_id: str, why: str) -> PreconditionError:
    return PreconditionError(f"sandbox.id: the sandbox {sandbox_id!r:.80} is not kept here: {why}")
