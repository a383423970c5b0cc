"""The demo on simulated desktops: each task is judged by the state in which it left its desktop."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Final

from gui_agents.commands.demo.stage import Scene
from gui_agents.config import SandboxesConfig
from gui_agents.domain.actions import Action
from gui_agents.domain.sandbox import SandboxType
from gui_agents.domain.spec import TaskSpec
from gui_agents.sandboxes.registry import SandboxFactory
from gui_agents.simulated import SimulatedSandbox
from gui_agents.simulated.instructions import INSTRUCTIONS, Instruction
from gui_agents.simulated.machine import DesktopState

ACTION_SECONDS: Final = 0.1
"""Seconds for each action. Without it all tasks would end within half a second, too fast to watch."""


class WitnessedDesktop(SimulatedSandbox):
    """A simulated desktop that keeps its last state, and that acts slowly enough to watch."""

    def __init__(self) -> None:
        super().__init__()
        self._left: DesktopState | None = None

    def outcome(self) -> DesktopState:
        """Return its state now, or at its end."""
        return self._left or self.state()

    async def act(self, action: Action) -> str:
        """Carry out one action, slowly enough to watch."""
        await asyncio.sleep(ACTION_SECONDS)
        return await super().act(action)

    async def close(self, *, destroy: bool) -> None:
        """Keep the state, and close."""
        self._left = self.outcome()
        await super().close(destroy=destroy)


class WitnessedDesktops(SandboxFactory):
    """Makes desktops, and finds them again by their instruction."""

    def __init__(self, config: SandboxesConfig, runtime_dir: Path) -> None:
        super().__init__(config, runtime_dir)
        self._made: dict[str, WitnessedDesktop] = {}

    def create(self, spec: TaskSpec) -> WitnessedDesktop:
        """Return a new desktop for a task."""
        desktop = self._made[spec.instruction] = WitnessedDesktop()
        return desktop

    def outcome(self, instruction: str) -> DesktopState:
        """Return the last state of the desktop of this instruction."""
        return self._made[instruction].outcome()


class SimulatedStage:
    """Simulated desktops."""

    variables: ClassVar = MappingProxyType[str, str]({})
    chosen: ClassVar = ()
    sandbox_type: ClassVar = SandboxType.SIMULATED
    evidence: ClassVar = "the desktops they left behind"
    example: ClassVar = "Open Settings and turn on dark mode"

    def __init__(self, instructions: Sequence[Instruction] = INSTRUCTIONS) -> None:
        self.scenes = [Scene(row.instruction, row.expect, partial(self._judge, row)) for row in instructions]
        self._desktops: WitnessedDesktops | None = None

    def open(self) -> None:
        """Nothing is needed."""

    def sandboxes(self, config: SandboxesConfig, runtime_dir: Path) -> WitnessedDesktops:
        """Return what makes the desktops."""
        self._desktops = WitnessedDesktops(config, runtime_dir)
        return self._desktops

    def close(self) -> None:
        """Nothing is held."""

    async def _judge(self, row: Instruction, completed: bool, told: str) -> bool:  # noqa: FBT001 - a Judge
        return self._desktops is not None and row.check(self._desktops.outcome(row.instruction), completed, told)
