"""The egress proxy: the only way out of sandboxed browsers.

Theory of operation. Each browser has a gate: a listening socket in its jail, which this process serves. The jail needs
no other network. A browser asks by HTTP for a request or a tunnel. Its host is resolved here, all its addresses are
checked, and the connection is made to one of those addresses. What a page does, and what names lead to a moment later,
changes nothing. A redirect comes back to the browser, and is a new request.

Everything is bounded: connections of a browser and of all, heads, time, and bytes that wait on their way.
"""

import asyncio
import logging
import socket
from collections import deque
from collections.abc import Callable
from typing import Final

import attrs

from gui_agents.domain.address import host_and_port
from gui_agents.domain.egress import EgressVerdict
from gui_agents.egress.connection import serve
from gui_agents.egress.dialling import Dialler
from gui_agents.egress.errors import EgressError
from gui_agents.egress.names import Resolve, Resolver
from gui_agents.egress.policy import EgressPolicy
from gui_agents.egress.requests import Target
from gui_agents.egress.streams import BUFFERED_BYTES, Stream

MAX_CONNECTIONS: Final = 128
"""Of one browser at once. Chromium has at most 32 to a proxy, and as many for WebSockets."""
MAX_CONNECTIONS_IN_ALL: Final = 1024
MAX_REFUSALS: Final = 32
MAX_LOGGED: Final = 20
"""How many places that are not public the log names, of one browser. A page may try thousands."""

_log = logging.getLogger(__name__)


@attrs.frozen
class Refusal:
    """A connection that a browser did not get."""

    host: str
    port: int
    verdict: EgressVerdict
    text: str
    """Why, and what allows it, for the model and the operator."""


class EgressProxy:
    """The proxy of all browsers of a service. `count` gets the verdict of each connection."""

    def __init__(
        self, policy: EgressPolicy, count: Callable[[EgressVerdict], None], *, resolve: Resolve | None = None
    ) -> None:
        self.count = count
        self.connections = 0
        """Open now, of all browsers."""
        self._policy = policy
        self._resolve = resolve

    async def serve(self, listener: socket.socket) -> "Gate":
        """Serve the browser that connects to a listening socket. The gate owns the socket, also if this fails."""
        gate = Gate(self, Dialler(self._policy, Resolver() if self._resolve is None else self._resolve))
        try:
            await gate.open(listener)
        except BaseException:
            listener.close()
            raise
        return gate


class Gate:
    """The way out of one browser. `close` is always called."""

    def __init__(self, proxy: EgressProxy, dialler: Dialler) -> None:
        self.refusals: deque[Refusal] = deque(maxlen=MAX_REFUSALS)
        """The latest, oldest first. Who reads them may clear them."""
        self._logged: set[str] = set()
        """The places that are not public and that the log names."""
        self._proxy = proxy
        self._dialler: Dialler | None = dialler
        """None once the gate is closed: the threads of its lookups end with it."""
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    async def open(self, listener: socket.socket) -> None:
        """Begin to serve. Called once, by `EgressProxy.serve`."""
        listener.setblocking(False)
        # With `start_serving=True` a server would be lost, and would listen on, if this was cancelled.
        self._server = await asyncio.start_server(
            self._accepted, sock=listener, limit=BUFFERED_BYTES, start_serving=False
        )
        try:
            await self._server.start_serving()
        except BaseException:
            self._server.close()
            raise

    async def close(self) -> None:
        """End all connections, and listen no more. A second call does nothing."""
        self._dialler = None
        if self._server is not None:
            self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await asyncio.sleep(0)  # in which transports that were aborted close their sockets

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        full = len(self._serving) >= MAX_CONNECTIONS or self._proxy.connections >= MAX_CONNECTIONS_IN_ALL
        if self._dialler is None or full:
            writer.transport.abort()
            return
        self._proxy.connections += 1
        stream = Stream(reader, writer)
        task = asyncio.create_task(self._serve(stream, self._dialler))
        self._serving.add(task)
        task.add_done_callback(lambda task: self._served(task, stream))

    def _served(self, task: asyncio.Task[None], stream: Stream) -> None:
        stream.abort()  # here, because a task that was cancelled before it began has done nothing
        self._serving.discard(task)
        self._proxy.connections -= 1

    async def _serve(self, stream: Stream, dialler: Dialler) -> None:
        try:
            await serve(stream, dialler, self._note)
        except Exception:  # noqa: BLE001 - the boundary of a connection
            _log.exception("a connection of a browser failed")

    def _note(self, target: Target, error: EgressError | None) -> None:
        verdict = EgressVerdict.ALLOWED if error is None else error.problem.verdict
        place = host_and_port(target.host, target.port)
        self._proxy.count(verdict)
        _log.log(self._level(place, verdict), "a browser's connection to %s: %s", place, verdict)
        if error is not None:
            self.refusals.append(Refusal(target.host, target.port, verdict, str(error)))

    def _level(self, place: str, verdict: EgressVerdict) -> int:
        """Return at which level a connection is logged: each place that is not public is named once, up to a bound."""
        if verdict is not EgressVerdict.DENIED_PRIVATE or place in self._logged or len(self._logged) >= MAX_LOGGED:
            return logging.DEBUG
        self._logged.add(place)
        return logging.INFO
