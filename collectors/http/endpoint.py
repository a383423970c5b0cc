"""The endpoint: a thread of its own with an event loop of its own, so that it answers while the service's is blocked.

The caller's thread binds the port, so that a taken one is an error before anything else has begun. All the rest
happens on the endpoint's loop.
"""

import asyncio
import contextlib
import logging
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, Self

import attrs

from collectors.http.connection import Connection
from collectors.http.hosts import Hosts
from collectors.http.listening import Listener
from collectors.http.messages import Request, Response
from collectors.http.phases import YIELDING, Timeouts
from collectors.http.security import Security

_log = logging.getLogger(__name__)

MAX_CONNECTIONS: Final = 1000
REGULARS: Final = 4
"""One connection in so many may be a regular's, who does not make place as long as others can."""
REGULAR_SECONDS: Final = 1.0
"""Whoever is served again so much later, on the same connection, becomes a regular, if there are few."""
TURNS_TO_CLOSE: Final = 3
"""In how many turns of the loop a connection that had to make place has given its file back."""


@attrs.frozen(kw_only=True)
class Limits:
    """What clients may cost."""

    connections: int = MAX_CONNECTIONS
    """Open at once; the one that has not asked for longest makes place for a new one."""
    timeouts: Timeouts = attrs.field(factory=Timeouts)
    stopping_seconds: float = 1.0
    """How long answers that are under way may take when the endpoint stops."""


class MetricsEndpoint:
    """Serves HTTP on one port, from `start` to `stop`."""

    def __init__(
        self,
        answer: Callable[[Request], Awaitable[Response]],
        *,
        host: str,
        port: int,
        limits: Limits | None = None,
        security: Security | None = None,
        hosts: Hosts | None = None,
        access_log: bool = False,
    ) -> None:
        guarded = answer if security is None else security.guarded(answer)
        self._answer = guarded if hosts is None else hosts.guarded(guarded)
        self._security = security
        self.access_log = access_log
        self._host = host
        self._port = port
        self._limits = limits or Limits()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._started = threading.Event()
        self._empty = asyncio.Event()
        self._connections: OrderedDict[Connection, None] = OrderedDict()
        self._regulars: OrderedDict[Connection, None] = OrderedDict()
        self._listener: Listener | None = None

    @property
    def port(self) -> int:
        """The port that it listens on; a free one if it was asked for port 0."""
        return self._port

    @property
    def scheme(self) -> str:
        """How its addresses begin: `https` if its web configuration sets TLS."""
        return "http" if self._security is None or self._security.context is None else "https"

    @property
    def timeouts(self) -> Timeouts:
        """How long each phase of a connection may last."""
        return self._limits.timeouts

    def start(self) -> None:
        """Listen; when this returns, requests are answered.

        Raises:
            ListenError: the address is taken, or not of this machine.
        """
        listener = Listener(self._host, self._port)
        self._port = listener.port
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(listener),), name="metrics")
        self._thread.daemon = True
        self._thread.start()
        self._started.wait()

    def stop(self) -> None:
        """Stop listening, let answers that are under way go out, and end the thread; a second call does nothing."""
        thread, self._thread = self._thread, None
        if thread is None or self._loop is None or self._stopping is None:
            return
        self._loop.call_soon_threadsafe(self._stopping.set)
        thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    # On the endpoint's loop.

    async def _serve(self, listener: Listener) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self._listener = listener
        listener.accept(self._take, self._make_place)
        chores = [self._repeat("look after its connections", partial(self._look_after, listener))]
        if self._security is not None:
            chores.append(self._repeat("read its web configuration again", self._security.reload))
        repeated = [asyncio.create_task(chore) for chore in chores]
        self._started.set()
        await self._stopping.wait()
        for task in repeated:
            task.cancel()
        listener.close()
        await self._leave()
        if self._security is not None:
            self._security.close()

    def _take(self, accepted: socket.socket) -> None:
        context = None if self._security is None else self._security.context
        Connection(self, self._answer).open(accepted, context)

    async def _repeat(self, what: str, chore: Callable[[], Awaitable[None]]) -> None:
        """Do a chore again and again; what fails is told, and tried again."""
        timeouts = self._limits.timeouts
        shortest = min(timeouts.idle, timeouts.receiving, timeouts.sending, timeouts.leaving)
        while True:
            await asyncio.sleep(min(1.0, shortest / 2))
            try:
                await chore()
            except Exception:  # noqa: BLE001 - the boundary of a background loop: logged
                _log.exception("the endpoint could not %s", what)

    async def _look_after(self, listener: Listener) -> None:
        """End the connections whose phase has lasted too long."""
        now = time.monotonic()
        for connection in [each for each in self._all() if each.deadline < now]:
            connection.abort()
        listener.resume()

    async def _leave(self) -> None:
        """Close all connections: idle ones now, the others when they are done, but within the time for that."""
        for connection in self._all():
            connection.close()
        if self._all():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._limits.stopping_seconds):
                    await self._empty.wait()
        for connection in self._all():
            connection.abort()
        # In these turns of the loop the aborted connections, and those that had to make place, are told so.
        for _ in range(TURNS_TO_CLOSE):
            await asyncio.sleep(0)

    def joined(self, connection: Connection) -> None:
        """Take notice of a new connection; at the limit, the one that has not asked for longest goes."""
        self._connections[connection] = None
        if len(self._connections) + len(self._regulars) > self._limits.connections:
            self._make_place()

    def _make_place(self) -> None:
        """End one connection: a new one may be that, too, if all others are being answered."""
        for connections in (self._connections, self._regulars):
            leaving = next((each for each in connections if each.phase in YIELDING), None)
            if leaving is not None:
                # Forgotten at once: until its end is told, the next one that joins has to find another one.
                del connections[leaving]
                leaving.abort()
                return

    def left(self, connection: Connection) -> None:
        """Forget a connection."""
        self._connections.pop(connection, None)
        self._regulars.pop(connection, None)
        if self._listener is not None:
            self._listener.released()
        if not self._connections and not self._regulars and self._stopping is not None and self._stopping.is_set():
            self._empty.set()

    def asked(self, connection: Connection) -> None:
        """Take notice that a connection is in use."""
        for connections in (self._connections, self._regulars):
            if connection in connections:
                connections.move_to_end(connection)

    def served(self, connection: Connection) -> None:
        """Take notice that a client has got what it asked for: whoever comes back is a regular, as a scraper is."""
        now = time.monotonic()
        if connection.since is None:
            connection.since = now
        elif (
            now - connection.since >= REGULAR_SECONDS
            and connection in self._connections
            and len(self._regulars) < self._limits.connections // REGULARS
        ):
            del self._connections[connection]
            self._regulars[connection] = None

    def _all(self) -> list[Connection]:
        return [*self._connections, *self._regulars]
