"""What a running task works with; above all its sandbox, from where it comes to where it goes.

Theory of operation. A sandbox is kept from another task, warm, or made for this one (cold). Whichever it is, it is
recorded as given once. Whatever happens to the task, `leave` gives the sandbox to the keeper once, with the reason if
it must not be used again; a task without a sandbox gives its place back.
"""

import attrs

from gui_agents.agent.conversation import Conversation
from gui_agents.domain.clock import Clock
from gui_agents.domain.model import Model
from gui_agents.domain.model_settings import DEFAULT_SETTINGS, ModelSettings
from gui_agents.domain.redaction import Redactor
from gui_agents.domain.sandbox import Sandbox, SandboxError, SandboxInfo, SandboxStart
from gui_agents.domain.spec import TaskSpec
from gui_agents.domain.stream import Stage
from gui_agents.pictures.recording import NO_RECORDING, Recording
from gui_agents.state.service_state import ServiceState
from gui_agents.tasks.continuing import Beginning, Continuations, replaced
from gui_agents.tasks.departure import Departure, told
from gui_agents.tasks.identity import info_of, type_of
from gui_agents.tasks.keeper import UNWANTED, Kept, SandboxKeeper
from gui_agents.tasks.warm import SandboxFactory, WarmPool


@attrs.define
class Desk:
    """What a running task works with."""

    task_id: str
    spec: TaskSpec
    settings: ModelSettings
    conversation: Conversation
    began_monotonic_seconds: float
    """When the task began to wait for its sandbox."""
    sandbox: Sandbox | None = None
    info: SandboxInfo | None = None
    """Set once the sandbox is open."""
    named: bool = False
    """Whether a client has named the sandbox by its id."""
    attached: str | None = None
    """The id of a sandbox in a cloud that it attaches to itself."""
    owner: str = ""
    """To whom the sandbox belongs: the owner of its first task."""
    model: Model | None = None
    lost: Departure | None = None
    """Why the sandbox must not be used again."""
    left: bool = False
    """Whether its sandbox, or its place for one, was given back."""
    recording: Recording = NO_RECORDING
    unpictured: bool = False
    """Whether it has failed, and a picture of its screen at the end is wanted."""


class Desks:
    """Gives running tasks their sandboxes, and takes them back."""

    def __init__(
        self,
        *,
        state: ServiceState,
        sandboxes: SandboxFactory,
        pool: WarmPool,
        keeper: SandboxKeeper,
        continuations: Continuations,
        redactor: Redactor,
        clock: Clock,
    ) -> None:
        self._state = state
        self._sandboxes = sandboxes
        self._pool = pool
        self._keeper = keeper
        self._continuations = continuations
        self._redactor = redactor
        self._clock = clock

    def prepared(self, task_id: str, spec: TaskSpec, beginning: Beginning, *, taken: bool) -> Desk:
        """Return the desk of a task that starts: in the kept sandbox, if it has `taken` it, or in a place for one."""
        settings = DEFAULT_SETTINGS if spec.model.endpoint is None else spec.model.endpoint.settings
        redact = self._redactor.knowing(spec.keys).redacted
        conversation = Conversation(beginning.history, pictures=settings.history_pictures, redact=redact)
        if beginning.attached is None and spec.sandbox_id is not None:
            # The sandbox that was kept may be gone: then a new one is made, and none of this id is looked for.
            spec = attrs.evolve(spec, sandbox_id=None)
        desk = Desk(task_id, spec, settings, conversation, self._clock.monotonic())
        desk.attached, desk.named, desk.owner = beginning.attached, beginning.attached is not None, spec.owner
        kept = beginning.kept
        if kept is not None and taken:
            desk.named, desk.owner = beginning.named or kept.named, kept.owner
            self._give(desk, kept.sandbox, kept.info, SandboxStart.KEPT)
        elif kept is not None:
            text = replaced("the sandbox to go on in", self._keeper.why_gone(kept.info.sandbox_id))
            self._state.step_told(task_id, text, Stage.STARTING)
        return desk

    async def sandbox(self, desk: Desk) -> Sandbox:
        """Return the sandbox of a task: the one that it has, a warm one, or a new one.

        Raises:
            SandboxError: it cannot be made or opened.
        """
        if desk.sandbox is not None:
            return desk.sandbox
        warm = self._pool.take(desk.spec)
        if warm is not None:
            self._give(desk, warm.sandbox, warm.info, SandboxStart.WARM)
            return warm.sandbox
        sandbox = desk.sandbox = self._sandboxes.create(desk.spec)
        await sandbox.open()
        # A sandbox that was abandoned while it opened is closed already.
        if not desk.left:
            info = info_of(sandbox)
            self._state.sandbox_created(info.sandbox_type)
            self._give(desk, sandbox, info, SandboxStart.COLD)
        return sandbox

    def failed(self, desk: Desk, error: SandboxError) -> str:
        """Note that the sandbox of a task broke or did not open, and return the words for the task's message."""
        desk.lost = Departure.of(error)
        if desk.info is None and desk.sandbox is not None:
            sandbox_type = type_of(desk.sandbox)
            if sandbox_type is not None:
                self._state.sandbox_failed(sandbox_type)
        return told(error)

    def leave(self, desk: Desk) -> None:
        """Give the sandbox to the keeper, which keeps it or closes it. A second call does nothing."""
        if desk.left:
            return
        desk.left = True
        if desk.info is not None:
            self._continuations.left(desk.info.sandbox_id)
        if desk.attached is not None:
            self._continuations.left(desk.attached)
        if desk.sandbox is None:
            self._keeper.release()
        elif desk.info is not None and desk.lost is None and (desk.named or not desk.spec.destroy_sandbox):
            self._keeper.keep(Kept(desk.sandbox, desk.info, desk.named, desk.owner))
        else:
            self._keeper.close(desk.sandbox, desk.info, desk.lost or UNWANTED)

    def _give(self, desk: Desk, sandbox: Sandbox, info: SandboxInfo, start: SandboxStart) -> None:
        desk.sandbox, desk.info = sandbox, info
        self._continuations.took(info.sandbox_id, desk.owner)
        waited_seconds = self._clock.monotonic() - desk.began_monotonic_seconds
        self._state.sandbox_given(desk.task_id, info, start, waited_seconds)
