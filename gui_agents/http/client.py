"""One HTTP client for all endpoints: a JSON request, and the answer as bytes.

Each task has clients of its own with one connection, or two, so that its connections, and nothing of another key, end
with it; `gui_agents.open_files.PER_TASK` counts on their number. Redirects are not followed: one would carry the screen
to an address that nobody configured. Nothing but the connection is read from the environment: no keys, headers or
`.netrc`.
"""

from collections.abc import AsyncIterator, Mapping
from ipaddress import ip_address
from ssl import SSLContext
from typing import Any, Final
from urllib.parse import urlsplit

import attrs
import httpcore2

from gui_agents.http.addresses import AddressRefusedError, EndpointPolicy, host_of
from gui_agents.http.body import JSON_BODY, OVERHEAD_BYTES, BodyBounds, BodyRefusedError, read_body
from gui_agents.http.causes import Way, cause_of
from gui_agents.http.errors import NoAnswerError
from gui_agents.http.names import Names
from gui_agents.http.network import CheckedNetwork, Stream, TooLongError
from gui_agents.http.proxies import Proxy, proxy_for
from gui_agents.http.told import Told

USER_AGENT: Final = "gui-agents"
DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@attrs.frozen
class Answer:
    """What an endpoint answered, whatever its status."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes


class HTTPClient:
    """Calls the endpoint below `base_url`, which `named_by` named.

    A `policy` has to agree to every address that is connected to.
    """

    def __init__(
        self,
        base_url: str,
        *,
        kind: str = "the endpoint",
        tls: SSLContext,
        names: Names,
        policy: EndpointPolicy | None,
        named_by: str = "the base URL",
        told: Told | None = None,
        proxies: Mapping[str, str] | None = None,
        connections: int = 1,
    ) -> None:
        parts = urlsplit(base_url)
        self.where = f"{kind} at {parts.netloc}"
        """What errors call the endpoint."""
        self._host = host_of(base_url)
        self._authority = parts.netloc
        self._scheme = parts.scheme
        self._port = parts.port or DEFAULT_PORTS[parts.scheme]
        self._path = parts.path.rstrip("/")
        self._query = f"?{parts.query}" if parts.query else ""
        self._names = names
        self._policy = policy
        proxy = proxy_for(base_url, proxies)
        self._by_proxy = proxy is not None
        self._way = Way(self._scheme, self._port, named_by, None if proxy is None else proxy.variable)
        self._told = Told() if told is None else told
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=tls,
            proxy=None if proxy is None else _pool_proxy(proxy, tls),
            max_connections=connections,
            # The operator chose the proxy; the endpoint behind it is checked in `_target`.
            network_backend=CheckedNetwork(names, None if self._by_proxy else policy),
        )

    async def post(self, path: str, content: bytes, headers: Mapping[str, str]) -> Answer:
        """Send JSON, and return the answer. To cancel it closes the connection.

        Raises:
            NoAnswerError: no answer came, or one that is not read.
        """
        return await self.send("POST", path, headers, content)

    async def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        content: bytes | None = None,
        bounds: BodyBounds = JSON_BODY,
    ) -> Answer:
        """Send a request, with JSON if there is content, and return the answer. To cancel it closes the connection.

        Raises:
            NoAnswerError: no answer came, or one that is not read.
        """
        try:
            url, extensions = await self._target(f"{self._path}{path}{self._query}")
            async with self._pool.stream(
                method, url, headers=self._headers(headers, content), content=content, extensions=extensions
            ) as response:
                answer = await self._read(response, bounds)
        except AddressRefusedError as error:
            raise NoAnswerError(str(error), passing=False, unsent=True) from None
        except (TooLongError, BodyRefusedError) as error:
            problem = str(error) or "more than an answer may have"
            raise NoAnswerError(f"{self.where} sent {problem}", passing=False) from None
        except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.ProxyError, OSError) as error:
            cause = cause_of(error, self._way)
            problem = f"{self.where} cannot be reached: {cause.text}"
            self._told.warn(self.where, problem)
            raise NoAnswerError(problem, passing=cause.passing, unsent=cause.unsent) from error
        self._told.forget(self.where)
        return answer

    async def close(self) -> None:
        """Close the connection. A second call does nothing."""
        await self._pool.aclose()

    def _headers(self, own: Mapping[str, str], content: bytes | None) -> list[tuple[str, str]]:
        usual = {
            "Host": self._authority,
            "Accept": "application/json",
            # An answer is small; what is not compressed cannot grow when it is opened.
            "Accept-Encoding": "identity",
            "User-Agent": USER_AGENT,
        }
        if content is not None:
            usual["Content-Type"] = "application/json"
        return [*{**usual, **own}.items()]

    async def _target(self, path: str) -> tuple[httpcore2.URL, dict[str, Any]]:
        """Return the URL of a request, and the name for the TLS handshake.

        A proxy would resolve the name of an endpoint once more, and might find another address than the one that was
        checked. So it is given the address, unless the operator allows the host by its name.
        """
        host, extensions = self._host, {}
        if self._by_proxy and self._policy is not None and not self._policy.names(self._host):
            ((_, address), *_) = await self._names.places(self._host, self._port, self._policy)
            if ip_address(address[0]).is_loopback:
                raise AddressRefusedError(f"{self._host} is a loopback address, and cannot be called through a proxy")
            host, extensions = _in_url(address[0]), {"sni_hostname": self._host}
        return httpcore2.URL(scheme=self._scheme, host=host, port=self._port, target=path), extensions

    async def _read(self, response: httpcore2.Response, bounds: BodyBounds) -> Answer:
        headers = {name.lower().decode("latin-1"): value.decode("latin-1") for name, value in response.headers}
        length = headers.get("content-length", "")
        if len(length) > len(str(bounds.max_bytes)) or int(length or 0) > bounds.max_bytes:
            raise BodyRefusedError(f"more than {bounds.max_bytes:,} bytes")
        connection = response.extensions["network_stream"]
        if isinstance(connection, Stream):
            connection.allow(bounds.max_bytes + OVERHEAD_BYTES)
        pieces: AsyncIterator[bytes] = response.aiter_stream()
        body = await read_body(pieces, headers.get("content-encoding", "").lower(), bounds)
        return Answer(response.status, headers, body)


def _in_url(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _pool_proxy(proxy: Proxy, tls: SSLContext) -> httpcore2.Proxy:
    return httpcore2.Proxy(proxy.url, auth=proxy.login, ssl_context=tls if proxy.url.startswith("https:") else None)
