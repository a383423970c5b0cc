"""The protocol of sandboxes: a sandbox is opened, observed, acted on and closed."""

from enum import StrEnum, unique
from typing import Final, Protocol, runtime_checkable

import attrs

from gui_agents.domain.actions import Action, ActionName
from gui_agents.domain.errors import GuiAgentsError
from gui_agents.domain.screen import Observation


@unique
class SandboxType(StrEnum):
    """All types of sandboxes, as metrics spell them."""

    WINDOWS = "Windows"
    LINUX = "Linux"
    ANDROID = "Android"
    BROWSER = "Browser"
    SIMULATED = "Simulated"


@unique
class SandboxEnd(StrEnum):
    """Why a sandbox ended, as metrics spell it."""

    CLOSED = "closed"
    """Closed after its task, or with the service."""
    EXPIRED = "expired"
    """Kept for a next task, and closed because none came in time or another one needed its place."""
    CRASHED = "crashed"
    """Its program ended by itself."""
    OUT_OF_MEMORY = "out_of_memory"
    """It used more memory than it may."""
    KILLED = "killed"
    """Something outside of this service ended it."""
    UNREACHABLE = "unreachable"
    """It does not answer, or its network fails."""
    SWEPT = "swept"
    """Left behind by a service that was killed, and removed at the next start."""


DEATHS: Final = (SandboxEnd.CRASHED, SandboxEnd.OUT_OF_MEMORY, SandboxEnd.KILLED, SandboxEnd.UNREACHABLE)
"""The ends that this service has not asked for. The status page's reading.js names the same."""


@unique
class SandboxStart(StrEnum):
    """Where a task's sandbox came from, as metrics spell it."""

    COLD = "cold"
    """Made for the task."""
    WARM = "warm"
    """Made before there was a task for it."""
    KEPT = "kept"
    """Kept after another task."""


class Sandbox(Protocol):
    """A desktop, browser or phone of one task.

    All methods are called on the event loop, one at a time. Only `ended` may be called while another method runs, and
    `close` while another method is being cancelled. Errors are those of `gui_agents.domain.errors.SandboxError`.
    """

    @property
    def sandbox_id(self) -> str:
        """A unique id."""

    @property
    def sandbox_type(self) -> SandboxType:
        """The type of the sandbox."""

    @property
    def supported(self) -> frozenset[ActionName]:
        """The actions that `act` accepts."""

    async def open(self) -> None:
        """Create the sandbox. Called once; `close` is always called afterwards."""

    async def observe(self, *, screenshot: bool) -> Observation:
        """Return what the screen shows. A screenshot is made only if asked for."""

    async def act(self, action: Action) -> str:
        """Carry out one supported action. Return in a few words what happened."""

    async def ended(self) -> "SandboxGoneError":
        """Wait until an open sandbox is gone, by itself or because it was closed, and return why.

        May be cancelled, and called while another method runs. Does not return for a sandbox that cannot know.
        """

    async def close(self, *, destroy: bool) -> None:
        """Release the sandbox. `destroy` also deletes it if it runs elsewhere. A second call does nothing."""


@runtime_checkable
class Shaped(Protocol):
    """A sandbox that is of one of several kinds, to which its backend gives names."""

    @property
    def shape(self) -> str:
        """The name of its kind; empty until it is known."""


@unique
class Backend(StrEnum):
    """The sandboxes that a task can ask for, as requests and DEFAULT_BACKEND spell them."""

    SIMULATED = "simulated"
    X11 = "x11"
    CHROMIUM = "chromium"
    LYBIC = "lybic"
    LYBIC_MOBILE = "lybic_mobile"


@attrs.frozen
class SandboxInfo:
    """The sandbox of a task."""

    sandbox_id: str
    sandbox_type: SandboxType
    shape: str = ""
    """What its cloud calls its kind; empty if it has no such name."""


class SandboxError(GuiAgentsError):
    """A sandbox cannot be created, or has failed."""


class UnsupportedActionError(SandboxError):
    """The sandbox does not support this action."""


class TransientSandboxError(SandboxError):
    """This action failed. The sandbox still works, and another action may succeed."""


class SandboxGoneError(SandboxError):
    """The sandbox no longer exists; `reason` says why."""

    def __init__(self, problem: str, reason: SandboxEnd = SandboxEnd.CRASHED) -> None:
        super().__init__(problem)
        self.reason = reason
