"""A Linux desktop of one task: an X server in a jail, with real programs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from functools import partial
from pathlib import Path
from typing import ClassVar, Final
from uuid import uuid4

from gui_agents.domain.actions import Action, Click, Drag, Key, Move, OpenApp, Scroll, Type, Wait
from gui_agents.domain.keys import keys_of
from gui_agents.domain.sandbox import (
    SandboxEnd,
    SandboxError,
    SandboxGoneError,
    SandboxType,
    TransientSandboxError,
    UnsupportedActionError,
)
from gui_agents.domain.screen import Bounds, Observation, ScreenSize
from gui_agents.jail.jail import Jail
from gui_agents.sandboxes.x11 import tree
from gui_agents.sandboxes.x11.apps import App, Apps
from gui_agents.sandboxes.x11.hands import Hands
from gui_agents.sandboxes.x11.session import Session
from gui_agents.threads import Threads

REACTION_SECONDS: Final = 0.3
"""How long is waited after an action until the program has read it."""
SETTLE_SECONDS: Final = 1.0
"""How long is waited after an action until the screen stands still."""
STILL_SECONDS: Final = 0.06
"""A screen that has not changed for this long stands still."""
WINDOW_SECONDS: Final = 10.0
"""How long is waited for the window of a program that was started."""
FOCUS_SECONDS: Final = 3.0
POLL_SECONDS: Final = 0.03
EXPLAIN_SECONDS: Final = 2.0
"""How long is waited, after the display has ended, until the jail tells why."""


class X11Sandbox:
    """A desktop. Its programs, files and display are in the jail; the pointer, the keyboard and the eyes are here."""

    sandbox_type: ClassVar = SandboxType.LINUX
    supported: ClassVar = frozenset(action.name for action in (Click, Move, Drag, Scroll, Type, Key, OpenApp, Wait))

    def __init__(self, prepare: Callable[[], Jail], *, screen: ScreenSize, apps: Apps, pictures: Threads) -> None:
        """`prepare` returns a new jail; `pictures` are the threads in which pixels are copied."""
        self.sandbox_id: Final = uuid4().hex
        self._prepare = prepare
        self._size = screen
        self._screen = Bounds(0, 0, screen.width, screen.height)
        self._apps = apps
        self._pictures = pictures
        self._jail: Jail | None = None
        self._session: Session | None = None
        self._closed = False

    async def open(self) -> None:
        """Start a fresh desktop without windows.

        Raises:
            SandboxError: it cannot be started; SandboxGoneError if it was closed.
        """
        if self._closed:
            raise SandboxGoneError(f"the desktop {self.sandbox_id} was closed", SandboxEnd.CLOSED)
        self._jail = self._prepare()
        self._session = Session(self._jail, self._size, self._pictures)
        await self._session.open()

    async def observe(self, *, screenshot: bool) -> Observation:
        """Return the tree of all windows, and the screen's pixels where they are asked for.

        Raises:
            SandboxGoneError: it is gone, or its display does not answer.
        """
        session = self._open_session()
        async with self._explained():
            picture = await self._pictures.run(session.frames.picture) if screenshot else None
            programs = await session.programs()
            windows = await session.windows.all()
        root = tree.desktop(self._screen, windows, programs, self._apps.names)
        return Observation(self._screen.width, self._screen.height, root, picture)

    async def act(self, action: Action) -> str:
        """Carry out one action, and wait until the screen stands still.

        Raises:
            UnsupportedActionError: it takes no such action.
            TransientSandboxError: the action leaves the screen, names a key, a character or an app that does not exist,
                or the program that it is for does not react.
            SandboxGoneError: the desktop is gone, or its display does not answer.
        """
        session = self._open_session()
        async with self._explained():
            match action:
                case Wait(seconds):
                    await asyncio.sleep(seconds)
                    self._open_session()
                    return f"waited {seconds:g} s"
                case OpenApp(said):
                    return await self._open_app(session, self._apps.find(said))
            told = await _with_hands(session.hands, action, self._screen)
            await session.hands.read_by_program(REACTION_SECONDS)
            await self._settle(session)
            return told

    async def file(self, name: str) -> bytes | None:
        """Return what a file of the desktop's home holds now, None if there is none; for tests and success checks.

        Raises:
            SandboxGoneError: the desktop is gone.
        """
        self._open_session()
        return None if self._jail is None else await self._pictures.run(partial(_file, self._jail, name))

    async def ended(self) -> SandboxGoneError:
        """Wait until the desktop is gone, and return why."""
        jail = self._jail
        if jail is None:
            return self._not_open()
        await jail.ended()
        return jail.gone() or self._not_open()

    async def close(self, *, destroy: bool) -> None:  # noqa: ARG002 - a desktop is always destroyed
        """End the desktop and everything in it."""
        self._closed = True
        if self._session is not None:
            await self._session.close()

    async def _open_app(self, session: Session, app: App) -> str:
        before = set(await session.windows.ids())
        await session.start_app(app.command)
        if not await _soon(lambda: _has_new(session, before), WINDOW_SECONDS):
            return f"started {app.name}, which has shown no window within {WINDOW_SECONDS:g} s"
        # A window gets the keys a moment after it is there.
        await _soon(lambda: _is_active(session, before), FOCUS_SECONDS)
        await session.hands.read_by_program(REACTION_SECONDS)
        await self._settle(session)
        return f"opened {app.name}"

    async def _settle(self, session: Session) -> None:
        """Wait until the screen stands still, so that the next picture shows what came of an action."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_SECONDS):
                before = await self._pictures.run(session.frames.pixels)
                while True:
                    await asyncio.sleep(STILL_SECONDS)
                    now = await self._pictures.run(session.frames.pixels)
                    if now == before:
                        return
                    before = now

    @contextlib.asynccontextmanager
    async def _explained(self) -> AsyncIterator[None]:
        """Let an error that comes from the desktop's end say why it ended; the jail knows a moment later."""
        try:
            yield
        except SandboxGoneError as error:
            if self._jail is None or error.reason is not SandboxEnd.CRASHED:
                raise
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(EXPLAIN_SECONDS):
                    await self._jail.ended()
            raise self._jail.gone() or error from None

    def _open_session(self) -> Session:
        gone = None if self._jail is None else self._jail.gone()
        if gone is not None:
            raise gone
        if self._session is None:
            raise self._not_open()
        return self._session

    def _not_open(self) -> SandboxGoneError:
        return SandboxGoneError(f"the desktop {self.sandbox_id} is not open", SandboxEnd.CLOSED)


async def _has_new(session: Session, before: Collection[int]) -> bool:
    return any(window not in before for window in await session.windows.ids())


async def _is_active(session: Session, before: Collection[int]) -> bool:
    return await session.windows.active() not in {0, *before}


async def _soon(is_so: Callable[[], Awaitable[bool]], seconds: float) -> bool:
    """Wait until something is so; False if it is not in time."""
    try:
        async with asyncio.timeout(seconds):
            while not await is_so():  # noqa: ASYNC110 - the display tells nobody
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        return False
    return True


def _file(jail: Jail, name: str) -> bytes | None:
    try:
        return Path(jail.reach(f"home/{name}") if jail.jailed else f"{jail.home}/{name}").read_bytes()
    except (SandboxError, FileNotFoundError):
        return None


async def _with_hands(hands: Hands, action: Action, screen: Bounds) -> str:
    match action:
        case Click(x, y, button, count):
            await hands.click(*_on(screen, x, y), button, count)
            return f"clicked {x}, {y}"
        case Move(x, y):
            await hands.move(*_on(screen, x, y))
            return f"moved the pointer to {x}, {y}"
        case Drag(x, y, to_x, to_y, button):
            await hands.drag(_on(screen, x, y), _on(screen, to_x, to_y), button)
            return f"dragged from {x}, {y} to {to_x}, {to_y}"
        case Scroll(x, y, dx, dy):
            await hands.scroll(*_on(screen, x, y), dx, dy)
            return f"scrolled at {x}, {y}"
        case Type(text):
            await hands.type(text)
            return f"typed {len(text)} characters"
        case Key(keys):
            try:
                spelled = keys_of(keys)
            except LookupError as error:
                raise TransientSandboxError(str(error)) from None
            await hands.press(spelled)
            return f"pressed {'+'.join(spelled)}"
    raise UnsupportedActionError(f"a desktop cannot {action.name}")


def _on(screen: Bounds, x: int, y: int) -> tuple[int, int]:
    if not screen.contains(x, y):
        raise TransientSandboxError(f"({x}, {y}) is outside of the screen of {screen.width} x {screen.height} pixels")
    return x, y
