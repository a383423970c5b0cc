"""Basic authentication (RFC 7617) with bcrypt, at a cost that scrapes can bear.

A check by bcrypt takes a tenth of a second of CPU, on purpose. So it runs outside the endpoint's loop, one at a time in
a thread that gives way to all others, and what waits for it is bounded (see `collectors.http.turns`). A password that
was verified is remembered as a keyed hash, with a key that dies with the process, so that the next scrape costs
microseconds; so are the latest wrong ones. A check that was begun is finished and remembered, also if its client has
left: otherwise a client that is less patient than bcrypt would never get in.

All that does not match costs the same, whatever the hash of the user costs and whether there is such a user at all, so
that the time of an answer does not tell which names exist.
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import logging
import os
import secrets
import sys
import threading
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Future
from enum import Enum, auto
from http import HTTPStatus
from typing import Final

import attrs
import bcrypt

from collectors.http.messages import Request, Response, plain
from collectors.http.turns import Flow, Turns
from collectors.http.web_config import cost
from gui_agents.domain.address import site

_log = logging.getLogger(__name__)

MAX_WAITING_FOR_ONE: Final = 4
"""Requests that wait for the check of one credential; more of them are told to come back."""
MAX_WRONG: Final = 1024
"""Wrong credentials that are remembered."""
PATIENCE_SECONDS: Final = 10.0
"""How long a request waits for its check: as long as Prometheus does by default."""
MAX_PASSWORD_BYTES: Final = 72
"""bcrypt reads no more; longer ones never match."""
NICENESS: Final = 10
"""Of the thread that runs bcrypt: it gets a tenth of a core if others want all of them."""


class Verdict(Enum):
    """What came of a check."""

    ALLOWED = auto()
    DENIED = auto()
    BUSY = auto()
    """Too many checks are waiting."""


REFUSALS: Final = {
    Verdict.DENIED: plain(
        HTTPStatus.UNAUTHORIZED,
        "A name and a password are needed",
        ("WWW-Authenticate", 'Basic realm="metrics", charset="UTF-8"'),
    ),
    Verdict.BUSY: plain(HTTPStatus.TOO_MANY_REQUESTS, "Too many passwords are being checked", ("Retry-After", "1")),
}


@attrs.define(eq=False)
class _Check:
    """One credential that is to be checked, for all requests that came with it."""

    digest: bytes
    user: str
    password: bytes
    address: str
    flow: Flow
    requests: "list[asyncio.Future[Verdict]]" = attrs.field(factory=list)

    @property
    def awaited(self) -> bool:
        """Whether a request still waits for it."""
        return any(not request.done() for request in self.requests)

    def answer(self, verdict: Verdict) -> None:
        """Tell all requests that wait for it."""
        for request in self.requests:
            if not request.done():
                request.set_result(verdict)


class Passwords:
    """Checks credentials against bcrypt hashes; lives on one event loop."""

    def __init__(self, users: Mapping[str, bytes], patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._users: dict[str, bytes] = {}
        self._highest = 0
        self._patience_seconds = patience_seconds
        self._key = secrets.token_bytes(32)
        self._verified: dict[str, bytes] = {}
        self._wrong: OrderedDict[bytes, None] = OrderedDict()
        self._turns: Turns[_Check] = Turns()
        self._running: _Check | None = None
        self._matching: asyncio.Future[bool] | None = None
        self.use(users)

    def use(self, users: Mapping[str, bytes]) -> None:
        """Check against these users from now on; who keeps the hash stays remembered."""
        kept = {user for user, hashed in users.items() if self._users.get(user) == hashed}
        self._verified = {user: digest for user, digest in self._verified.items() if user in kept}
        self._wrong.clear()
        self._users = dict(users)
        self._highest = max(map(cost, self._users.values()))

    async def refusal(self, request: Request) -> Response | None:
        """Return the answer to a client whose Authorization header is worth nothing; None if it is good."""
        verdict = await self.check(request.header("authorization"), request.client, request.header("user-agent"))
        return None if verdict is Verdict.ALLOWED else REFUSALS[verdict]

    async def check(self, authorization: str, client: str, agent: str = "") -> Verdict:
        """Return what an Authorization header is worth.

        Args:
            authorization: the header.
            client: the address that it came from.
            agent: what the client calls itself.
        """
        credentials = _credentials(authorization)
        if credentials is None:
            return Verdict.DENIED
        user, password = credentials
        digest = hashlib.blake2b(user.encode() + b"\0" + password, key=self._key).digest()
        if hmac.compare_digest(self._verified.get(user, b""), digest):
            return Verdict.ALLOWED
        if digest in self._wrong:
            self._wrong.move_to_end(digest)
            return Verdict.DENIED
        return await self._checked(self._waiting(digest, user, password, client, agent))

    def _waiting(self, digest: bytes, user: str, password: bytes, client: str, agent: str) -> _Check:
        """Return the check of a credential: the one that waits or runs already, or a new one."""
        running = self._running
        check = running if running is not None and running.digest == digest else self._turns.find(digest)
        return check or _Check(digest, user, password, site(client), (user, agent))

    async def _checked(self, check: _Check) -> Verdict:
        if len(check.requests) >= MAX_WAITING_FOR_ONE:
            check.requests = [request for request in check.requests if not request.done()]
            if len(check.requests) >= MAX_WAITING_FOR_ONE:
                return Verdict.BUSY
        request: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        check.requests.append(request)
        if check is not self._running and self._turns.find(check.digest) is None:
            gone = self._turns.add(check)
            if gone is not None:
                gone.answer(Verdict.BUSY)
        self._run_next()
        try:
            async with asyncio.timeout(self._patience_seconds):
                return await request
        except TimeoutError:
            return Verdict.BUSY

    def _run_next(self) -> None:
        """Begin the check whose turn it is, unless one runs."""
        if self._running is not None or (check := self._turns.take()) is None:
            return
        self._running = check
        hashed = self._users.get(check.user)
        self._matching = asyncio.wrap_future(_in_a_thread(check.password, hashed, self._highest))
        self._matching.add_done_callback(lambda matching: self._finished(check, hashed, matching))

    def _finished(self, check: _Check, hashed: bytes | None, matching: "asyncio.Future[bool]") -> None:
        self._running = None
        if matching.cancelled():
            return
        error = matching.exception()
        if error is not None:
            _log.error("a password could not be checked", exc_info=error)
            check.answer(Verdict.BUSY)
            self._run_next()
            return
        matches = matching.result()
        # The users may have changed in the meantime.
        current = self._users.get(check.user) == hashed
        if matches and current:
            self._verified[check.user] = check.digest
        elif current:
            self._wrong[check.digest] = None
            if len(self._wrong) > MAX_WRONG:
                self._wrong.popitem(last=False)
        check.answer(Verdict.ALLOWED if matches and current else Verdict.DENIED)
        self._run_next()

    def retire(self) -> None:
        """End: what waits is told to come back, and what runs is of no use any more."""
        for check in self._turns.drained():
            check.answer(Verdict.BUSY)
        if self._running is not None and self._matching is not None:
            self._running.answer(Verdict.BUSY)
            self._matching.cancel()


def _in_a_thread(password: bytes, hashed: bytes | None, highest: int) -> "Future[bool]":
    """Check a password in a thread of its own, for which neither the loop nor the end of the process waits."""
    matching: Future[bool] = Future()
    matching.set_running_or_notify_cancel()

    def run() -> None:
        if sys.platform == "linux":
            # Linux gives each thread a niceness of its own.
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        try:
            matching.set_result(_matches(password, hashed, highest))
        except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
            matching.set_exception(error)

    try:
        threading.Thread(target=run, name="metrics-bcrypt", daemon=True).start()
    except RuntimeError as error:
        # The process has all the threads that it may have.
        matching.set_exception(error)
    return matching


def _matches(password: bytes, hashed: bytes | None, highest: int) -> bool:
    """Tell whether a password has this hash; a no always takes 2 ** highest rounds in all."""
    read = password[:MAX_PASSWORD_BYTES]
    if hashed is None:
        bcrypt.checkpw(read, _nobodys(highest))
        return False
    if bcrypt.checkpw(read, hashed) and len(password) <= MAX_PASSWORD_BYTES:
        return True
    # 2 ** c rounds are done; those of c, c + 1, ... up to the highest but one make 2 ** highest of them.
    for rest in range(cost(hashed), highest):
        bcrypt.checkpw(read, _nobodys(rest))
    return False


def _nobodys(price: int) -> bytes:
    """Return a hash that no password has; comparing with it takes as long as with others of its cost."""
    return b"$2b$%02d$" % price + b"." * 53


def _credentials(authorization: str) -> tuple[str, bytes] | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        # bcrypt takes no zero byte.
        return (user.decode(), password) if colon and b"\0" not in password else None
    except ValueError:
        return None
