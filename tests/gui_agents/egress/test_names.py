import asyncio
import socket
import threading
from ipaddress import ip_address

import pytest

from gui_agents.egress import names
from gui_agents.egress.errors import EgressError, Problem
from gui_agents.egress.names import Resolver, looked_up, own_addresses
from tests.gui_agents.egress.peers import Names


@pytest.mark.parametrize(
    ("host", "addresses"),
    [
        ("127.0.0.1", ["127.0.0.1"]),
        ("0177.0.0.1", ["127.0.0.1"]),
        ("::1", ["::1"]),
        ("localhost", ["127.0.0.1", "::1"]),
        ("app.localhost", ["127.0.0.1", "::1"]),
        ("example.com", []),
    ],
)
def test_some_hosts_have_addresses_without_a_lookup(host, addresses):
    assert [str(address) for address in own_addresses(host)] == addresses


async def test_a_name_is_looked_up_and_each_address_is_there_once():
    found = await looked_up("a.test", Names(a_test=[["127.0.0.1", "::1", "127.0.0.1"]]))
    assert list(map(str, found)) == ["127.0.0.1", "::1"]


@pytest.mark.parametrize("error", [socket.gaierror(), TimeoutError(), UnicodeError()])
async def test_a_name_without_an_address_is_an_error_in_words(error):
    async def fails(name):
        raise error

    with pytest.raises(EgressError, match=r"a\.test has no address; check the name") as caught:
        await looked_up("a.test", fails)
    assert caught.value.problem is Problem.NOT_FOUND


async def test_the_system_s_resolver_is_asked_off_the_loop(monkeypatch):
    def getaddrinfo(name, port, **options):
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()
        return [(socket.AF_INET6, 0, 0, "", ("fe80::1%eth0", 0, 0, 2)), (socket.AF_INET, 0, 0, "", ("192.0.2.1", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert await Resolver()("a.test") == [ip_address("fe80::1"), ip_address("192.0.2.1")]


async def test_a_resolver_that_hangs_is_given_up(monkeypatch):
    hung, over = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def getaddrinfo(name, port, **options):
        loop.call_soon_threadsafe(hung.set)
        over.wait()
        return []

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(names, "LOOKUP_SECONDS", 0.01)
    try:
        with pytest.raises(TimeoutError):
            await Resolver()("a.test")
        # Its thread may begin after the caller has left.
        await asyncio.wait_for(hung.wait(), 20)
    finally:
        over.set()
