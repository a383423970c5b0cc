"""What every sandbox offers: it is opened, observed, acted on and closed."""

from enum import StrEnum, unique
from typing import Protocol

import attrs

from gui_agents.domain.actions import Action, ActionName
from gui_agents.domain.errors import GuiAgentsError
from gui_agents.domain.screen import Observation


@unique
class SandboxType(StrEnum):
    """The closed set of sandbox types, as metrics spell them."""

    WINDOWS = "Windows"
    LINUX = "Linux"
    ANDROID = "Android"
    BROWSER = "Browser"
    SIMULATED = "Simulated"


class Sandbox(Protocol):
    """A desktop, browser or phone of one task.

    All methods are called on the event loop, one at a time, except `close`, which may come while another one is
    being cancelled. Errors are those of `gui_agents.domain.errors.SandboxError`.
    """

    @property
    def sandbox_id(self) -> str:
        """A unique id."""

    @property
    def sandbox_type(self) -> SandboxType:
        """What it is."""

    @property
    def supported(self) -> frozenset[ActionName]:
        """The actions that `act` takes."""

    async def open(self) -> None:
        """Create it. Called once; whatever happens, `close` follows."""

    async def observe(self, *, screenshot: bool) -> Observation:
        """Return what it shows; a screenshot is rendered and encoded only when asked for."""

    async def act(self, action: Action) -> str:
        """Carry out one supported action and return in a few words what happened."""

    async def close(self, *, destroy: bool) -> None:
        """Release it; `destroy` also deletes what could be kept elsewhere. A second call does nothing."""


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
    """A sandbox cannot be created, or broke."""


class UnsupportedActionError(SandboxError):
    """The sandbox does not know this action."""


class TransientSandboxError(SandboxError):
    """This action failed; the sandbox lives on, and another action may work."""


class SandboxGoneError(SandboxError):
    """The sandbox no longer exists."""
