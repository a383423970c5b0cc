"""The pointer and the keyboard of a desktop, moved as by a person: events of the server's XTEST extension.

What is held is released on every way out, also if the action is cancelled: a request to release needs no waiting.
A program reads a key's meaning when it gets to the event, so a key gets another meaning only after the program has
answered a ping of the window manager's protocol, which stands in the same queue as its keys.
"""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Final

from gui_agents.domain.actions import Button
from gui_agents.domain.sandbox import SandboxError, TransientSandboxError
from gui_agents.sandboxes.x11.keyboard import NAMED, Batch, Layout, keysym_of, keysyms_of
from gui_agents.sandboxes.x11.windows import Windows
from gui_agents.sandboxes.x11.wire import Connection, RequestError

BUTTONS: Final = {Button.LEFT: 1, Button.MIDDLE: 2, Button.RIGHT: 3}
WHEEL_UP, WHEEL_DOWN, WHEEL_LEFT, WHEEL_RIGHT = 4, 5, 6, 7
DRAG_MOTIONS: Final = 12
DRAG_SECONDS: Final = 0.25
"""How long a drag takes: programs tell it from a click by its way and its events."""
BETWEEN_CLICKS_SECONDS: Final = 0.5
"""Two clicks at one place within less time are a double click to most programs."""
ANSWER_SECONDS: Final = 3.0
"""How long a program may take to read what was typed."""
SLOW_READER_SECONDS: Final = 0.05
"""Waited for programs that answer no pings."""

_KEY_PRESS, _KEY_RELEASE, _BUTTON_PRESS, _BUTTON_RELEASE, _MOTION = 2, 3, 4, 5, 6
_SET_ATTRIBUTES, _SEND_EVENT, _QUERY_POINTER, _QUERY_EXTENSION = 2, 25, 38, 98
_SET_MEANINGS, _GET_MEANINGS, _SET_KEYBOARD = 100, 101, 102
_FAKE_INPUT: Final = 2
_EVENT_MASK: Final = 1 << 11
_SUBSTRUCTURE_NOTIFY: Final = 1 << 19
_CLIENT_MESSAGE: Final = 33
_LOCK_MASK: Final = 1 << 1
_AUTO_REPEAT: Final = 1 << 7


class Hands:
    """The pointer and the keyboard of one display."""

    def __init__(self, connection: Connection, windows: Windows, xtest: int, layout: Layout) -> None:
        self._connection = connection
        self._windows = windows
        self._xtest = xtest
        self._layout = layout
        self._shift = self._keycode("shift")
        self._pings = 0
        self._pongs: asyncio.Queue[int] = asyncio.Queue()
        self._clicked: tuple[int, int, float] | None = None
        connection.on_event = self._hear

    @classmethod
    async def of(cls, connection: Connection, windows: Windows) -> "Hands":
        """Return the hands for a display.

        Raises:
            SandboxError: it has no XTEST extension.
        """
        name = b"XTEST"
        found = await connection.ask(_QUERY_EXTENSION, body=struct.pack("<HH", len(name), 0) + name)
        if not found[8]:
            raise SandboxError("the display has no XTEST extension")
        low, count = connection.screen.min_keycode, connection.screen.max_keycode - connection.screen.min_keycode + 1
        answer = await connection.ask(_GET_MEANINGS, body=struct.pack("<BBxx", low, count))
        width = answer[1]
        keysyms = struct.unpack_from(f"<{count * width}I", answer, 32)
        layout = Layout({low + key: keysyms[key * width : (key + 1) * width] for key in range(count)})
        # Held keys repeat, and a held key is one that the service was too busy to release.
        connection.send(_SET_KEYBOARD, body=struct.pack("<II", _AUTO_REPEAT, 0))
        return cls(connection, windows, found[9], layout)

    async def click(self, x: int, y: int, button: Button, count: int) -> None:
        """Click `count` times."""
        now = asyncio.get_running_loop().time()
        if self._clicked is not None and self._clicked[:2] == (x, y):
            await asyncio.sleep(self._clicked[2] + BETWEEN_CLICKS_SECONDS - now)
        self._move(x, y)
        await self._connection.sync()
        for _ in range(count):
            self._fake(_BUTTON_PRESS, BUTTONS[button])
            self._fake(_BUTTON_RELEASE, BUTTONS[button])
        self._clicked = (x, y, asyncio.get_running_loop().time())
        await self._connection.sync()

    async def move(self, x: int, y: int) -> None:
        """Move the pointer."""
        self._move(x, y)
        await self._connection.sync()

    async def drag(self, start: tuple[int, int], end: tuple[int, int], button: Button) -> None:
        """Press the button at one point, move, and release it at another."""
        self._move(*start)
        await self._connection.sync()
        with self._held(_BUTTON_PRESS, [BUTTONS[button]]):
            for step in range(1, DRAG_MOTIONS + 1):
                await asyncio.sleep(DRAG_SECONDS / DRAG_MOTIONS)
                self._move(*(a + (b - a) * step // DRAG_MOTIONS for a, b in zip(start, end, strict=True)))
            await self._connection.sync()
        await self._connection.sync()

    async def scroll(self, x: int, y: int, dx: int, dy: int) -> None:
        """Turn the wheel over a point, by notches to the right and down."""
        self._move(x, y)
        await self._connection.sync()
        for notches, back, forth in ((dy, WHEEL_UP, WHEEL_DOWN), (dx, WHEEL_LEFT, WHEEL_RIGHT)):
            for _ in range(abs(notches)):
                self._fake(_BUTTON_PRESS, forth if notches > 0 else back)
                self._fake(_BUTTON_RELEASE, forth if notches > 0 else back)
        await self._connection.sync()

    async def type(self, text: str) -> None:
        """Type a text into what has the focus.

        Raises:
            TransientSandboxError: a character cannot be typed, or the program does not read what is typed.
        """
        keysyms = keysyms_of(text)
        await self._end_capitals()
        typed = 0
        for batch in self._layout.batches(keysyms):
            self._give(batch)
            for stroke in batch.strokes:
                with self._held(_KEY_PRESS, [self._shift] if stroke.shift else []):
                    self._fake(_KEY_PRESS, stroke.keycode)
                    self._fake(_KEY_RELEASE, stroke.keycode)
            typed += len(batch.strokes)
            await self._connection.sync()
            if not await self.read_by_program(ANSWER_SECONDS):
                raise TransientSandboxError(
                    f"the window does not react: its program has not read the first {typed} characters within "
                    f"{ANSWER_SECONDS:g} s; wait, or close it"
                )

    async def press(self, keys: Sequence[str]) -> None:
        """Press keys together, in order, and release them.

        Raises:
            TransientSandboxError: the keyboard has no such key.
        """
        batch = next(self._layout.batches([keysym_of(key) for key in keys]))
        self._give(batch)
        shift = [self._shift] if any(stroke.shift for stroke in batch.strokes) and "shift" not in keys else []
        with self._held(_KEY_PRESS, [*shift, *(stroke.keycode for stroke in batch.strokes)]):
            await self._connection.sync()
        await self._connection.sync()

    async def read_by_program(self, seconds: float) -> bool:
        """Wait until the program of the active window has read all events so far; False if it does not in time."""
        window = await self._windows.active()
        try:
            if not window or not await self._windows.answers_pings(window):
                await asyncio.sleep(SLOW_READER_SECONDS)
                return True
        except RequestError:  # the window has vanished
            return True
        async with self._listening():
            self._pings = self._pings + 1 & 0x7FFFFFFF
            protocols, ping = self._windows.atom("WM_PROTOCOLS"), self._windows.atom("_NET_WM_PING")
            event = struct.pack(
                "<BBHIIIIIII", _CLIENT_MESSAGE, 32, 0, window, protocols, ping, self._pings, window, 0, 0
            )
            self._connection.send(_SEND_EVENT, body=struct.pack("<II", window, 0) + event)
            try:
                async with asyncio.timeout(seconds):
                    while await self._pongs.get() != self._pings:
                        pass
            except TimeoutError:
                return False
        return True

    @contextlib.asynccontextmanager
    async def _listening(self) -> AsyncIterator[None]:
        """Get the messages that programs send to the window manager; only now, for there is no bound on them."""
        while not self._pongs.empty():
            self._pongs.get_nowait()
        root = self._connection.screen.root
        self._connection.send(_SET_ATTRIBUTES, body=struct.pack("<III", root, _EVENT_MASK, _SUBSTRUCTURE_NOTIFY))
        try:
            yield
        finally:
            self._connection.send(_SET_ATTRIBUTES, body=struct.pack("<III", root, _EVENT_MASK, 0))

    def _hear(self, kind: int, event: bytes) -> None:
        if kind == _CLIENT_MESSAGE:
            protocols, ping, number = struct.unpack_from("<III", event, 8)
            if (protocols, ping) == (self._windows.atom("WM_PROTOCOLS"), self._windows.atom("_NET_WM_PING")):
                self._pongs.put_nowait(number)

    async def _end_capitals(self) -> None:
        answer = await self._connection.ask(_QUERY_POINTER, body=struct.pack("<I", self._connection.screen.root))
        if struct.unpack_from("<H", answer, 24)[0] & _LOCK_MASK:
            with self._held(_KEY_PRESS, [self._keycode("capslock")]):
                pass

    def _keycode(self, key: str) -> int:
        return next(self._layout.batches([NAMED[key]])).strokes[0].keycode

    def _give(self, batch: Batch) -> None:
        for keycode, keysym in batch.meanings.items():
            self._connection.send(_SET_MEANINGS, 1, struct.pack("<BBxxII", keycode, 2, keysym, keysym))

    @contextlib.contextmanager
    def _held(self, press: int, details: Sequence[int]) -> Iterator[None]:
        """Hold keys or buttons."""
        try:
            for detail in details:
                self._fake(press, detail)
            yield
        finally:
            for detail in reversed(details):
                self._fake(press + 1, detail)

    def _move(self, x: int, y: int) -> None:
        self._fake(_MOTION, 0, x, y)

    def _fake(self, kind: int, detail: int, x: int = 0, y: int = 0) -> None:
        root = self._connection.screen.root
        self._connection.send(self._xtest, _FAKE_INPUT, struct.pack("<BBxxII8xhh8x", kind, detail, 0, root, x, y))
