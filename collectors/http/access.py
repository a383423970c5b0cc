"""The access log: one line for each answer."""

import logging
from typing import Final

from collectors.http.messages import Response

_log = logging.getLogger(__name__)

LONGEST_PATH: Final = 200
"""Of a path that is logged; the rest is cut off."""


def log(client: str, method: str, path: str, response: Response, *, head: bool, seconds: float) -> None:
    """Log an answer; `seconds` are those since the request was complete, `head` leaves the body out of the count."""
    # Nothing in the path can end it: h11 lets no control characters and no spaces through.
    shown = path[:LONGEST_PATH].replace("\\", r"\\").replace('"', r"\"")
    size = 0 if head else len(response.body)
    _log.info('%s "%s %s" %d %d %.1f ms', client, method, shown, response.status, size, seconds * 1000)
