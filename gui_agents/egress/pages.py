"""What a browser shows for what it does not get."""

import html
from http import HTTPStatus
from typing import Final

import h11

from gui_agents.egress.errors import EgressError

_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body><h1>{title}</h1><p>{text}.</p></body></html>
"""


def answer(error: EgressError) -> tuple[h11.Response, h11.Data]:
    """Return the answer that tells of an error, in words and as RFC 9209 (Proxy-Status) says it."""
    title = "Not allowed" if error.problem.status < HTTPStatus.INTERNAL_SERVER_ERROR else "Not reached"
    page = _PAGE.format(title=title, text=html.escape(str(error))).encode()
    response = h11.Response(
        status_code=error.problem.status,
        reason=error.problem.status.phrase,
        headers=[
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(page))),
            ("Content-Security-Policy", "default-src 'none'"),
            ("Cache-Control", "no-store"),
            ("Proxy-Status", f"egress; error={error.problem.word}"),
            ("Connection", "close"),
        ],
    )
    return response, h11.Data(data=page)
