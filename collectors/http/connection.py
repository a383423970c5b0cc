"""One client's connection: its phases, their deadlines, and the answers on their way out.

A connection is always in one phase: opening, which is agreeing on TLS if there is any, waiting for a request,
receiving one, answering it, sending what the client does not take, or leaving. Each phase but answering, which is
ours, has a deadline; the endpoint's sweep ends what is past it. So an idle, slow or hanging client costs an object and
never a thread.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from math import inf
from typing import Final, Protocol

from collectors.http import access
from collectors.http.heads import head
from collectors.http.messages import Request, Response, plain
from collectors.http.phases import Phase, Timeouts
from collectors.http.reader import Reader, RefusedError

_log = logging.getLogger(__name__)

MAX_PIPELINED_BYTES: Final = 64 * 1024
"""Received while an answer is under way; then the client has to wait."""


class Host(Protocol):
    """What a connection knows of its endpoint."""

    @property
    def timeouts(self) -> Timeouts:
        """How long each phase may last."""

    @property
    def access_log(self) -> bool:
        """Whether each answer is logged."""

    def joined(self, connection: "Connection") -> None:
        """Take notice of a new connection; it may be sent away."""

    def left(self, connection: "Connection") -> None:
        """Forget a connection."""

    def asked(self, connection: "Connection") -> None:
        """Take notice that a connection is in use."""

    def served(self, connection: "Connection") -> None:
        """Take notice that a client has got what it may have, and may ask again."""


class Connection(asyncio.Protocol):
    """One client."""

    def __init__(self, host: Host, answer: Callable[[Request], Awaitable[Response]]) -> None:
        self._host = host
        self._answer = answer
        self._transport: asyncio.Transport
        self._reading: Reader | None = None
        self._client = ""
        self._secured = False
        self._pipelined_bytes = 0
        self._opening: asyncio.Task[None]
        self._task: asyncio.Task[None] | None = None
        self._last = False
        self._served = False
        self.since: float | None = None
        """When its client was first served, on the monotonic clock."""
        self.phase = Phase.OPENING
        self.deadline = inf

    def open(self, accepted: socket.socket, context: ssl.SSLContext | None) -> None:
        """Begin on a socket that was just accepted; from here on it counts, whatever its client does."""
        self._enter(Phase.OPENING)
        self._opening = asyncio.get_running_loop().create_task(self._open(accepted, context))
        # A task that is cancelled before its first step runs none of its own code.
        self._opening.add_done_callback(lambda _: self._opened(accepted))
        self._host.joined(self)

    def close(self) -> None:
        """Leave now, or right after the answer that is under way."""
        self._last = True
        if self.phase is Phase.OPENING:
            self._opening.cancel()
        elif self.phase is not Phase.ANSWERING:
            self._transport.close()

    def abort(self) -> None:
        """Leave at once, whatever is under way."""
        if self.phase is Phase.OPENING:
            self._opening.cancel()
        else:
            self._transport.abort()

    async def _open(self, accepted: socket.socket, context: ssl.SSLContext | None) -> None:
        timeouts = self._host.timeouts
        # Who breaks off is no error of ours.
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: self,
                accepted,
                ssl=context,
                ssl_handshake_timeout=None if context is None else timeouts.receiving,
                ssl_shutdown_timeout=None if context is None else timeouts.leaving,
            )

    def _opened(self, accepted: socket.socket) -> None:
        """Forget a connection that did not come about."""
        if self.phase is Phase.OPENING:
            accepted.close()
            self._host.left(self)

    @property
    def _reader(self) -> Reader:
        """What reads the requests; made for the first bytes, as those who only connect shall cost little."""
        if self._reading is None:
            self._reading = Reader(self._client)
        return self._reading

    # What the transport tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; asyncio has set TCP_NODELAY."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type checker
        self._transport = transport
        # Asked now, as a transport with TLS that is closing tells nothing more.
        peer = transport.get_extra_info("peername")
        self._client = str(peer[0]) if peer else ""
        self._secured = transport.get_extra_info("sslcontext") is not None
        # Tell as soon as the client does not take what it asked for.
        transport.set_write_buffer_limits(high=0)
        self._enter(Phase.IDLE)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - named by asyncio
        """End, and stop answering."""
        if self._task is not None:
            self._task.cancel()
        self._host.left(self)

    def data_received(self, data: bytes) -> None:
        """Take bytes in."""
        if self.phase is Phase.LEAVING:
            return
        if self.phase is Phase.IDLE and (request := self._reader.again(data)) is not None:
            self._answer_to(request)
            return
        self._reader.receive(data)
        if self.phase in (Phase.ANSWERING, Phase.SENDING):
            self._pipelined_bytes += len(data)
            if self._pipelined_bytes > MAX_PIPELINED_BYTES:
                self._transport.pause_reading()
        else:
            self._receive()

    def eof_received(self) -> bool:
        """Note that the client sends no more; what it has asked for, it still gets."""
        if self.phase is Phase.LEAVING:
            return False
        self._reader.receive(b"")
        if self.phase not in (Phase.ANSWERING, Phase.SENDING):
            self._receive()
        # TLS has no half-closed connections.
        return not self._secured

    def pause_writing(self) -> None:
        """Note that the client does not take the answer as fast as it comes."""
        if self.phase is Phase.ANSWERING:
            self._enter(Phase.SENDING)

    def resume_writing(self) -> None:
        """Go on: the client has taken everything."""
        if self.phase is Phase.SENDING:
            self._next()

    # What follows from it.

    def _enter(self, phase: Phase) -> None:
        self.phase = phase
        self.deadline = time.monotonic() + self._host.timeouts.of(phase)

    def _receive(self) -> None:
        """Take the first complete request out of what was received, or wait for the rest of it."""
        try:
            request = self._reader.take()
        except RefusedError as refused:
            self._refuse(refused)
            return
        if request is not None:
            self._answer_to(request)
        elif self._reader.closed:
            self._transport.close()
        else:
            if self.phase is Phase.IDLE and not self._reader.idle:
                self._enter(Phase.RECEIVING)
            self._transport.write(self._reader.go_on())

    def _answer_to(self, request: Request) -> None:
        self._enter(Phase.ANSWERING)
        self._host.asked(self)
        self._task = asyncio.get_running_loop().create_task(self._respond(request))

    async def _respond(self, request: Request) -> None:
        try:
            response = await self._answer(request)
        except Exception:  # noqa: BLE001 - the boundary of a request: logged and answered
            _log.exception("%s %s could not be answered", request.method, request.path)
            response = plain(HTTPStatus.INTERNAL_SERVER_ERROR, "This went wrong; the log says why")
        self._served = response.status is HTTPStatus.OK
        if not self._reader.answered(response.status):
            self._last = True
        self._send(response, request.method, request.path, request.arrived)
        if self.phase is Phase.ANSWERING:
            self._next()

    def _next(self) -> None:
        """Close, or go on with what the client has sent in the meantime."""
        if self._last:
            self._transport.close()
            return
        if self._pipelined_bytes > MAX_PIPELINED_BYTES:
            self._transport.resume_reading()
        self._pipelined_bytes = 0
        self._enter(Phase.IDLE)
        if self._served:
            self._host.served(self)
        if not self._reader.idle:
            self._receive()

    def _refuse(self, refused: RefusedError) -> None:
        """Say why, and wait a moment with closing: what is unread at the end would destroy the answer on its way."""
        self._enter(Phase.LEAVING)
        self._last = True
        self._send(plain(refused.status, str(refused)), refused.method, refused.path, time.perf_counter())
        if self._transport.can_write_eof():
            self._transport.write_eof()
        else:
            self._transport.close()

    def _send(self, response: Response, method: str, path: str, arrived: float) -> None:
        """Send an answer as one piece, so that it leaves in one packet if it fits."""
        bodiless = method == "HEAD"
        if self._host.access_log:
            seconds = time.perf_counter() - arrived
            access.log(self._client, method, path, response, head=bodiless, seconds=seconds)
        sent = head(response, last=self._last)
        self._transport.write(sent if bodiless else sent + response.body)
