"""What a demo is played on: the backend, the instructions, and who judges what they led to."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import attrs

from gui_agents.config import SandboxesConfig
from gui_agents.domain.sandbox import SandboxType
from gui_agents.sandboxes.registry import SandboxFactory

Judge = Callable[[bool, str], Awaitable[bool]]
"""Takes whether the task completed, and its answer or the reason of its failure; tells whether that is as expected."""


@attrs.frozen
class Scene:
    """One instruction and what it has to lead to."""

    instruction: str
    expect: str
    """For people: what success is."""
    judge: Judge


class Stage(Protocol):
    """What a demo is played on. Opened and closed by whoever plays."""

    @property
    def scenes(self) -> Sequence[Scene]:
        """What is played; known when the stage is open."""

    @property
    def variables(self) -> Mapping[str, str]:
        """What the service's configuration needs besides the user's own; known when the stage is open."""

    @property
    def chosen(self) -> Sequence[str]:
        """The variables of sandboxes that the user may choose."""

    @property
    def sandbox_type(self) -> SandboxType:
        """The type of its sandboxes."""

    @property
    def evidence(self) -> str:
        """What success is judged by, for people."""

    @property
    def example(self) -> str:
        """An instruction for the user to try."""

    def open(self) -> None:
        """Prepare what the tasks need.

        Raises:
            PreconditionError: it cannot be played here; the text says what is missing.
        """

    def sandboxes(self, config: SandboxesConfig, runtime_dir: Path) -> SandboxFactory:
        """Return what makes the sandboxes."""

    def close(self) -> None:
        """Release what was prepared."""
