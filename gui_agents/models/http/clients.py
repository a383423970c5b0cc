"""The clients of one service, and what they share.

That is the TLS context, the only part that is slow to build (30 to 50 ms), and the threads. The HTTP library and the
public prices are optional, and slow to import (half a second): it is done in a thread, once, when the first model
needs them.
"""

import asyncio
import ssl
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final
from urllib.request import getproxies

from gui_agents.domain.packages import OptionalPackage
from gui_agents.models.excess import KnownExcess
from gui_agents.models.features import KnownLacks
from gui_agents.models.http.addresses import EndpointPolicy
from gui_agents.models.http.names import Names
from gui_agents.models.http.told import Told
from gui_agents.models.prices import known_prices
from gui_agents.threads import Threads

if TYPE_CHECKING:
    from gui_agents.models.http.client import HTTPClient

LIBRARY: Final = OptionalPackage("httpcore2", extra="models", purpose="language models")
MAX_DECODING: Final = 2
"""Large bodies that are decoded at once. They take turns anyway: the interpreter runs one thread at a time."""


class HTTPClients:
    """Makes clients. One instance serves all models of an event loop."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._loading = asyncio.Lock()
        self._tls: ssl.SSLContext | None = None
        self._names = Names()
        self._told = Told()
        # Once, because it goes through the whole environment.
        self._proxies = getproxies()
        self.lacks = KnownLacks(monotonic)
        """What endpoints lack, as their refusals showed."""
        self.excess = KnownExcess()
        """Which models have counted more than the bounds of their calls."""
        self.decoding = Threads("decode", MAX_DECODING)
        """For bodies that are too large to decode them on the event loop."""

    async def client(
        self, base_url: str, policy: EndpointPolicy | None, named_by: str = "the base URL"
    ) -> "HTTPClient":
        """Return a new client; whoever asked for it closes it. `named_by` is what errors call the address.

        Raises:
            PreconditionError: the HTTP library is not installed.
            ModelError: the environment names a proxy that cannot be used.
        """
        async with self._loading:
            if self._tls is None:
                LIBRARY.check()
                self._tls = await self.decoding.run(_load)
        from gui_agents.models.http.client import HTTPClient  # noqa: PLC0415 - loaded before, in a thread

        return HTTPClient(
            base_url,
            tls=self._tls,
            names=self._names,
            policy=policy,
            named_by=named_by,
            told=self._told,
            proxies=self._proxies,
        )


def _load() -> ssl.SSLContext:
    import_module("gui_agents.models.http.client")
    # The price of the first call is asked for on the event loop, right after it.
    known_prices.load()
    context = ssl.create_default_context()
    if find_spec("certifi") is not None:
        # Helps if the system has no certificates of its own.
        context.load_verify_locations(import_module("certifi").where())
    return context
