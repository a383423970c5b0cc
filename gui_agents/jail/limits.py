"""What a jail may use, and how it ended."""

from typing import Final

import attrs

from gui_agents.domain.sandbox import SandboxEnd

GIBIBYTE: Final = 2**30


@attrs.frozen(kw_only=True)
class Limits:
    """What a jail may use."""

    memory_bytes: int
    disk_bytes: int
    """Of its home, and as much again of its temporary files and of its shared directory."""
    processes: int
    """Processes and threads."""


@attrs.frozen
class Ended:
    """How a jail's program ended."""

    reason: SandboxEnd
    text: str
    """In words, for the task's message."""
