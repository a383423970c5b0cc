"""What the models of one event loop share: their HTTP clients, what is known of endpoints, threads for large bodies.

The public prices are slow to import (some tenths of a second). The price of the first call is asked for on the event
loop, right after it, so they are loaded together with the HTTP library.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from gui_agents.domain.model import ModelError
from gui_agents.domain.packages import OptionalPackage
from gui_agents.http.addresses import EndpointPolicy
from gui_agents.http.clients import HTTPClients
from gui_agents.http.errors import ProxyError
from gui_agents.models.excess import KnownExcess
from gui_agents.models.features import KnownLacks
from gui_agents.models.prices import known_prices
from gui_agents.threads import Threads

if TYPE_CHECKING:
    from gui_agents.http.client import HTTPClient

LIBRARY: Final = OptionalPackage("httpcore2", extra="models", purpose="language models")
MAX_DECODING: Final = 2
"""Large bodies that are decoded at once. They take turns anyway: the interpreter runs one thread at a time."""


class ModelClients:
    """Makes the clients of models. One instance serves all models of an event loop."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._http = HTTPClients(LIBRARY, "the model's endpoint", load=known_prices.load)
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
        try:
            return await self._http.client(base_url, policy, named_by)
        except ProxyError as error:
            raise ModelError(str(error)) from error
