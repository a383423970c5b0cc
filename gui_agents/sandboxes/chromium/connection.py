"""The DevTools protocol over two pipes: commands with an end in time, and events.

Theory of operation. With `--remote-debugging-pipe`, messages are JSON objects with a NUL after each. A command has a
number; its reply carries the number, an event carries none. One connection serves the browser and all its pages: a
message names the session of its page. The reading ends with the pipe, and then every command that waits fails.
https://chromedevtools.github.io/devtools-protocol/
"""

import asyncio
import itertools
import json
import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import attrs

from gui_agents.domain.sandbox import SandboxError, TransientSandboxError
from gui_agents.threads import Threads

CHUNK_BYTES: Final = 2**18
MAX_MESSAGE_BYTES: Final = 2**26
"""Of one message; a picture of a screen has at most a few of them. Longer ones end the connection."""
LARGE_BYTES: Final = 2**18
"""Messages from this size on are decoded in a thread: what a page puts into a dialog has no bound."""
CALL_SECONDS: Final = 10.0

_log = logging.getLogger(__name__)

Parameters = Mapping[str, Any]
EventHandler = Callable[[str, str, Parameters], None]
"""Called with the session ("" for the browser itself), the event's name and its parameters."""


class CommandError(TransientSandboxError):
    """The browser has refused a command."""


class UnansweredError(TransientSandboxError):
    """The browser has not answered a command in time."""


class ConnectionEndedError(SandboxError):
    """The browser no longer reads or writes."""


class SessionEndedError(CommandError):
    """The page of a command is gone."""


@attrs.frozen(eq=False)
class _Waiting:
    session: str
    reply: asyncio.Future[Parameters]


class Connection:
    """The commands and events of one browser."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, on_event: EventHandler, *, decoding: Threads
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._on_event = on_event
        self._decoding = decoding
        self._numbers = itertools.count(1)
        self._waiting: dict[int, _Waiting] = {}
        self._ended = False
        self._reading = asyncio.get_running_loop().create_task(self._read())

    def send(self, method: str, session: str = "", /, **parameters: Any) -> asyncio.Future[Parameters]:
        """Send a command without waiting. The future is its result; it may be dropped.

        Raises:
            ConnectionEndedError: nothing can be sent any more.
        """
        if self._ended:
            raise ConnectionEndedError("the browser no longer answers")
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        self._writer.write(json.dumps(message).encode() + b"\0")
        reply: asyncio.Future[Parameters] = asyncio.get_running_loop().create_future()
        self._waiting[number] = _Waiting(session, reply)
        reply.add_done_callback(partial(self._forget, number))
        return reply

    async def call(
        self, method: str, session: str = "", /, *, seconds: float = CALL_SECONDS, **parameters: Any
    ) -> Parameters:
        """Send a command and return its result.

        Raises:
            CommandError: the browser refuses it, or its page is gone.
            UnansweredError: it takes longer than so many seconds.
            ConnectionEndedError: the browser is gone.
        """
        try:
            async with asyncio.timeout(seconds):
                return await self.send(method, session, **parameters)
        except TimeoutError:
            raise UnansweredError(f"the browser has not answered {method} for {seconds:g} s") from None

    def fail(self, session: str, error: SandboxError) -> None:
        """Fail what waits for a page that cannot answer."""
        for waiting in [each for each in self._waiting.values() if each.session == session]:
            _fail(waiting.reply, error)

    async def ended(self) -> None:
        """Wait until the browser no longer reads or writes."""
        await asyncio.wait({self._reading})

    async def close(self) -> None:
        """End the connection: what waits fails."""
        self._end()
        self._writer.close()
        self._reading.cancel()
        await asyncio.wait({self._reading})

    def _forget(self, number: int, reply: asyncio.Future[Parameters]) -> None:
        del self._waiting[number]
        if not reply.cancelled():
            reply.exception()  # whoever dropped the future does not want to know

    def _end(self) -> None:
        self._ended = True
        for waiting in list(self._waiting.values()):
            _fail(waiting.reply, ConnectionEndedError("the browser no longer answers"))

    async def _read(self) -> None:
        try:
            begun = bytearray()
            while chunk := await self._reader.read(CHUNK_BYTES):
                *whole, rest = chunk.split(b"\0")
                for part in whole:
                    begun += part
                    await self._receive(bytes(begun))
                    begun.clear()
                begun += rest
                if len(begun) > MAX_MESSAGE_BYTES:
                    break
        except (OSError, ValueError):
            pass
        finally:
            self._end()

    async def _receive(self, data: bytes) -> None:
        if len(data) < LARGE_BYTES:
            message = json.loads(data)
        else:
            message = await self._decoding.run(partial(json.loads, data))
        if "id" not in message:
            try:
                self._on_event(message.get("sessionId", ""), message["method"], message["params"])
            except (LookupError, TypeError, ValueError):
                _log.warning("an event of the browser is not understood: %.200r", message, exc_info=True)
            return
        waiting = self._waiting.get(message["id"])
        if waiting is None or waiting.reply.done():
            return
        if "error" in message:
            _fail(waiting.reply, CommandError(str(message["error"].get("message", ""))[:500]))
        else:
            waiting.reply.set_result(message["result"])


def _fail(reply: asyncio.Future[Parameters], error: SandboxError) -> None:
    if not reply.done():
        reply.set_exception(error)
