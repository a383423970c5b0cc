"""The protocol of sandboxes: a sandbox is opened, observed, acted on and closed."""

from enum import StrEnum, unique
from typing import Protocol

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


class Sandbox(Protocol):
    """A desktop, browser or phone of one task.

    All methods are called on the event loop, one at a time. Only `close` may be called while another method is being
    cancelled. Errors are those of `gui_agents.domain.errors.SandboxError`.
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

    async def close(self, *, destroy: bool) -> None:
        """Release the sandbox. `destroy` also deletes it if it runs elsewhere. A second call does nothing."""


@unique
class Backend(StrEnum):
    """The sandboxes that a task can ask for, as requests and DEFAULT_BACKEND spell them."""

    SIMULATED = "simulated"


@attrs.frozen
class SandboxInfo:
    """The sandbox of a task."""

    sandbox_id: str
    sandbox_type: SandboxType


class SandboxError(GuiAgentsError):
    """A sandbox cannot be created, or has failed."""


class UnsupportedActionError(SandboxError):
    """The sandbox does not support this action."""


class TransientSandboxError(SandboxError):
    """This action failed. The sandbox still works, and another action may succeed."""


class SandboxGoneError(SandboxError):
    """The sandbox no longer exists."""
