"""The bare commands of a browser's step: recorded once, and sent again by the smallest client.

Theory of operation. While a sandbox makes a step, `Recorder` keeps what it sends, and for each command which replies it
had to wait for: all that were there when it was sent. `BareClient` then takes the pipe over and sends the same commands
in the same order, each after the same replies. So it has the browser do the same work with the same overlap, and only
the logic of the sandbox is missing. Events are read and dropped.
"""

import asyncio
import json
from typing import Any, Final

import attrs

from gui_agents.sandboxes.chromium.connection import Connection, Parameters
from gui_agents.sandboxes.chromium.sandbox import ChromiumSandbox

STREAM_BYTES: Final = 2**26


@attrs.frozen
class Command:
    """One command of a step."""

    method: str
    session: str
    parameters: Parameters
    after: frozenset[int]
    """The places of the commands of this step that were answered before."""


class Recorder:
    """Records what a sandbox sends from now on, until `stop`."""

    def __init__(self, sandbox: ChromiumSandbox) -> None:
        self.commands: list[Command] = []
        self._connection: Final = connection_of(sandbox)
        self._answered: set[int] = set()
        self._send = self._connection.send
        self._connection.send = self._record  # type: ignore[method-assign]

    def stop(self) -> list[Command]:
        """Record no more, and return what was recorded."""
        self._connection.send = self._send  # type: ignore[method-assign]
        return self.commands

    def _record(self, method: str, session: str = "", /, **parameters: Any) -> asyncio.Future[Parameters]:
        place = len(self.commands)
        self.commands.append(Command(method, session, parameters, frozenset(self._answered)))
        reply = self._send(method, session, **parameters)
        reply.add_done_callback(lambda _: self._answered.add(place))
        return reply


class BareClient:
    """Sends recorded commands over the pipe of a browser."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._number = 10**6

    @classmethod
    async def taking_over(cls, sandbox: ChromiumSandbox) -> "BareClient":
        """Take over the pipe of a sandbox, which is of no use from then on but to be closed."""
        connection = connection_of(sandbox)
        reader, writer = connection._reader, connection._writer
        reading = connection._reading
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        reader._limit = STREAM_BYTES  # type: ignore[attr-defined]
        return cls(reader, writer)

    async def step(self, commands: list[Command]) -> None:
        """Send the commands of one step, and wait until each is answered."""
        first = self._number
        self._number += len(commands)
        answered: set[int] = set()
        for place, command in enumerate(commands):
            while not command.after <= answered:
                await self._read(first, answered)
            message: dict[str, Any] = {
                "id": first + place,
                "method": command.method,
                "params": command.parameters,
                "sessionId": command.session,
            }
            self._writer.write(json.dumps(message).encode() + b"\0")
        while len(answered) < len(commands):
            await self._read(first, answered)

    async def _read(self, first: int, answered: set[int]) -> None:
        message = json.loads((await self._reader.readuntil(b"\0"))[:-1])
        if "error" in message:
            raise RuntimeError(f"the browser refuses a command that was recorded: {message['error']}")
        if "id" in message:
            answered.add(message["id"] - first)


def connection_of(sandbox: ChromiumSandbox) -> Connection:
    """Return the connection of a sandbox that is open."""
    assert sandbox._browser is not None
    return sandbox._browser.connection
