"""Pushing a scraped page to a Pushgateway, in the words of prometheus_client."""

from collections.abc import Callable, Mapping, Sequence

import attrs
from prometheus_client.exposition import delete_from_gateway, push_to_gateway

from collectors.scraping.scraped import Scraped

Send = Callable[[str, str, Sequence[tuple[str, str]], bytes], object]
"""Sends one request: its URL, method, headers and body; raises if the gateway does not take it."""


@attrs.frozen
class Gateway:
    """One group of metrics at a gateway."""

    url: str
    job: str
    grouping: Mapping[str, str]
    """The labels beside `job` that name the group."""
    send: Send

    def push(self, page: Scraped) -> None:
        """Put the page in place of all that the group held."""
        push_to_gateway(self.url, self.job, page.registry(), dict(self.grouping), handler=self._handler)

    def delete(self) -> None:
        """Remove the group."""
        delete_from_gateway(self.url, self.job, dict(self.grouping), handler=self._handler)

    def _handler(
        self, url: str, method: str, timeout: float | None, headers: Sequence[tuple[str, str]], data: bytes
    ) -> Callable[[], None]:
        # `send` has a timeout of its own.
        del timeout

        def handle() -> None:
            self.send(url, method, headers, data)

        return handle
