"""The simulated desktop as a sandbox."""

import asyncio
from functools import partial
from typing import ClassVar, Final
from uuid import uuid4

from gui_agents.domain.actions import Action, Click, Drag, Key, Move, OpenApp, Scroll, Type, Wait
from gui_agents.domain.sandbox import (
    SandboxEnd,
    SandboxGoneError,
    SandboxType,
    TransientSandboxError,
    UnsupportedActionError,
)
from gui_agents.domain.screen import Observation, Picture
from gui_agents.simulated.apps import APPS
from gui_agents.simulated.apps.settings import DARK_MODE
from gui_agents.simulated.desktop import Desktop
from gui_agents.simulated.keys import chord
from gui_agents.simulated.machine import DesktopState
from gui_agents.simulated.widgets import HEIGHT, SCREEN, WIDTH, Scene
from gui_agents.threads import Threads


class SimulatedSandbox:
    """A desktop of five apps in memory, drawn only when a screenshot is asked for."""

    sandbox_type: ClassVar = SandboxType.SIMULATED
    supported: ClassVar = frozenset(action.name for action in (Click, Move, Drag, Scroll, Type, Key, OpenApp, Wait))

    def __init__(self, sandbox_id: str | None = None, *, drawing: Threads | None = None) -> None:
        self._drawing = drawing or Threads("drawing")
        self.sandbox_id: Final = sandbox_id or uuid4().hex
        self._desktop: Desktop | None = None
        self._closed = False
        self._ended = asyncio.Event()

    def state(self) -> DesktopState:
        """Return the files, settings and windows as they stand now; for tests and success checks.

        Raises:
            SandboxGoneError: it is not open.
        """
        return self._open_desktop().state()

    async def open(self) -> None:
        """Start a fresh desktop.

        Raises:
            SandboxGoneError: it was closed before.
        """
        if self._closed:
            raise SandboxGoneError(f"the simulated desktop {self.sandbox_id} was closed")
        self._desktop = Desktop()

    async def observe(self, *, screenshot: bool) -> Observation:
        """Return the accessibility tree, and raw pixels where they are asked for; drawn off the event loop."""
        desktop = self._open_desktop()
        tree, image = desktop.tree(), None
        if screenshot:
            desktop.screenshots += 1
            scene = desktop.scene()
            dark = desktop.machine.switches[DARK_MODE]
            work = partial(_drawn, scene, dark=dark, pointer=desktop.pointer)
            image = await self._drawing.run(work)
        return Observation(WIDTH, HEIGHT, tree, image)

    async def act(self, action: Action) -> str:  # noqa: C901, PLR0911 - one line for each action
        """Carry out one action.

        Raises:
            UnsupportedActionError: it takes no such action.
            TransientSandboxError: the action leaves the screen, or names a key or an app that does not exist.
            SandboxGoneError: it is not open.
        """
        desktop = self._open_desktop()
        match action:
            case Click(x, y, button, count):
                return desktop.click(*_on_screen(x, y), button, count)
            case Move(x, y):
                return desktop.move(*_on_screen(x, y))
            case Drag(x, y, to_x, to_y):
                return desktop.drag(*_on_screen(x, y), *_on_screen(to_x, to_y))
            case Scroll(x, y, _, dy):
                return desktop.scroll(*_on_screen(x, y), dy)
            case Type(text):
                return desktop.type(text)
            case Key(keys) if (spelled := chord(keys)) is not None:
                return desktop.press(spelled)
            case Key(keys):
                raise TransientSandboxError(f"there is no such key: {'+'.join(keys)}")
            case OpenApp(app) if desktop.open_app(app):
                return f"opened {app}"
            case OpenApp(app):
                raise TransientSandboxError(f"there is no app {app!r}; there are: {', '.join(APPS)}")
            case Wait(seconds):
                await asyncio.sleep(seconds)
                self._open_desktop().settle()
                return f"waited {seconds:g} s"
        raise UnsupportedActionError(f"the simulated desktop cannot {action.name}")

    async def ended(self) -> SandboxGoneError:
        """Wait until it is closed; nothing else ends it."""
        await self._ended.wait()
        return SandboxGoneError(f"the simulated desktop {self.sandbox_id} was closed", SandboxEnd.CLOSED)

    async def close(self, *, destroy: bool) -> None:  # noqa: ARG002 - nothing of it is kept elsewhere
        """Forget the desktop."""
        self._closed = True
        self._desktop = None
        self._ended.set()

    def _open_desktop(self) -> Desktop:
        if self._desktop is None:
            raise SandboxGoneError(f"the simulated desktop {self.sandbox_id} is not open")
        return self._desktop


def _drawn(scene: Scene, *, dark: bool, pointer: tuple[int, int]) -> Picture:
    # Pillow is loaded by the first screenshot, in its thread: most tasks of the built-in model never need it.
    from gui_agents.simulated.drawing import render  # noqa: PLC0415

    return render(scene, dark=dark, pointer=pointer)


def _on_screen(x: int, y: int) -> tuple[int, int]:
    if not SCREEN.contains(x, y):
        raise TransientSandboxError(f"({x}, {y}) is outside of the screen of {WIDTH} x {HEIGHT} pixels")
    return x, y
