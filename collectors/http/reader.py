"""One connection's bytes to requests: h11 parses them, and what repeats itself is not parsed again.

Theory of operation. A scraper sends the same bytes every few seconds, and h11 takes a tenth of a millisecond to parse
them and to write an answer. So the reader remembers the last request with its bytes. If the same bytes come again, it
returns that request again, and h11 never sees them.

This is safe because of where h11 stands. A request is only looked up while h11 is idle: it waits for a request, and its
buffer is empty. What it makes of bytes depends on its state and on these bytes alone, so that it would return the same
request. And a whole cycle (request, answer, `start_next_cycle`) would bring it back to where it is: idle, and empty. To
skip the cycle changes nothing, if the request leaves nothing behind in h11's state. That is why only some requests are
remembered, see `_remember`.

The request alone is remembered, and not its answer: passwords are checked again for each request. The bytes hold the
client's password until another request comes or the connection ends.
"""

import time
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import attrs
import h11

from collectors.errors import CollectorsError
from collectors.http.messages import Request

MAX_HEADER_BYTES: Final = 16 * 1024
MAX_BODY_BYTES: Final = 64 * 1024
"""Of a request; nothing here needs one."""
MAX_REMEMBERED_BYTES: Final = 4 * 1024
"""Of a request that is remembered, for as long as its connection lasts."""

_REPEATABLE: Final = frozenset({"GET", "HEAD"})
_EMPTY_LINES: Final = (b"\r\n", b"\n")
_TWO_LENGTHS: Final = frozenset({b"content-length", b"transfer-encoding"})
_LASTING: Final = frozenset({"connection", "content-length", "expect", "transfer-encoding", "upgrade"})
"""Headers that announce a body or concern the connection."""


class RefusedError(CollectorsError):
    """Bytes that are no request, or one that is too large; the connection cannot be used any more."""

    def __init__(self, status: HTTPStatus, text: str, method: str, path: str) -> None:
        super().__init__(text)
        self.status = status
        self.method = method
        """`-` if it was not understood."""
        self.path = path
        """`-` if it was not understood."""


@attrs.frozen
class _Remembered:
    """A request, and the bytes that it came in."""

    data: bytes
    request: Request


class Reader:
    """Reads the requests of one client, one after the other."""

    def __init__(self, client: str) -> None:
        self._client = client
        self._http = _parser()
        self._may_be_empty = True
        self._begun: h11.Request | None = None
        self._body_bytes = 0
        self._idle = True
        self._last = False
        self._piece: bytes | None = None
        self._remembered: _Remembered | None = None
        self.closed = False
        """Whether the client sends no more requests."""

    @property
    def idle(self) -> bool:
        """Whether nothing has come of the next request."""
        return self._idle

    def again(self, data: bytes) -> Request | None:
        """Return the last request once more if `data` are its bytes; otherwise they have to be received."""
        remembered = self._remembered
        if remembered is None or not self._idle or data != remembered.data:
            return None
        return remembered.request.again(time.perf_counter())

    def receive(self, data: bytes) -> None:
        """Receive bytes; none say that the client sends no more."""
        self._piece = data if self._idle else None
        self._idle = False
        self._http.receive_data(data)

    def take(self) -> Request | None:
        """Return the next request, or None if it is not complete.

        Raises:
            RefusedError: what has come is no request, or it is too large.
        """
        if self._begun is None and not self._skip_empty_line():
            return None
        try:
            while True:
                event = self._http.next_event()
                if isinstance(event, h11.Request):
                    self._begin(event)
                elif isinstance(event, h11.Data):
                    self._drop(event)
                elif isinstance(event, h11.EndOfMessage):
                    return self._complete()
                else:
                    self.closed = event is not h11.NEED_DATA
                    self._idle = self._begun is None and not self._http.trailing_data[0]
                    return None
        except h11.RemoteProtocolError as error:
            raise self._refused(
                HTTPStatus(error.error_status_hint), "This is no request that can be understood"
            ) from error

    def go_on(self) -> bytes:
        """Return what to send to a client that wants to hear first that its body is worth sending; often nothing."""
        if not self._http.they_are_waiting_for_100_continue:
            return b""
        response = h11.InformationalResponse(status_code=HTTPStatus.CONTINUE, headers=[], reason=b"Continue")
        return self._http.send(response) or b""

    def answered(self, status: HTTPStatus) -> bool:
        """Take notice of the answer to the request that was taken; tell whether another request may follow it."""
        # A request that repeats itself has left h11 idle.
        if self._http.our_state is h11.IDLE:
            return True
        # h11 only needs to know that there was an answer; what it would send is dropped, as it is written elsewhere.
        self._http.send(h11.Response(status_code=status, headers=[("Content-Length", "0")]))
        self._http.send(h11.EndOfMessage())
        if self._http.our_state is not h11.DONE or self._last:
            return False
        self._http.start_next_cycle()
        return True

    def _skip_empty_line(self) -> bool:
        """Ignore one empty line before a request (RFC 9112, section 2.2); return False if it is not all there.

        Some clients send one after a body. h11 would refuse it, so a fresh parser gets what comes after it.
        """
        received, closed = self._http.trailing_data
        if received == b"\r" and not closed and self._may_be_empty:
            return False
        line = next((line for line in _EMPTY_LINES if received.startswith(line)), None)
        if line is not None and self._may_be_empty:
            self._may_be_empty = False
            self._http = _parser()
            if len(received) > len(line):
                self._http.receive_data(received[len(line) :])
            if closed:
                self._http.receive_data(b"")
        return True

    def _begin(self, event: h11.Request) -> None:
        self._begun = event
        self._may_be_empty = True
        # The two may disagree on where the request ends, and a proxy before us may believe the other one
        # (RFC 9112, section 6.1).
        self._last = {name for name, _ in event.headers} >= _TWO_LENGTHS
        self._body_bytes = 0
        # h11 itself limits only what is not complete yet.
        if _asked(event)[1].host == "":
            raise self._refused(HTTPStatus.BAD_REQUEST, "The request's URL names no host")
        if _header_bytes(event) > MAX_HEADER_BYTES:
            raise self._refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The request has too large headers")

    def _drop(self, event: h11.Data) -> None:
        self._body_bytes += len(event.data)
        if self._body_bytes > MAX_BODY_BYTES:
            raise self._refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request has too large a body")

    def _complete(self) -> Request:
        event, self._begun = self._begun, None
        assert event is not None  # noqa: S101 - for the type checker: a message has a beginning before it ends
        headers: dict[str, str] = {}
        for raw_name, raw_value in event.headers:
            name, value = raw_name.decode("ascii"), raw_value.decode("latin-1")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        method, target = _asked(event)
        if target.host is not None:
            # Goes before the header (RFC 9112, section 3.2.2), also where it is checked whose name it is.
            headers["host"] = target.host
        request = Request(method, target.path, target.query, headers, time.perf_counter(), self._client)
        self._remember(request, event.http_version)
        return request

    def _remember(self, request: Request, version: bytes) -> None:
        """Remember a request that may be returned again for the same bytes; else forget the one before.

        It has come in one piece, to an idle reader, and the piece ends with it: its bytes are known. It has no body,
        and is of HTTP/1.1 without a word about the connection, so that h11 keeps nothing of it.
        """
        piece, self._piece = self._piece, None
        self._remembered = None
        if (
            piece is not None
            and len(piece) <= MAX_REMEMBERED_BYTES
            and request.method in _REPEATABLE
            and version == b"1.1"
            and _LASTING.isdisjoint(request.headers)
            and self._http.trailing_data == (b"", False)
        ):
            self._remembered = _Remembered(piece, request)

    def _refused(self, status: HTTPStatus, text: str) -> RefusedError:
        if self._begun is None:
            return RefusedError(status, text, "-", "-")
        method, target = _asked(self._begun)
        return RefusedError(status, text, method, target.path)


@attrs.frozen
class _Target:
    """What a request asks for."""

    path: str
    query: str
    host: str | None = None
    """With its port, if the target is a whole URL; empty if that names none."""


def _parser() -> h11.Connection:
    return h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEADER_BYTES)


def _asked(request: h11.Request) -> tuple[str, _Target]:
    """Return method and target."""
    return request.method.decode("ascii"), _target(request.target.decode("ascii"))


def _header_bytes(request: h11.Request) -> int:
    """Return how long target and headers are, with the `: ` and the line end of each of these."""
    return len(request.target) + sum(len(name) + len(value) + 4 for name, value in request.headers)


def _target(target: str) -> _Target:
    """Return the parts of a request's target; it may come with scheme and host, as clients send it to proxies."""
    if target.startswith("/"):
        path, _, query = target.partition("?")
        return _Target(path, query)
    try:
        parts = urlsplit(target)
    except ValueError:
        return _Target(target, "")
    if not parts.scheme:
        return _Target(parts.path, parts.query)
    return _Target(parts.path or "/", parts.query, parts.netloc.rpartition("@")[2])
