"""The proxies that environment variables name: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, and NO_PROXY.

Small letters go before capital ones. As is usual, `http_proxy` alone has a small spelling only where REQUEST_METHOD is
set, because a CGI server sets HTTP_PROXY from a header. NO_PROXY lists hosts, domains, addresses and networks. This
machine itself is never called through a proxy, for which `localhost` would be another machine.
"""

from collections.abc import Mapping
from ipaddress import ip_network
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import attrs

from gui_agents.domain.internet import Address, literal_address
from gui_agents.http.addresses import host_of
from gui_agents.http.errors import ProxyError


@attrs.frozen
class Proxy:
    """A proxy that speaks HTTP, and what it asks for."""

    url: str
    """Without a user name and a password."""
    login: tuple[str, str] | None = attrs.field(default=None, repr=False)
    variable: str = ""
    """The environment variable that names it."""


def proxy_for(url: str, proxies: Mapping[str, str] | None = None) -> Proxy | None:
    """Return the proxy through which `url` is called, if any; `proxies` are those of the environment.

    Raises:
        ProxyError: a variable names a proxy that cannot be used.
    """
    parts = urlsplit(url)
    proxies = getproxies() if proxies is None else proxies
    named = next((scheme for scheme in (parts.scheme, "all") if proxies.get(scheme)), None)
    local = literal_address(host_of(url))
    if named is None or (local is not None and (local.is_loopback or _in_networks(local, proxies.get("no", "")))):
        return None
    if proxy_bypass(parts.netloc):
        return None
    return _proxy(proxies[named], f"{named.upper()}_PROXY")


def _in_networks(address: Address, exceptions: str) -> bool:
    """Tell whether NO_PROXY lists the network of an address, which `proxy_bypass` cannot read."""
    for text in exceptions.split(","):
        try:
            if address in ip_network(text.strip().strip("[]"), strict=False):
                return True
        except ValueError:
            continue
    return False


def _proxy(text: str, variable: str) -> Proxy:
    wrong = ProxyError(f"{variable} names no proxy that can be used; it must be a URL such as http://proxy:3128")
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise wrong from None
    if parts.scheme not in {"http", "https"} or not host or not text.isascii():
        raise wrong
    where = f"[{host}]" if ":" in host else host
    return Proxy(f"{parts.scheme}://{where}" + (f":{port}" if port else ""), _login(parts), variable)


def _login(parts: SplitResult) -> tuple[str, str] | None:
    if parts.username is None:
        return None
    return unquote(parts.username), unquote(parts.password or "")
