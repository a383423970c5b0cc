"""The windows of a desktop, as its window manager knows them: for programs without an accessibility tree, too."""

import asyncio
import struct
from collections.abc import Sequence
from typing import Final

import attrs

from gui_agents.domain.sandbox import SandboxGoneError
from gui_agents.domain.screen import Bounds
from gui_agents.sandboxes.x11.wire import Connection, RequestError

MAX_WINDOWS: Final = 100
MAX_TITLE_BYTES: Final = 800

_INTERN_ATOM, _GET_PROPERTY, _GET_GEOMETRY, _TRANSLATE = 16, 20, 14, 40
_ANY: Final = 0
_ATOMS: Final = (
    "_NET_CLIENT_LIST_STACKING",
    "_NET_ACTIVE_WINDOW",
    "_NET_WM_NAME",
    "_NET_FRAME_EXTENTS",
    "WM_PROTOCOLS",
    "_NET_WM_PING",
    "WM_NAME",
)


@attrs.frozen
class Window:
    """One window with a frame of the window manager's."""

    window_id: int
    title: str
    bounds: Bounds
    """The program's part of it."""
    frame: Bounds
    """All of it, with title bar and borders."""
    active: bool


class Windows:
    """Reads the windows of one display."""

    def __init__(self, connection: Connection, atoms: dict[str, int]) -> None:
        self._connection = connection
        self._atoms = atoms

    @classmethod
    async def of(cls, connection: Connection) -> "Windows":
        """Return the reader of a display's windows."""
        requests = [_intern(connection, name) for name in _ATOMS]
        return cls(connection, dict(zip(_ATOMS, await asyncio.gather(*requests), strict=True)))

    def atom(self, name: str) -> int:
        """Return the number of a name."""
        return self._atoms[name]

    async def are_managed(self) -> bool:
        """Tell whether a window manager runs, and has seen all windows that were there before."""
        body = self._property_of(self._connection.screen.root, "_NET_CLIENT_LIST_STACKING", 0)
        (kind,) = struct.unpack_from("<I", await self._connection.ask(_GET_PROPERTY, body=body), 8)
        return bool(kind)

    async def ids(self) -> Sequence[int]:
        """Return the windows' ids, the lowest window first."""
        words = await self._words(self._connection.screen.root, "_NET_CLIENT_LIST_STACKING", MAX_WINDOWS)
        return words[:MAX_WINDOWS]

    async def active(self) -> int:
        """Return the id of the window that gets the keys; 0 if there is none."""
        return next(iter(await self._words(self._connection.screen.root, "_NET_ACTIVE_WINDOW", 1)), 0)

    async def answers_pings(self, window_id: int) -> bool:
        """Tell whether a window's program says that it answers `_NET_WM_PING`."""
        return self._atoms["_NET_WM_PING"] in await self._words(window_id, "WM_PROTOCOLS", 16)

    async def all(self) -> list[Window]:
        """Return all windows, the lowest one first. One that vanishes meanwhile is left out."""
        active, ids = await asyncio.gather(self.active(), self.ids())
        found = await asyncio.gather(*(self._window(window_id, active) for window_id in ids))
        return [window for window in found if window is not None]

    async def _window(self, window_id: int, active: int) -> Window | None:
        body = struct.pack("<I", window_id)
        place = struct.pack("<IIhh", window_id, self._connection.screen.root, 0, 0)
        try:
            geometry, placed, title, extents = await asyncio.gather(
                self._connection.ask(_GET_GEOMETRY, body=body),
                self._connection.ask(_TRANSLATE, body=place),
                self._title(window_id),
                self._words(window_id, "_NET_FRAME_EXTENTS", 4),
            )
        except RequestError:
            return None
        width, height = struct.unpack_from("<HH", geometry, 16)
        x, y = struct.unpack_from("<hh", placed, 12)
        left, right, top, bottom = extents if len(extents) == 4 else (0, 0, 0, 0)  # noqa: PLR2004 - its four sides
        frame = Bounds(x - left, y - top, width + left + right, height + top + bottom)
        return Window(window_id, title, Bounds(x, y, width, height), frame, window_id == active)

    async def _title(self, window_id: int) -> str:
        for name in ("_NET_WM_NAME", "WM_NAME"):
            data = await self._property(window_id, name, MAX_TITLE_BYTES // 4)
            if data:
                return " ".join(data.decode("utf-8", "replace").split())
        return ""

    async def _words(self, window_id: int, name: str, count: int) -> Sequence[int]:
        data = await self._property(window_id, name, count)
        return struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])

    async def _property(self, window_id: int, name: str, words: int) -> bytes:
        answer = await self._connection.ask(_GET_PROPERTY, body=self._property_of(window_id, name, words))
        unit = answer[1] // 8
        (length,) = struct.unpack_from("<I", answer, 16)
        return answer[32 : 32 + length * unit]

    def _property_of(self, window_id: int, name: str, words: int) -> bytes:
        return struct.pack("<IIIII", window_id, self._atoms[name], _ANY, 0, words)


async def _intern(connection: Connection, name: str) -> int:
    body = struct.pack("<HH", len(name), 0) + name.encode()
    try:
        return int(struct.unpack_from("<I", await connection.ask(_INTERN_ATOM, body=body), 8)[0])
    except RequestError as error:
        raise SandboxGoneError(f"the desktop's display has no memory: {error}") from error
