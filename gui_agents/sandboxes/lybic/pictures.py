"""The pictures of screens: downloaded from where Lybic says, checked, and decoded off the event loop.

Lybic names the place of each picture, on whatever host. Unless that is the API's own, its address is checked as one
that a client names, and the account's key is never sent there.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

from gui_agents.domain.cloud import Account
from gui_agents.domain.screen import Picture
from gui_agents.http.addresses import EndpointPolicy
from gui_agents.http.body import BodyBounds
from gui_agents.http.errors import NoAnswerError
from gui_agents.pictures.encoding import PictureError
from gui_agents.sandboxes.lybic.failures import FailedCallError, Trouble
from gui_agents.threads import Threads

if TYPE_CHECKING:
    from gui_agents.http.client import HTTPClient

BOUNDS: Final = BodyBounds(20 * 2**20, max_pieces=40_000)
MAX_PIXELS: Final = 8 * 2**20
"""Of a screen, which is a little more than 4K. A task holds three bytes for each."""
FORMATS: Final = ("PNG", "WEBP", "JPEG")
HEADERS: Final = {"Accept": "image/png, image/webp, image/jpeg"}
NAMED_BY: Final = "the place of the picture that Lybic names"

Connector = Callable[[str, EndpointPolicy | None, str], Awaitable["HTTPClient"]]
"""Returns a client for a base URL, with the policy for its addresses and what names them."""


class Pictures:
    """Downloads the pictures of one sandbox; `policy` checks hosts other than the account's endpoint."""

    def __init__(
        self, connect: Connector, account: Account, policy: EndpointPolicy, threads: Threads, timeout_seconds: float
    ) -> None:
        self._connect = connect
        self._account = account
        self._policy = policy
        self._threads = threads
        self._timeout_seconds = timeout_seconds
        self._client: HTTPClient | None = None
        self._origin = ""

    async def picture(self, url: str) -> Picture:
        """Return the picture at `url`, as raw pixels.

        Raises:
            FailedCallError: it cannot be had, or is no picture.
        """
        parts = _checked(url)
        client = await self._client_of(f"{parts.scheme}://{parts.netloc}")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            async with asyncio.timeout(self._timeout_seconds):
                answer = await client.send("GET", target, HEADERS, bounds=BOUNDS)
        except TimeoutError:
            problem = f"the picture of the screen did not come within {self._timeout_seconds:g} s"
            raise FailedCallError(problem, Trouble.FAILED, undone=True) from None
        except NoAnswerError as error:
            trouble = Trouble.FAILED if error.passing else Trouble.REFUSED
            raise FailedCallError(f"the picture of the screen: {error.problem}", trouble, undone=True) from error
        if answer.status != HTTPStatus.OK:
            problem = f"the picture of the screen cannot be had: {client.where} answered {answer.status}"
            raise FailedCallError(problem, Trouble.FAILED, undone=True)
        try:
            return await self._threads.run(partial(_decoded, answer.body))
        except PictureError as error:
            raise FailedCallError(str(error), Trouble.FAILED, undone=True) from error

    async def close(self) -> None:
        """Close the connection. A second call does nothing."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _client_of(self, origin: str) -> "HTTPClient":
        if self._client is None or self._origin != origin:
            await self.close()
            own = urlsplit(self._account.base_url)
            is_own = self._account.configured and origin == f"{own.scheme}://{own.netloc}"
            self._client = await self._connect(origin, None if is_own else self._policy, NAMED_BY)
            self._origin = origin
        return self._client


def _checked(url: str) -> SplitResult:
    """Return the parts of the URL of a picture.

    Raises:
        FailedCallError: it is no URL that we would call.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
        right = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        right = False
    if not right or not url.isascii() or not url.isprintable() or " " in url:
        raise FailedCallError("Lybic names a picture that is at no http or https URL", Trouble.FAILED, undone=True)
    return parts


def _decoded(data: bytes) -> Picture:
    """Return a picture as raw pixels; slow, for threads.

    Raises:
        PictureError: it is none, or too large.
    """
    from PIL import Image  # noqa: PLC0415 - loaded by the first picture, in its thread

    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise PictureError(f"the picture of the screen has {image.width} x {image.height} pixels: too large")
            plain = image.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise PictureError(f"what Lybic gave as the picture of the screen is none ({error})"[:300]) from None
    return Picture(plain.tobytes(), plain.width, plain.height, None)
