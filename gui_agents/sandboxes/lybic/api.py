"""Lybic's API: one method for each call, and whether it may be sent again.

A call that changes nothing, or that changes the same thing when it is repeated, is tried again with growing pauses.
`create` and `execute` are sent once, whatever comes of it; again only if they surely did not reach Lybic.
"""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import attrs

from gui_agents.domain.cloud import Account
from gui_agents.http.body import BodyBounds
from gui_agents.http.errors import NoAnswerError
from gui_agents.http.pauses import retry_after_seconds
from gui_agents.sandboxes.lybic.answers import Preview, Sandbox, Shape, as_preview, as_sandbox, as_shapes, listed
from gui_agents.sandboxes.lybic.failures import FailedCallError, Trouble, of_status

if TYPE_CHECKING:
    from gui_agents.http.client import Answer, HTTPClient

BOUNDS: Final = BodyBounds(2**19, 20_000)
"""Of an answer. A list of some hundred sandboxes has 200 kB; the worst answer is decoded in 6 ms."""

SUCCESS: Final = range(HTTPStatus.OK, HTTPStatus.MULTIPLE_CHOICES)


@attrs.frozen(kw_only=True)
class Patience:
    """How long one call may take, and how often and how fast it is tried again."""

    timeout_seconds: float = 30.0
    max_attempts: int = 4
    first_pause_seconds: float = 0.5
    """Doubled after every further failure, and cut by up to a half at random."""
    max_pause_seconds: float = 30.0
    """If Lybic asks for a longer pause, there is no further attempt."""

    def pause(self, failures: int, failed: FailedCallError) -> float | None:
        """Return the pause after so many failures, of which `failed` is the last; None to give up."""
        if failures >= self.max_attempts:
            return None
        asked = failed.retry_after_seconds
        if asked is not None:
            return asked if asked <= self.max_pause_seconds else None
        return self.first_pause_seconds * 2.0 ** (failures - 1) * random.uniform(0.5, 1)  # noqa: S311 - no secret


class LybicAPI:
    """The sandboxes of one account. Every method raises FailedCallError."""

    def __init__(self, client: "HTTPClient", account: Account, patience: Patience) -> None:
        self._client = client
        self._account = account
        self.patience = patience
        self._base = f"/api/orgs/{quote(account.organization, safe='')}"

    async def shapes(self) -> list[Shape]:
        """Return the kinds of sandboxes that the account may create."""
        return as_shapes(await self._read("GET", "/shapes"))

    async def create(self, name: str, shape: str, life_seconds: int) -> Sandbox:
        """Create a sandbox. Sent once."""
        wanted = {"name": name, "maxLifeSeconds": life_seconds, "shape": shape}
        return as_sandbox(await self._once("/sandboxes", wanted, self.patience.timeout_seconds))

    async def sandbox(self, sandbox_id: str) -> Sandbox:
        """Return what Lybic knows of a sandbox."""
        answer = await self._read("GET", _path(sandbox_id))
        inner = answer.get("sandbox") if isinstance(answer, dict) else None
        return as_sandbox(inner if isinstance(inner, dict) else answer)

    async def named(self, name: str) -> list[str]:
        """Return the ids of the sandboxes with a name."""
        return [sandbox.sandbox_id for sandbox in listed(await self._read("GET", "/sandboxes")) if sandbox.name == name]

    async def status(self, sandbox_id: str) -> str:
        """Return whether a sandbox is PENDING, RUNNING, STOPPED or in ERROR; UNKNOWN if Lybic does not say."""
        answer = await self._read("GET", _path(sandbox_id, "/status"))
        status = answer.get("status") if isinstance(answer, dict) else None
        return status if isinstance(status, str) and status else "UNKNOWN"

    async def preview(self, sandbox_id: str) -> Preview:
        """Return where the picture of the screen is. Not tried again: whoever wants the picture starts over."""
        return as_preview(await self._call("POST", _path(sandbox_id, "/preview"), None, self.patience.timeout_seconds))

    async def extend(self, sandbox_id: str, seconds: int) -> None:
        """Let a sandbox live so many seconds from now."""
        await self._read("POST", _path(sandbox_id, "/extend"), {"maxLifeSeconds": seconds})

    async def delete(self, sandbox_id: str) -> None:
        """Delete a sandbox; one that is gone is no failure."""
        try:
            await self._read("DELETE", _path(sandbox_id))
        except FailedCallError as failed:
            if failed.trouble is not Trouble.MISSING:
                raise

    async def execute(self, sandbox_id: str, action: Mapping[str, Any], extra_seconds: float = 0.0) -> None:
        """Carry out an action, which may take some seconds more than other calls. Sent once."""
        wanted = {"action": action, "includeScreenShot": False, "includeCursorPosition": False}
        await self._once(_path(sandbox_id, "/actions/execute"), wanted, self.patience.timeout_seconds + extra_seconds)

    async def close(self) -> None:
        """Close the connection. A second call does nothing."""
        await self._client.close()

    async def _read(self, method: str, path: str, wanted: Mapping[str, Any] | None = None) -> Any:
        return await retried(lambda: self._call(method, path, wanted, self.patience.timeout_seconds), self.patience)

    async def _once(self, path: str, wanted: Mapping[str, Any], seconds: float) -> Any:
        return await retried(lambda: self._call("POST", path, wanted, seconds), self.patience, once=True)

    async def _call(self, method: str, path: str, wanted: Mapping[str, Any] | None, seconds: float) -> Any:
        where = self._client.where
        headers = {"x-api-key": self._account.api_key.reveal()}
        content = None if wanted is None else json.dumps(wanted).encode()
        try:
            async with asyncio.timeout(seconds):
                answer = await self._client.send(method, f"{self._base}{path}", headers, content, BOUNDS)
        except TimeoutError:
            raise FailedCallError(
                f"{where} gave no answer within {seconds:g} s", Trouble.FAILED, undone=False
            ) from None
        except NoAnswerError as error:
            trouble = Trouble.FAILED if error.passing else Trouble.REFUSED
            raise _NotReachedError(error.problem, trouble, undone=error.unsent) from error
        return self._decoded(answer)

    def _decoded(self, answer: "Answer") -> Any:
        where = self._client.where
        try:
            body = json.loads(answer.body) if answer.body.strip() else None
        except (ValueError, RecursionError):
            body = None
            if answer.status in SUCCESS:
                problem = f"{where} sent no JSON; its address may be wrong"
                raise FailedCallError(problem, Trouble.FAILED, undone=False) from None
        if answer.status not in SUCCESS:
            pause = retry_after_seconds(answer.headers, datetime.now(UTC))
            raise of_status(where, answer.status, body, self._account.api_key, pause)
        return body


class _NotReachedError(FailedCallError):
    """No answer came."""


async def retried(attempt: Callable[[], Awaitable[Any]], patience: Patience, *, once: bool = False) -> Any:
    """Return the first answer of `attempt`. With `once`, it is repeated only if it surely did not reach its endpoint.

    Raises:
        FailedCallError: the last failure.
    """
    failures = 0
    while True:
        try:
            return await attempt()
        except FailedCallError as failed:
            failures += 1
            again = failed.passing and (not once or (failed.undone and isinstance(failed, _NotReachedError)))
            pause = patience.pause(failures, failed) if again else None
            if pause is None:
                raise
        await asyncio.sleep(pause)


def _path(sandbox_id: str, rest: str = "") -> str:
    return f"/sandboxes/{quote(sandbox_id, safe='')}{rest}"
