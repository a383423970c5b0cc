"""Who looks at the pages of tasks: a token with each request, or a session that a token has begun.

A session is a random name in a cookie, and here, in memory, who it stands for; the token itself is kept nowhere. What
its owner may see is looked up each time, so a revoked token ends its sessions. The cookie cannot be read by scripts and
is not sent along by pages of other sites. Its name differs from process to process, as browsers share cookies between
the ports of a host.
"""

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import attrs

from collectors.http.messages import Request
from collectors.http.tasks.views import TaskSource, Viewer
from gui_agents.domain.access import AuthFailure, Identity

MAX_SESSIONS: Final = 1000
IDLE_SECONDS: Final = 12 * 3600.0
"""After which a session that nobody uses ends."""
HEADER: Final = "x-access-token"
"""Carries a token where Authorization has the name and the password of the endpoint."""
ID_BYTES: Final = 32


@attrs.define
class _Session:
    identity: Identity
    used: float


class Sessions:
    """Identifies viewers; lives on the endpoint's loop."""

    def __init__(
        self, source: TaskSource, *, secure: Callable[[], bool], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._source = source
        self._secure = secure
        self._monotonic = monotonic
        self._sessions: OrderedDict[str, _Session] = OrderedDict()
        """Those that were used last at the end."""
        self._cookie = f"gui_agents_{secrets.token_hex(4)}"

    def viewer(self, request: Request) -> Viewer | AuthFailure:
        """Return who sends a request, or why that is not known."""
        tokens = self._source.tokens
        authorization = _authorization(request)
        if authorization is None and tokens.on:
            identity = self._of_session(request)
            if identity is not None:
                return Viewer(identity, signed_in=True)
        found = tokens.identify(authorization)
        return found if isinstance(found, AuthFailure) else Viewer(found, signed_in=False)

    def begin(self, identity: Identity) -> tuple[str, str]:
        """Begin a session; return the header that tells the browser."""
        name = secrets.token_urlsafe(ID_BYTES)
        self._sessions[name] = _Session(identity, self._monotonic())
        if len(self._sessions) > MAX_SESSIONS:
            self._sessions.popitem(last=False)
        return self._header(name)

    def end(self, request: Request) -> tuple[str, str]:
        """End the session of a request, if it has one; return the header that tells the browser."""
        self._sessions.pop(self._named(request), None)
        return self._header("", "; Max-Age=0")

    def _of_session(self, request: Request) -> Identity | None:
        name = self._named(request)
        session = self._sessions.get(name)
        if session is None:
            return None
        now = self._monotonic()
        identity = self._source.tokens.current(session.identity)
        if identity is None or now - session.used > IDLE_SECONDS:
            del self._sessions[name]
            return None
        session.used = now
        self._sessions.move_to_end(name)
        return identity

    def _named(self, request: Request) -> str:
        cookies = (cookie.strip().partition("=") for cookie in request.header("cookie").replace(",", ";").split(";"))
        return next((value for name, _, value in cookies if name == self._cookie), "")

    def _header(self, value: str, more: str = "") -> tuple[str, str]:
        # Without a path it is sent to /tasks and below, also behind a proxy that puts a path before it.
        secure = "; Secure" if self._secure() else ""
        return "Set-Cookie", f"{self._cookie}={value}; HttpOnly; SameSite=Strict{secure}{more}"


def is_from_elsewhere(request: Request) -> bool:
    """Tell whether a page of another origin sends a request."""
    origin = request.header("origin")
    if origin and origin.partition("://")[2].lower() != request.header("host").strip().lower():
        return True
    return request.header("sec-fetch-site") in ("cross-site", "same-site")


def _authorization(request: Request) -> str | None:
    token = request.header(HEADER)
    if token:
        return f"Bearer {token}"
    # With any other scheme it is for the endpoint, and was checked there.
    given = request.header("authorization")
    return given if given[:7].lower() == "bearer " else None
