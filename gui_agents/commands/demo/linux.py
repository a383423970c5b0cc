"""The demo on real Linux desktops: tasks are judged by the files and the displays that they left behind."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Final

import attrs

from gui_agents.commands import environment
from gui_agents.commands.demo import programs
from gui_agents.commands.demo.stage import Judge, Scene
from gui_agents.config import SandboxesConfig
from gui_agents.domain.actions import Action, ActionName
from gui_agents.domain.sandbox import Sandbox, SandboxError, SandboxGoneError, SandboxType
from gui_agents.domain.screen import Element, Observation
from gui_agents.domain.spec import TaskSpec
from gui_agents.sandboxes.registry import ROWS, SandboxFactory

if TYPE_CHECKING:  # its packages are optional
    from gui_agents.sandboxes.x11.sandbox import X11Sandbox

FILES: Final = ("shopping.txt", "poem.txt", "list.txt", "essay.txt")
"""The files that tasks of the demo make."""


@attrs.frozen
class Left:
    """What a task left on its desktop."""

    files: Mapping[str, bytes] = attrs.field(factory=dict)
    shown: frozenset[str] = frozenset()
    """What the fields on the screen hold."""


Found = Callable[[Left, str], bool]
"""Takes what a task left, and its answer or the reason of its failure; tells whether both are as expected."""


@attrs.frozen
class _Play:
    """One instruction and what it has to lead to."""

    instruction: str
    expect: str
    found: Found
    completed: bool = True


def _file(name: str, text: str) -> Found:
    """Expect one file that holds exactly this."""
    return lambda left, _answer: left.files == {name: text.encode()}


def _shows(result: str) -> Found:
    """Expect this answer, on the display as well."""
    return lambda left, answer: answer == result and result in left.shown


def _says(*words: str) -> Found:
    """Expect no file, and a reason with these words."""
    return lambda left, reason: not left.files and all(word in reason for word in words)


_PLAYS: Final = (
    _Play(
        'Open mousepad, type "Buy milk and bread", save as "shopping.txt"',
        "shopping.txt holds it",
        _file("shopping.txt", "Buy milk and bread"),
    ),
    _Play("Calculate 12*7+5", "the answer 89, and 89 on the display", _shows("89")),
    _Play(
        'Open the text editor, write "Grün ist die Heide", press Enter, type "“blue the sky”" and save it as poem.txt',
        "poem.txt holds both lines",
        _file("poem.txt", "Grün ist die Heide\n“blue the sky”"),
    ),
    _Play(
        "Open the calculator, press 9, press -, press 4, press =, then read the display",
        "the answer 5, and 5 on the display",
        _shows("5"),
    ),
    _Play(
        'Open mousepad, write "a, b; then c" into the text, click File > Save As, set Name to list.txt and press Save',
        "list.txt holds it",
        _file("list.txt", "a, b; then c"),
    ),
    _Play(
        'Open mousepad, type "draft", press ctrl+a, type "final", then save as essay.txt',
        "essay.txt holds final",
        _file("essay.txt", "final"),
    ),
    _Play(
        "Open mousepad and press the Refund button",
        "a failure that names what there is",
        _says("Refund", "File, Edit"),
        completed=False,
    ),
    _Play(
        "Open the flight simulator", "a failure that names the apps", _says("mousepad", "galculator"), completed=False
    ),
)


class WitnessedDesktop:
    """A Linux desktop that keeps what a task has left on it."""

    def __init__(self, desktop: "X11Sandbox") -> None:
        self._desktop = desktop
        self._left = Left()
        self._closed = asyncio.Event()
        self._open = False

    @property
    def sandbox_id(self) -> str:
        """The desktop's id."""
        return self._desktop.sandbox_id

    @property
    def sandbox_type(self) -> SandboxType:
        """The desktop's type."""
        return self._desktop.sandbox_type

    @property
    def supported(self) -> frozenset[ActionName]:
        """The actions of desktops."""
        return self._desktop.supported

    async def open(self) -> None:
        """Open the desktop."""
        await self._desktop.open()
        self._open = True

    async def observe(self, *, screenshot: bool) -> Observation:
        """Return what the screen shows."""
        return await self._desktop.observe(screenshot=screenshot)

    async def act(self, action: Action) -> str:
        """Carry out one action."""
        return await self._desktop.act(action)

    async def ended(self) -> SandboxGoneError:
        """Wait until the desktop is gone."""
        return await self._desktop.ended()

    async def close(self, *, destroy: bool) -> None:
        """Keep what is left, and close."""
        try:
            if self._open:
                self._open = False
                with contextlib.suppress(SandboxError):
                    await self._look()
        finally:
            self._closed.set()
            await self._desktop.close(destroy=destroy)

    async def left(self) -> Left:
        """Wait until the desktop is closed, and return what was left on it."""
        await self._closed.wait()
        return self._left

    async def _look(self) -> None:
        files = {name: text for name in FILES if (text := await self._desktop.file(name)) is not None}
        tree = (await self._desktop.observe(screenshot=False)).tree
        self._left = Left(files, frozenset() if tree is None else frozenset(_values(tree)))


def _values(element: Element) -> Iterator[str]:
    yield element.value
    for child in element.children:
        yield from _values(child)


class WitnessedDesktops(SandboxFactory):
    """Makes desktops, and finds them again by their instruction."""

    def __init__(self, config: SandboxesConfig, runtime_dir: Path) -> None:
        super().__init__(config, runtime_dir)
        self._made: dict[str, WitnessedDesktop] = {}

    def create(self, spec: TaskSpec) -> Sandbox:
        """Return a new desktop for a task."""
        from gui_agents.sandboxes.x11.sandbox import X11Sandbox  # noqa: PLC0415 - its packages are optional

        desktop = super().create(spec)
        if isinstance(desktop, X11Sandbox):
            desktop = self._made[spec.instruction] = WitnessedDesktop(desktop)
        return desktop

    async def left(self, instruction: str) -> Left:
        """Return what the task with this instruction has left; its desktop is closed after the task's end."""
        made = self._made.get(instruction)
        return Left() if made is None else await made.left()


class LinuxStage:
    """Desktops with a text editor and a calculator."""

    variables: ClassVar[Mapping[str, str]] = MappingProxyType({"DEFAULT_BACKEND": "x11", "TASK_MAX_TASKS": "2"})
    """Two desktops at once are enough for a small machine."""
    chosen: ClassVar = ("X11_UNJAILED", "SANDBOX_SCREEN", "SANDBOX_MEMORY", "SANDBOX_DISK", "SANDBOX_PROCESSES")
    sandbox_type: ClassVar = SandboxType.LINUX
    evidence: ClassVar = "the files and displays that they left behind"
    example: ClassVar = "Open mousepad and type hello"

    def __init__(self) -> None:
        self.scenes = [Scene(play.instruction, play.expect, self._judge(play)) for play in _PLAYS]
        self._desktops: WitnessedDesktops | None = None

    def open(self) -> None:
        """Check that the programs and the Python packages are there.

        Raises:
            PreconditionError: they are not, or there is no jail for them.
        """
        programs.check("x11", "mousepad", "galculator")
        programs.check_jail("x11", environment.variables())
        for package in ROWS["x11"].needs:
            package.check()

    def sandboxes(self, config: SandboxesConfig, runtime_dir: Path) -> SandboxFactory:
        """Return what makes the desktops."""
        self._desktops = WitnessedDesktops(config, runtime_dir)
        return self._desktops

    def close(self) -> None:
        """Nothing is held."""

    def _judge(self, play: _Play) -> Judge:
        async def judge(completed: bool, told: str) -> bool:  # noqa: FBT001 - a Judge
            left = Left() if self._desktops is None else await self._desktops.left(play.instruction)
            return completed is play.completed and play.found(left, told)

        return judge
