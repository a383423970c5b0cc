"""The clients of one kind of endpoint, and what they share.

That is the TLS context, the only part that is slow to build (30 to 50 ms), and the threads. The HTTP library is
optional, and slow to import (a tenth of a second): it is done in a thread, once, when the first client is made.
"""

import asyncio
import ssl
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.request import getproxies

from gui_agents.domain.packages import OptionalPackage
from gui_agents.http.addresses import EndpointPolicy
from gui_agents.http.names import Names
from gui_agents.http.told import Told
from gui_agents.threads import Threads

if TYPE_CHECKING:
    from gui_agents.http.client import HTTPClient


class HTTPClients:
    """Makes clients. One instance serves all endpoints of a kind on an event loop.

    `library` is the HTTP library, with what needs it; `kind` is what errors call an endpoint. `load` is called once, in
    a thread, before the first client is made. Each client has at most so many `connections`.
    """

    def __init__(
        self,
        library: OptionalPackage,
        kind: str,
        *,
        load: Callable[[], object] = lambda: None,
        connections: int = 1,
    ) -> None:
        self._library = library
        self._kind = kind
        self._load = load
        self._connections = connections
        self._loading = asyncio.Lock()
        self._threads = Threads("load-http")
        self._tls: ssl.SSLContext | None = None
        self._names = Names()
        self._told = Told()
        # Once, because it goes through the whole environment.
        self._proxies = getproxies()

    async def client(
        self, base_url: str, policy: EndpointPolicy | None, named_by: str = "the base URL"
    ) -> "HTTPClient":
        """Return a new client; whoever asked for it closes it. `named_by` is what errors call the address.

        Raises:
            PreconditionError: the HTTP library is not installed.
            ProxyError: the environment names a proxy that cannot be used.
        """
        async with self._loading:
            if self._tls is None:
                self._library.check()
                self._tls = await self._threads.run(self._loaded)
        from gui_agents.http.client import HTTPClient  # noqa: PLC0415 - loaded before, in a thread

        return HTTPClient(
            base_url,
            kind=self._kind,
            tls=self._tls,
            names=self._names,
            policy=policy,
            named_by=named_by,
            told=self._told,
            proxies=self._proxies,
            connections=self._connections,
        )

    def _loaded(self) -> ssl.SSLContext:
        import_module("gui_agents.http.client")
        self._load()
        context = ssl.create_default_context()
        if find_spec("certifi") is not None:
            # Helps if the system has no certificates of its own.
            context.load_verify_locations(import_module("certifi").where())
        return context
