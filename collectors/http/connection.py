"""One client's connection: bytes to requests and answers to bytes, with h11 for the protocol.

A connection is always in one phase: opening, which is agreeing on TLS where there is any, waiting for a request,
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
from email.utils import formatdate
from enum import Enum, auto
from http import HTTPStatus
from math import inf
from typing import Final, Protocol
from urllib.parse import urlsplit

import attrs
import h11

from collectors.http import access
from collectors.http.messages import Request, Response, plain

_log = logging.getLogger(__name__)

MAX_HEADER_BYTES: Final = 16 * 1024
MAX_BODY_BYTES: Final = 64 * 1024
"""Of a request; nothing here needs one."""
MAX_PIPELINED_BYTES: Final = 64 * 1024
"""Received while an answer is under way; then the client has to wait."""


class Phase(Enum):
    """What a connection is doing."""

    OPENING = auto()
    IDLE = auto()
    RECEIVING = auto()
    ANSWERING = auto()
    SENDING = auto()
    LEAVING = auto()


QUIET: Final = frozenset({Phase.OPENING, Phase.IDLE, Phase.RECEIVING})
"""The phases of a connection that may have to make place: nothing is lost with it but what its client can ask again."""


@attrs.frozen(kw_only=True)
class Timeouts:
    """How many seconds each phase may last."""

    idle: float = 300.0
    """Between two requests: longer than any sensible scrape interval."""
    receiving: float = 10.0
    """From the first byte of a request to its last one; also for agreeing on TLS."""
    sending: float = 10.0
    """Until the client has taken an answer."""
    leaving: float = 1.0
    """Until the client has seen why it is sent away."""

    def of(self, phase: Phase) -> float:
        """Return the seconds of a phase."""
        return {
            Phase.OPENING: self.receiving,
            Phase.IDLE: self.idle,
            Phase.RECEIVING: self.receiving,
            Phase.ANSWERING: inf,
            Phase.SENDING: self.sending,
            Phase.LEAVING: self.leaving,
        }[phase]


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

    def answered(self, connection: "Connection") -> None:
        """Take notice that a connection is in use."""


class Connection(asyncio.Protocol):
    """One client."""

    def __init__(self, host: Host, answer: Callable[[Request], Awaitable[Response]]) -> None:
        self._host = host
        self._answer = answer
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEADER_BYTES)
        self._transport: asyncio.Transport
        self._client = ""
        self._secured = False
        self._request: h11.Request | None = None
        self._body_bytes = 0
        self._pipelined_bytes = 0
        self._arrived = 0.0
        self._opening: asyncio.Task[None]
        self._task: asyncio.Task[None] | None = None
        self._last = False
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
        self._http.receive_data(data)
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
        self._http.receive_data(b"")
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
        """Take requests out of what was received, up to the first complete one."""
        try:
            while self._take(self._http.next_event()):
                pass
        except h11.RemoteProtocolError as error:
            self._refuse(HTTPStatus(error.error_status_hint), "This is no request that can be understood")

    def _take(self, event: object) -> bool:
        """Take one event; tell whether the next one may be taken, too."""
        if event is h11.NEED_DATA:
            self._wait()
            return False
        if isinstance(event, h11.Request):
            return self._begin(event)
        if isinstance(event, h11.Data):
            self._body_bytes += len(event.data)
            if self._body_bytes <= MAX_BODY_BYTES:
                return True
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request has too large a body")
        elif isinstance(event, h11.EndOfMessage):
            self._enter(Phase.ANSWERING)
            self._arrived = time.perf_counter()
            self._task = asyncio.get_running_loop().create_task(self._respond(self._current()))
        else:
            self._transport.close()
        return False

    def _wait(self) -> None:
        """Wait for the rest of a request; a client may want to hear first that it is worth sending."""
        if self.phase is Phase.IDLE and self._http.trailing_data[0]:
            self._enter(Phase.RECEIVING)
        if self._http.they_are_waiting_for_100_continue:
            go_on = h11.InformationalResponse(status_code=HTTPStatus.CONTINUE, headers=[], reason=b"Continue")
            self._transport.write(self._http.send(go_on))

    def _begin(self, request: h11.Request) -> bool:
        self._request = request
        self._body_bytes = 0
        if self.phase is Phase.IDLE:
            self._enter(Phase.RECEIVING)
        # h11 itself limits only what is not complete yet.
        if _header_bytes(request) <= MAX_HEADER_BYTES:
            return True
        self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The request has too large headers")
        return False

    def _current(self) -> Request:
        """Return the request that was received, as the site reads it."""
        event = self._request
        assert event is not None  # noqa: S101 - for the type checker: a message has a beginning before it ends
        headers: dict[str, str] = {}
        for raw_name, raw_value in event.headers:
            name, value = raw_name.decode("ascii"), raw_value.decode("latin-1")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        method, target = _asked(event)
        path, query = _split(target)
        return Request(method, path, query, headers, self._arrived, self._client)

    async def _respond(self, request: Request) -> None:
        try:
            response = await self._answer(request)
        except Exception:  # noqa: BLE001 - the boundary of a request: logged and answered
            _log.exception("%s %s could not be answered", request.method, request.path)
            response = plain(HTTPStatus.INTERNAL_SERVER_ERROR, "This went wrong; the log says why")
        self._send(response, last=self._last)
        if self.phase is Phase.ANSWERING:
            self._next()

    def _next(self) -> None:
        """Close, or go on with what the client has sent in the meantime."""
        if self._http.our_state is not h11.DONE:
            self._transport.close()
            return
        self._http.start_next_cycle()
        self._request = None
        if self._pipelined_bytes > MAX_PIPELINED_BYTES:
            self._transport.resume_reading()
        self._pipelined_bytes = 0
        self._enter(Phase.IDLE)
        self._host.answered(self)
        self._receive()

    def _refuse(self, status: HTTPStatus, text: str) -> None:
        """Say why, and wait a moment with closing: what is unread at the end would destroy the answer on its way."""
        self._enter(Phase.LEAVING)
        self._arrived = time.perf_counter()
        self._send(plain(status, text), last=True)
        if self._transport.can_write_eof():
            self._transport.write_eof()
        else:
            self._transport.close()

    def _send(self, response: Response, *, last: bool) -> None:
        """Answer the request; there may be none that could be understood."""
        method, target = ("-", "-") if self._request is None else _asked(self._request)
        head = method == "HEAD"
        if self._host.access_log:
            seconds = time.perf_counter() - self._arrived
            access.log(self._client, method, _split(target)[0], response, head=head, seconds=seconds)
        self._transport.write(self._encode(response, head=head, last=last))

    def _encode(self, response: Response, *, head: bool, last: bool) -> bytes:
        """Return an answer as one piece, so that it leaves in one packet where it fits."""
        headers = [("Date", formatdate(usegmt=True)), ("X-Content-Type-Options", "nosniff"), *response.headers]
        # Of what the client has already, a length of 0 would be wrong (RFC 9110, section 8.6).
        if response.status is not HTTPStatus.NOT_MODIFIED:
            headers += [("Content-Type", response.content_type), ("Content-Length", str(len(response.body)))]
        if last:
            headers.append(("Connection", "close"))
        status = h11.Response(status_code=response.status, headers=headers, reason=response.status.phrase.encode())
        parts = [self._http.send(status)]
        if response.body and not head:
            parts.append(self._http.send(h11.Data(data=response.body)))
        parts.append(self._http.send(h11.EndOfMessage()))
        return b"".join(part for part in parts if part)


def _asked(request: h11.Request) -> tuple[str, str]:
    """Return method and target."""
    return request.method.decode("ascii"), request.target.decode("ascii")


def _header_bytes(request: h11.Request) -> int:
    """Return how long target and headers are, with the `: ` and the line end of each of these."""
    return len(request.target) + sum(len(name) + len(value) + 4 for name, value in request.headers)


def _split(target: str) -> tuple[str, str]:
    """Return path and query of a request target; it may come with scheme and host, as proxies send it."""
    if not target.startswith("/"):
        try:
            parts = urlsplit(target)
        except ValueError:
            return target, ""
        return parts.path or ("/" if parts.scheme else ""), parts.query
    path, _, query = target.partition("?")
    return path, query
