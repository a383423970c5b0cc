"""Requests and responses, as far as this endpoint needs them."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import attrs

TEXT: Final = "text/plain; charset=utf-8"
HTML: Final = "text/html; charset=utf-8"


@attrs.frozen
class Request:
    """One request whose body, if it had one, was read and dropped."""

    method: str
    path: str
    query: str
    """What follows the question mark, undecoded."""
    headers: Mapping[str, str]
    """By lower-case name; of several with one name, joined by commas."""
    arrived: float
    """When it was complete, on the clock of `time.perf_counter`."""
    client: str
    """The address that it came from; empty if the system does not tell."""

    def header(self, name: str) -> str:
        """Return a header by its lower-case name; empty if there is none."""
        return self.headers.get(name, "")

    def again(self, arrived: float) -> "Request":
        """Return the same request as one that arrived at another time."""
        return Request(self.method, self.path, self.query, self.headers, arrived, self.client)


@attrs.frozen
class Response:
    """One answer, complete."""

    status: HTTPStatus
    body: bytes
    content_type: str = TEXT
    headers: tuple[tuple[str, str], ...] = ()
    """Beside Content-Type, Content-Length and Date."""


def plain(status: HTTPStatus, text: str, *headers: tuple[str, str]) -> Response:
    """Return an answer of one line."""
    return Response(status, f"{text}\n".encode(), headers=headers)
