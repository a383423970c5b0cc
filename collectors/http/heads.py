"""The head of an answer: status line and headers, written here alone.

h11 could write it too, but it checks each header on its way out, which takes tens of microseconds. These headers are
constants of this package and need no check: none holds what a client has sent.
"""

import time
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from collectors.http.messages import Response


def head(response: Response, *, last: bool) -> bytes:
    """Return the head of an answer; `last` says that the connection is closed after it."""
    status = response.status
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        f"Date: {_date(int(time.time()))}",
        "X-Content-Type-Options: nosniff",
        *[f"{name}: {value}" for name, value in response.headers],
    ]
    # If the client has the content already, a length of 0 would be wrong (RFC 9110, section 8.6).
    if status is not HTTPStatus.NOT_MODIFIED:
        lines += (f"Content-Type: {response.content_type}", f"Content-Length: {len(response.body)}")
    if last:
        lines.append("Connection: close")
    lines += ("", "")
    return "\r\n".join(lines).encode("latin-1")


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    """Return a second of the Unix clock as HTTP writes it; all answers of that second share it."""
    return formatdate(second, usegmt=True)
