"""The demo on real Linux desktops: tasks are judged by the files and the displays that they left behind."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

from gui_agents.commands.demo import programs
from gui_agents.commands.demo.stage import Scene
from gui_agents.config import SandboxesConfig
from gui_agents.domain.sandbox import SandboxType
from gui_agents.sandboxes.registry import SandboxFactory


class LinuxStage:
    """Desktops with a text editor and a calculator."""

    variables: ClassVar[Mapping[str, str]] = MappingProxyType({"DEFAULT_BACKEND": "x11", "TASK_MAX_TASKS": "2"})
    chosen: ClassVar = ("X11_UNJAILED", "SANDBOX_SCREEN", "SANDBOX_MEMORY", "SANDBOX_DISK", "SANDBOX_PROCESSES")
    sandbox_type: ClassVar = SandboxType.LINUX
    evidence: ClassVar = "the files and displays that they left behind"
    example: ClassVar = "Open mousepad and type hello"

    def __init__(self) -> None:
        self.scenes: Sequence[Scene] = ()

    def open(self) -> None:
        """Check that the programs are there.

        Raises:
            PreconditionError: they are not.
        """
        programs.check("x11", (*programs.DESKTOP, *programs.JAIL))

    def sandboxes(self, config: SandboxesConfig, runtime_dir: Path) -> SandboxFactory:
        """Return what makes the desktops."""
        return SandboxFactory(config, runtime_dir)

    def close(self) -> None:
        """Nothing is held."""
