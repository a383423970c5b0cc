"""Basic authentication (RFC 7617) with bcrypt, at a cost that scrapes can bear.

A check by bcrypt takes a tenth of a second of CPU, on purpose. So it runs outside the endpoint's loop, at most one at
a time and few waiting; and a password that was verified is remembered as a keyed hash, with a key that dies with the
process, so that the next scrape costs microseconds. All that does not match costs the same, whatever the hash of the
user costs and whether there is such a user at all, so that the time of an answer does not tell which names exist.
"""

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from enum import Enum, auto
from http import HTTPStatus
from typing import Final

import bcrypt

from collectors.http.messages import Response, plain
from collectors.http.web_config import cost

MAX_WAITING: Final = 8
"""Checks that may wait for bcrypt; who comes later is told to come back."""
MAX_WAITING_OF_ONE: Final = 2
"""Of them, those of one address: who tries passwords leaves room for others to log in."""
MAX_PASSWORD_BYTES: Final = 72
"""bcrypt reads no more; longer ones never match."""


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
    Verdict.BUSY: plain(HTTPStatus.SERVICE_UNAVAILABLE, "Too many passwords are being checked", ("Retry-After", "1")),
}


class Passwords:
    """Checks credentials against bcrypt hashes; lives on one event loop."""

    def __init__(self, users: Mapping[str, bytes]) -> None:
        self._users: dict[str, bytes] = {}
        self._highest = 0
        self._key = secrets.token_bytes(32)
        self._verified: dict[str, bytes] = {}
        self._waiting: Counter[str] = Counter()
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="metrics-bcrypt")
        self.use(users)

    def use(self, users: Mapping[str, bytes]) -> None:
        """Check against these users from now on; who keeps the hash stays remembered."""
        kept = {user for user, hashed in users.items() if self._users.get(user) == hashed}
        self._verified = {user: digest for user, digest in self._verified.items() if user in kept}
        self._users = dict(users)
        self._highest = max(map(cost, self._users.values()))

    async def refusal(self, authorization: str, client: str) -> Response | None:
        """Return the answer to a client whose Authorization header is worth nothing; None if it is good."""
        verdict = await self.check(authorization, client)
        return None if verdict is Verdict.ALLOWED else REFUSALS[verdict]

    async def check(self, authorization: str, client: str) -> Verdict:
        """Return what an Authorization header is worth; `client` is the address that it came from."""
        credentials = _credentials(authorization)
        if credentials is None:
            return Verdict.DENIED
        user, password = credentials
        digest = hashlib.blake2b(user.encode() + b"\0" + password, key=self._key).digest()
        if hmac.compare_digest(self._verified.get(user, b""), digest):
            return Verdict.ALLOWED
        if self._waiting.total() >= MAX_WAITING or self._waiting[client] >= MAX_WAITING_OF_ONE:
            return Verdict.BUSY
        hashed = self._users.get(user)
        self._waiting[client] += 1
        try:
            loop = asyncio.get_running_loop()
            matches = await loop.run_in_executor(self._executor, _matches, password, hashed, self._highest)
        finally:
            self._waiting -= Counter((client,))
        # The users may have changed in the meantime.
        if not matches or self._users.get(user) != hashed:
            return Verdict.DENIED
        self._verified[user] = digest
        return Verdict.ALLOWED

    def retire(self) -> None:
        """Check what waits, and then end."""
        self._executor.shutdown(wait=False)

    def close(self) -> None:
        """End the thread, after the check that is under way; what waits is not checked any more."""
        self._executor.shutdown(wait=True, cancel_futures=True)


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
