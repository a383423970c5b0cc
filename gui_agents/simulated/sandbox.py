"""The simulated desktop as a sandbox."""

import asyncio
from typing import Final
from uuid import uuid4

from gui_agents.domain.actions import Action, ActionName, Click, Drag, Key, Move, OpenApp, Scroll, Type, Wait
from gui_agents.domain.sandbox import SandboxGoneError, SandboxType, TransientSandboxError, UnsupportedActionError
from gui_agents.domain.screen import Observation
from gui_agents.simulated.apps import APPS
from gui_agents.simulated.apps.settings import DARK_MODE
from gui_agents.simulated.desktop import Desktop
from gui_agents.simulated.keys import chord
from gui_agents.simulated.machine import DesktopState
from gui_agents.simulated.widgets import HEIGHT, SCREEN, WIDTH

SUPPORTED: Final = frozenset(action.name for action in (Click, Move, Drag, Scroll, Type, Key, OpenApp, Wait))
"""What the simulated desktop takes."""


class SimulatedSandbox:
    """A desktop of five apps in memory, drawn only when a screenshot is asked for."""

    def __init__(self, sandbox_id: str | None = None) -> None:
        self._id = sandbox_id or uuid4().hex
        self._desktop: Desktop | None = None
        self._closed = False

    @property
    def sandbox_id(self) -> str:
        """A unique id."""
        return self._id

    @property
    def sandbox_type(self) -> SandboxType:
        """Simulated."""
        return SandboxType.SIMULATED

    @property
    def supported(self) -> frozenset[ActionName]:
        """Pointer and key events, opening an app, and waiting."""
        return SUPPORTED

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
            raise SandboxGoneError(f"the simulated desktop {self._id} was closed")
        self._desktop = Desktop()

    async def observe(self, *, screenshot: bool) -> Observation:
        """Return the accessibility tree, and a PNG where it is asked for; drawn off the event loop."""
        desktop = self._open_desktop()
        tree, image = desktop.tree(), None
        if screenshot:
            # Pillow is loaded by the first screenshot: most tasks of the built-in model never need it.
            from gui_agents.simulated.drawing import render_png  # noqa: PLC0415

            desktop.screenshots += 1
            scene = desktop.scene()
            dark = desktop.machine.switches[DARK_MODE]
            image = await asyncio.to_thread(render_png, scene, dark=dark, pointer=desktop.pointer)
        return Observation(WIDTH, HEIGHT, tree, image)

    async def act(self, action: Action) -> str:  # noqa: PLR0911 - one line for each action
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
            case Key(keys):
                return _press(desktop, keys)
            case OpenApp(app):
                return _open_app(desktop, app)
            case Wait(seconds):
                await asyncio.sleep(seconds)
                self._open_desktop().settle()
                return f"waited {seconds:g} s"
        raise UnsupportedActionError(f"the simulated desktop cannot {action.name}")

    async def close(self, *, destroy: bool) -> None:  # noqa: ARG002 - nothing of it is kept elsewhere
        """Forget the desktop."""
        self._closed = True
        self._desktop = None

    def _open_desktop(self) -> Desktop:
        if self._desktop is None:
            raise SandboxGoneError(f"the simulated desktop {self._id} is not open")
        return self._desktop


def _on_screen(x: int, y: int) -> tuple[int, int]:
    if not SCREEN.contains(x, y):
        raise TransientSandboxError(f"({x}, {y}) is outside of the screen of {WIDTH} x {HEIGHT} pixels")
    return x, y


def _press(desktop: Desktop, keys: tuple[str, ...]) -> str:
    spelled = chord(keys)
    if spelled is None:
        raise TransientSandboxError(f"there is no such key: {'+'.join(keys)}")
    return desktop.press(spelled)


def _open_app(desktop: Desktop, name: str) -> str:
    if not desktop.open_app(name):
        raise TransientSandboxError(f"there is no app {name!r}; there are: {', '.join(APPS)}")
    return f"opened {name}"
