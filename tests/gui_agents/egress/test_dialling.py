import asyncio
import socket

import pytest

from gui_agents.domain.egress import EgressVerdict
from gui_agents.egress import dialling
from gui_agents.egress.dialling import Dialler
from gui_agents.egress.errors import EgressError
from tests.gui_agents.egress.peers import LONGEST, Names, Server, policy, serving


async def dial(host, port, *items, **names):
    stream = await asyncio.wait_for(Dialler(policy(*items), Names(**names)).dial(host, port), LONGEST)
    place = stream.writer.get_extra_info("peername")[:2]
    nodelay = stream.writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    stream.abort()
    await asyncio.sleep(0)
    assert nodelay
    return place


async def failure(host, port, *items, **names):
    with pytest.raises(EgressError) as caught:
        await dial(host, port, *items, **names)
    return caught.value.problem.verdict, str(caught.value)


@pytest.fixture
def silent():
    """A port of 127.0.0.2 where nobody answers: its one place for a connection is taken."""
    with socket.socket() as listening, socket.socket() as first, socket.socket() as second:
        listening.bind(("127.0.0.2", 0))
        listening.listen(0)
        for each in (first, second):
            each.setblocking(False)
            each.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]


async def test_the_connection_is_made_to_the_address_that_was_checked():
    names = Names(a_test=[["127.0.0.1"], ["127.0.0.2"]])
    async with serving(Server()) as port:
        dialler = Dialler(policy(f"127.0.0.1:{port}"), names)
        stream = await dialler.dial("a.test", port)
        assert stream.writer.get_extra_info("peername") == ("127.0.0.1", port)
        stream.abort()
        with pytest.raises(EgressError, match=r"a\.test has an address that is not public"):
            await dialler.dial("a.test", port)
    assert names.asked == ["a.test", "a.test"]


async def test_a_name_that_may_not_be_reached_is_not_looked_up():
    names = Names()
    with pytest.raises(EgressError):
        await Dialler(policy("example.com"), names).dial("secret.evil.example", 443)
    assert names.asked == []


async def test_an_address_inside_is_private_also_if_only_names_are_listed():
    assert (await failure("127.0.0.1", 80, "example.com"))[0] is EgressVerdict.DENIED_PRIVATE


async def test_an_ipv6_address_is_connected_to():
    async with serving(Server(), "::1") as port:
        assert await dial("::1", port, "::1") == ("::1", port)
        assert await dial("localhost", port, "localhost") == ("::1", port)


async def test_the_next_address_is_tried_if_one_refuses():
    async with serving(Server()) as port:
        found = await dial("a.test", port, "127.0.0.0/8", a_test=[["127.0.0.3", "127.0.0.1"]])
    assert found == ("127.0.0.1", port)


async def test_the_next_address_is_tried_if_one_is_silent(silent, monkeypatch):
    monkeypatch.setattr(dialling, "FALLBACK_SECONDS", 0.1)
    server = await asyncio.start_server(Server().accepted, "127.0.0.1", silent)
    async with server:
        found = await dial("a.test", silent, "127.0.0.0/8", a_test=[["127.0.0.2", "127.0.0.1"]])
    assert found == ("127.0.0.1", silent)


async def test_addresses_that_refuse_are_a_failure_in_words(unused_tcp_port):
    assert await failure("127.0.0.1", unused_tcp_port, "127.0.0.1") == (
        EgressVerdict.FAILED,
        f"127.0.0.1:{unused_tcp_port} cannot be connected to",
    )


async def test_an_address_that_never_answers_is_given_up(silent, monkeypatch):
    monkeypatch.setattr(dialling, "CONNECT_SECONDS", 0.1)
    assert (await failure("127.0.0.2", silent, "127.0.0.0/8"))[0] is EgressVerdict.FAILED


async def test_only_so_many_addresses_are_tried(monkeypatch):
    tried = []

    async def refuses(address, port):
        tried.append(str(address))
        raise ConnectionRefusedError

    monkeypatch.setattr(dialling, "_connected", refuses)
    many = [f"127.0.0.{number}" for number in range(1, 100)]
    await failure("a.test", 80, "127.0.0.0/8", a_test=[many])
    assert tried == many[: dialling.MAX_ADDRESSES]
