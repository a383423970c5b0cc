"""The processes of one desktop, in its jail: started together, given apps to start, ended together."""

import asyncio
import contextlib
import logging
import os
import secrets
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from dbus_fast.auth import AuthAnonymous

from gui_agents.domain.sandbox import SandboxError, SandboxGoneError, TransientSandboxError
from gui_agents.domain.screen import ScreenSize
from gui_agents.jail.jail import Jail
from gui_agents.sandboxes.x11.accessibility import Accessibility, Program
from gui_agents.sandboxes.x11.frames import Frames
from gui_agents.sandboxes.x11.hands import Hands
from gui_agents.sandboxes.x11.windows import Windows
from gui_agents.sandboxes.x11.wire import COOKIE_NAME, Connection
from gui_agents.threads import Threads

READY_SECONDS: Final = 20.0
START_APP_SECONDS: Final = 5.0
RETRY_SECONDS: Final = 0.02
UNJAILED_BUS_SECONDS: Final = 3.0

_SCRIPTS: Final = ("session.sh", "apps.sh")
_SOCKETS: Final = "/tmp/.X11-unix"  # noqa: S108 - where X servers listen
_BUS: Final = "accessibility.bus"
_FAMILY_WILD: Final = b"\xff\xff"

_log = logging.getLogger(__name__)


class Session:
    """A running desktop. `open` starts it; `close` is always called afterwards."""

    def __init__(self, jail: Jail, screen: ScreenSize, threads: Threads) -> None:
        self._jail = jail
        self._screen = screen
        self._threads = threads
        self._process: asyncio.subprocess.Process | None = None
        self._display: int | None = None
        self._started = 0
        self._connection: Connection | None = None
        self._accessibility: Accessibility | None = None
        self._frames: Frames | None = None
        self.windows: Windows
        self.hands: Hands

    @property
    def frames(self) -> Frames:
        """The pixels."""
        if self._frames is None:
            raise SandboxGoneError("the desktop is not open")
        return self._frames

    async def programs(self) -> list[Program]:
        """Return what programs tell of themselves."""
        return [] if self._accessibility is None else await self._accessibility.programs()

    async def open(self) -> None:
        """Start the desktop, and wait until it is ready.

        Raises:
            SandboxError: it cannot be started, or is not ready in time.
        """
        cookie = secrets.token_bytes(16)
        try:
            async with asyncio.timeout(READY_SECONDS):
                await self._start(cookie)
                await self._connect(cookie)
        except TimeoutError:
            raise SandboxError(f"the desktop was not ready within {READY_SECONDS:g} s") from None
        except (OSError, EOFError) as error:
            raise self._jail.gone() or SandboxError(f"the desktop cannot be started: {error}") from error

    async def _start(self, cookie: bytes) -> None:
        shared, home = self._jail.shared, self._jail.home
        await self._threads.run(self._put_scripts)
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/games",
            "HOME": home,
            "LANG": "C.UTF-8",
            "XDG_RUNTIME_DIR": f"{shared}/run",
            "XDG_CONFIG_HOME": f"{home}/.config",
            "XAUTHORITY": f"{home}/.session/cookie",
            "SESSION": f"{home}/.session",
            "FRAMES": f"{shared}/frames",
            "DBUS_SESSION_BUS_ADDRESS": self._address("session.bus", shared),
            "AT_SPI_BUS_ADDRESS": self._address(_BUS, shared),
            "BUS_AUTH": "ANONYMOUS" if self._nameless else "EXTERNAL",
            # Settings as the programs have them by default, the same in each desktop.
            "GSETTINGS_BACKEND": "memory",
            "GTK_IM_MODULE": "gtk-im-context-simple",
            "GTK_OVERLAY_SCROLLING": "0",
            "QT_ACCESSIBILITY": "1",
            "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
        }
        argv = ["sh", f"{shared}/session.sh", str(self._screen), _escaped(_authority(cookie))]
        self._process = await self._jail.start(argv, environment, binds={_SOCKETS: "x11", self._jail.home: "home"})
        self._display = int((await self._line()).removeprefix("display "))

    def _address(self, bus: str, shared: str) -> str:
        """Return where a bus listens. Without a jail, the path of a file could be too long for a socket."""
        if self._jail.jailed or self._nameless:
            return f"unix:path={shared}/{bus}"
        return f"unix:abstract=gui-agents-{self._jail.jail_id}-{bus}"

    @property
    def _nameless(self) -> bool:
        """Whether the machine has no name for the desktop's user, which a jail without walls has if root makes it."""
        return not self._jail.jailed and os.geteuid() == 0

    def _put_scripts(self) -> None:
        for name in _SCRIPTS:
            shutil.copyfile(Path(__file__).with_name(name), self._jail.shared_outside / name)
        sockets = Path(_SOCKETS)
        if not self._jail.jailed and not sockets.exists():
            sockets.mkdir()
            sockets.chmod(0o1777)

    async def _connect(self, cookie: bytes) -> None:
        name = f"X{self._display}"
        path = self._jail.reach(f"x11/{name}") if self._jail.jailed else f"{_SOCKETS}/{name}"
        self._connection = await Connection.open(path, cookie)
        self.windows = await Windows.of(self._connection)
        self.hands = await Hands.of(self._connection, self.windows)
        self._frames = Frames(self._jail.reach("frames/Xvfb_screen0"))
        self._accessibility = await self._bus()
        # A window that comes while the window manager starts may wait until something else happens.
        while not await self.windows.are_managed():  # noqa: ASYNC110 - the display tells nobody
            await asyncio.sleep(RETRY_SECONDS)

    async def _bus(self) -> Accessibility | None:
        """Connect to the accessibility bus, which is started with the display and may be a little later.

        Without a jail there may be none, such as for a user whom the machine does not know by name.
        """
        deadline = asyncio.get_running_loop().time() + UNJAILED_BUS_SECONDS
        while True:
            try:
                if self._jail.jailed:
                    return await Accessibility.open(f"unix:path={self._jail.reach(_BUS)}")
                return await Accessibility.open(
                    self._address(_BUS, self._jail.shared), AuthAnonymous() if self._nameless else None
                )
            except (SandboxError, ConnectionError) as error:
                if isinstance(error, SandboxGoneError):
                    raise
                if not self._jail.jailed and asyncio.get_running_loop().time() > deadline:
                    _log.warning("the desktop has no accessibility trees, only windows: %s", error)
                    return None
                await asyncio.sleep(RETRY_SECONDS)

    async def start_app(self, command: Sequence[str]) -> None:
        """Start a program.

        Raises:
            TransientSandboxError: the desktop has no place for another process.
        """
        if self._process is None or self._process.stdin is None:
            raise SandboxGoneError("the desktop is not open")
        self._started += 1
        number = self._started
        told = ""
        with contextlib.suppress(OSError, EOFError, TimeoutError):
            self._process.stdin.write(f"{number} {shlex.join(command)}\n".encode())
            async with asyncio.timeout(START_APP_SECONDS):
                await self._process.stdin.drain()
                while not told.endswith(f" {number}"):  # the answer to one that took too long may come before
                    told = await self._line()
        if not told.startswith("started"):
            raise self._jail.gone() or TransientSandboxError(
                "the program cannot be started: the desktop has as many processes as it may; close other programs"
            )

    async def _line(self) -> str:
        if self._process is None or self._process.stdout is None:
            raise SandboxGoneError("the desktop is not open")
        line = await self._process.stdout.readline()
        if not line.endswith(b"\n"):
            raise EOFError("its program has ended")
        return line.decode(errors="replace").strip()

    async def close(self) -> None:
        """End the desktop. A second call does nothing, or what one that was cancelled has left undone."""
        # The last one first; each of them, whatever becomes of another.
        async with contextlib.AsyncExitStack() as closing:
            if not self._jail.jailed:
                closing.push_async_callback(self._threads.run, self._remove_sockets)
            if self._accessibility is not None:
                closing.push_async_callback(self._accessibility.close)
            if self._connection is not None:
                closing.push_async_callback(self._connection.close)
            if self._frames is not None:
                closing.callback(self._frames.close)
            closing.push_async_callback(self._jail.close)

    def _remove_sockets(self) -> None:
        """Remove what a display without a jail has left in the machine's own directory of temporary files."""
        if self._display is not None:
            for left in (f"{_SOCKETS}/X{self._display}", f"/tmp/.X{self._display}-lock"):  # noqa: S108
                Path(left).unlink(missing_ok=True)
            self._display = None


def _authority(cookie: bytes) -> bytes:
    """Return the file that shows programs' right to use the display: one cookie for displays of all names."""
    parts = (b"", b"", COOKIE_NAME, cookie)
    return _FAMILY_WILD + b"".join(len(part).to_bytes(2, "big") + part for part in parts)


def _escaped(data: bytes) -> str:
    return "".join(f"\\{byte:03o}" for byte in data)
