"""Which proxy an endpoint is called through, and which endpoints NO_PROXY takes out."""

import os

import pytest

from gui_agents.http.errors import ProxyError
from gui_agents.http.proxies import Proxy, proxy_for


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch):
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("exceptions", "url", "direct"),
    [
        ("", "https://h.example/v1", False),
        ("other.example", "https://h.example/v1", False),
        ("h.example", "https://h.example/v1", True),
        (".example", "https://h.example/v1", True),
        ("*", "https://h.example/v1", True),
        ("h.example:8443", "https://h.example:8443/v1", True),
        ("10.1.2.3", "http://10.1.2.3:8000/v1", True),
        ("h.example, 10.0.0.0/8", "http://10.1.2.3:8000/v1", True),
        ("10.0.0.0/8", "http://11.1.2.3/v1", False),
        ("10.0.0.0/8", "http://h.example/v1", False),
        ("fd00::/8", "http://[fd12::1]:8000/v1", True),
        ("[fd12::1]", "http://[fd12::1]/v1", True),
        ("", "http://127.0.0.1:11434/v1", True),
        ("", "http://localhost:11434/v1", True),
    ],
)
def test_no_proxy_takes_out_hosts_domains_addresses_and_networks(monkeypatch, exceptions, url, direct):
    monkeypatch.setenv("ALL_PROXY", "http://me:secret@proxy:3128")
    monkeypatch.setenv("NO_PROXY", exceptions)
    found = proxy_for(url)
    assert found == (None if direct else Proxy("http://proxy:3128", ("me", "secret"), "ALL_PROXY"))
    assert "secret" not in repr(found)


@pytest.mark.parametrize("variable", ["ALL_PROXY", "HTTPS_PROXY"])
@pytest.mark.parametrize("text", ["socks5://proxy:1080", "socks5h://proxy", "http://", "http://proxy:99999", "ftp://p"])
def test_a_proxy_that_cannot_be_used_is_told_by_its_variable(monkeypatch, variable, text):
    monkeypatch.setenv(variable, text)
    with pytest.raises(ProxyError, match=f"^{variable} names no proxy that can be used; it must be a URL such as "):
        proxy_for("https://h.example/v1")
