"""The `openai` SDK, imported when the first model needs it, and its clients as this service wants them.

Each task has a client of its own, so that its connections, and nothing of another key, end with it. All share one TLS
context, the only part that is slow to build (30 to 50 ms; the rest of a client takes less than 1 ms). The imports
(over 1 s, public prices included) and the context are made in a thread, once.

The SDK also reads an organization, a project, further keys and arbitrary headers from environment variables, and would
send them to any address. Here a request leaves with its own headers only.
"""

import asyncio
import ssl
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from gui_agents.domain.packages import OptionalPackage
from gui_agents.domain.spec import Endpoint
from gui_agents.models.endpoint import NO_KEY
from gui_agents.models.prices import known_prices

if TYPE_CHECKING:
    from openai import AsyncOpenAI

SDK: Final = OptionalPackage("openai", extra="openai", purpose="OpenAI-compatible models")
SENT_HEADERS: Final = frozenset(
    {
        "host",
        "accept",
        "accept-encoding",
        "connection",
        "content-type",
        "content-length",
        "user-agent",
        # The SDK's own mark of a call that wants the answer as it came; it looks for it when the answer is there.
        "x-stainless-raw-response",
    }
)
"""All that a request carries beside its key."""


class OpenAIClients:
    """Makes clients. One instance serves all models of an event loop."""

    def __init__(self) -> None:
        self._loading = asyncio.Lock()
        self._tls: ssl.SSLContext | None = None

    async def client(self, endpoint: Endpoint, *, timeout_seconds: float) -> "AsyncOpenAI":
        """Return a new client of the endpoint; whoever asked for it closes it.

        Raises:
            PreconditionError: the SDK is not installed.
        """
        async with self._loading:
            if self._tls is None:
                SDK.check()
                self._tls = await asyncio.to_thread(_load)
        return _client(endpoint, timeout_seconds, self._tls)


def _load() -> ssl.SSLContext:
    import openai.resources.chat.completions  # noqa: F401, PLC0415 - so that the event loop never waits for it

    # The price of the first call is asked for on the event loop, right after it.
    known_prices.load()

    context = ssl.create_default_context()
    if find_spec("certifi") is not None:
        # Comes with some versions of the SDK, and helps if the system has no certificates of its own.
        context.load_verify_locations(import_module("certifi").where())
    return context


def _client(endpoint: Endpoint, timeout_seconds: float, tls: ssl.SSLContext) -> "AsyncOpenAI":
    from openai import AsyncOpenAI, DefaultAsyncHttpxClient  # noqa: PLC0415 - loaded before, in a thread

    key = NO_KEY if endpoint.api_key is None else endpoint.api_key.reveal()

    async def keep_own_headers(request: Any) -> None:
        for name in [name for name in request.headers if name.lower() not in SENT_HEADERS]:
            del request.headers[name]
        request.headers["authorization"] = f"Bearer {key}"

    return AsyncOpenAI(
        api_key=key,
        base_url=endpoint.base_url,
        timeout=timeout_seconds,
        max_retries=0,
        http_client=DefaultAsyncHttpxClient(
            verify=tls,
            timeout=timeout_seconds,
            # A redirect would carry the screen to an address that nobody configured.
            follow_redirects=False,
            event_hooks={"request": [keep_own_headers]},
        ),
    )
