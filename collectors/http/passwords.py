"""Basic authentication (RFC 7617) with bcrypt, at a cost that scrapes can bear.

A check by bcrypt takes a tenth of a second of CPU, on purpose. So it runs outside the endpoint's loop, at most one at
a time and few waiting; and a password that was verified is remembered as a keyed hash, with a key that dies with the
process, so that the next scrape costs microseconds. An unknown user costs as much as a wrong password, so that the
time of an answer does not tell which names exist.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from enum import Enum, auto
from http import HTTPStatus
from typing import Final

import bcrypt

from collectors.http.messages import Response, plain

MAX_WAITING: Final = 8
"""Checks that may wait for bcrypt; who comes later is told to come back."""
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
        self._users = dict(users)
        self._key = secrets.token_bytes(32)
        self._verified: dict[str, bytes] = {}
        self._waiting = 0
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="metrics-bcrypt")
        # No password has this hash, and comparing with it takes as long as with the others.
        cost = max(hashed.split(b"$")[2] for hashed in self._users.values())
        self._nobody = b"$2b$" + cost + b"$" + b"." * 53

    async def refusal(self, authorization: str) -> Response | None:
        """Return the answer to a client whose Authorization header is worth nothing; None where it is good."""
        verdict = await self.check(authorization)
        return None if verdict is Verdict.ALLOWED else REFUSALS[verdict]

    async def check(self, authorization: str) -> Verdict:
        """Return what an Authorization header is worth."""
        credentials = _credentials(authorization)
        if credentials is None:
            return Verdict.DENIED
        user, password = credentials
        digest = hashlib.blake2b(user.encode() + b"\0" + password, key=self._key).digest()
        if hmac.compare_digest(self._verified.get(user, b""), digest):
            return Verdict.ALLOWED
        if self._waiting >= MAX_WAITING:
            return Verdict.BUSY
        self._waiting += 1
        try:
            hashed = self._users.get(user, self._nobody)
            loop = asyncio.get_running_loop()
            matches = await loop.run_in_executor(self._executor, _matches, password, hashed)
        finally:
            self._waiting -= 1
        if not matches or user not in self._users:
            return Verdict.DENIED
        self._verified[user] = digest
        return Verdict.ALLOWED

    def retire(self) -> None:
        """Check what waits, and then end."""
        self._executor.shutdown(wait=False)

    def close(self) -> None:
        """End the thread, after the check that is under way; what waits is not checked any more."""
        self._executor.shutdown(wait=True, cancel_futures=True)


def _matches(password: bytes, hashed: bytes) -> bool:
    matches = bcrypt.checkpw(password[:MAX_PASSWORD_BYTES], hashed)
    return matches and len(password) <= MAX_PASSWORD_BYTES


def _credentials(authorization: str) -> tuple[str, bytes] | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        # bcrypt takes no zero byte.
        return (user.decode(), password) if colon and b"\0" not in password else None
    except (binascii.Error, UnicodeDecodeError):
        return None
