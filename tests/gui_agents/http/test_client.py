"""Calls go to the address that was checked, under the name that was given, or through a proxy."""

import asyncio
import socket
import ssl
import threading
from contextlib import asynccontextmanager

import pytest
import trustme

from gui_agents.http.addresses import EndpointPolicy
from gui_agents.http.body import BodyBounds
from gui_agents.http.client import HTTPClient
from gui_agents.http.errors import NoAnswerError, ProxyError
from gui_agents.http.names import MAX_LOOKUPS, Names
from gui_agents.threads import Threads
from tests.gui_agents.http.hostile import serving

CLOSED = EndpointPolicy(loopback=False)
HERE = EndpointPolicy(loopback=False, allowed=("127.0.0.1",))
TLS = ssl.create_default_context()


@pytest.fixture(autouse=True)
def without_proxies(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


async def ok():
    yield b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


async def ok_and_close():
    yield b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"


def resolving(monkeypatch, names: dict[str, list[list[str]]]) -> list[str]:
    """Let names have addresses, others with each lookup; return what is looked up."""
    asked = []
    real = socket.getaddrinfo

    def getaddrinfo(host, port, **options):
        if host not in names:
            return real(host, port, **options)
        asked.append(host)
        turns = names[host]
        addresses = turns.pop(0) if len(turns) > 1 else turns[0]
        return [found for address in addresses for found in real(address, port, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@asynccontextmanager
async def client(url, policy=None, tls=TLS):
    made = HTTPClient(url, tls=tls, names=Names(), policy=policy)
    try:
        yield made
    finally:
        await made.close()


def port(server) -> str:
    return server.base_url.rpartition(":")[2].removesuffix("/v1")


def shown(request: bytes) -> tuple[str, str]:
    """Return the first line of a request, and its Host."""
    lines = request.decode().split("\r\n")
    return lines[0], next(line for line in lines if line.lower().startswith("host: ")).partition(" ")[2]


async def test_a_name_that_changes_its_address_is_checked_for_each_connection(monkeypatch):
    asked = resolving(monkeypatch, {"llm.example": [["127.0.0.1"], ["127.0.0.2"]]})
    async with serving(ok_and_close) as server, client(f"http://llm.example:{port(server)}/v1", HERE) as one:
        answer = await one.post("/x", b"{}", {})
        assert (answer.status, answer.body) == (200, b"{}")
        assert asked == ["llm.example"]
        with pytest.raises(NoAnswerError, match=r"^llm\.example is a loopback address.*=llm\.example$") as refused:
            await one.post("/x", b"{}", {})
        assert not refused.value.passing
        assert server.connections == 1
    assert shown(server.requests[0]) == ("POST /v1/x HTTP/1.1", f"llm.example:{port(server)}")


async def test_a_kept_connection_is_used_without_another_lookup(monkeypatch):
    asked = resolving(monkeypatch, {"llm.example": [["127.0.0.1"], ["127.0.0.2"]]})
    async with serving(ok) as server, client(f"http://llm.example:{port(server)}/v1", HERE) as one:
        for _ in range(3):
            await one.post("/x", b"{}", {})
    assert (len(asked), server.connections) == (1, 1)


async def test_questions_at_once_share_one_connection():
    async with serving(ok) as server, client(server.base_url) as one:
        await asyncio.gather(*(one.post("/x", b"{}", {}) for _ in range(5)))
    assert (len(server.requests), server.connections) == (5, 1)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_a_request_without_content_says_nothing_of_its_type(method):
    async with serving(ok) as server, client(server.base_url) as one:
        assert (await one.send(method, "/x?y=1", {"Accept": "image/png"})).body == b"{}"
    head = server.requests[0].decode().lower()
    assert head.startswith(f"{method.lower()} /v1/x?y=1 http/1.1\r\n")
    assert "accept: image/png\r\n" in head
    assert "content-type" not in head
    assert "application/json" not in head


async def test_a_body_is_bounded_as_its_kind_demands():
    async def commas():
        yield b"HTTP/1.1 200 OK\r\ncontent-length: 200000\r\n\r\n" + b"," * 200_000

    async with serving(commas) as server, client(server.base_url) as one:
        assert len((await one.send("GET", "/x", {}, bounds=BodyBounds(200_000))).body) == 200_000
        for bounds in (BodyBounds(199_999), BodyBounds(200_000, max_values=199_999), BodyBounds(200_000, max_pieces=1)):
            with pytest.raises(NoAnswerError, match="sent more than"):
                await one.send("GET", "/x", {}, bounds=bounds)


async def test_an_announced_length_over_the_bound_is_refused_before_the_body_comes():
    async def only_a_head():
        yield b"HTTP/1.1 200 OK\r\ncontent-length: 4194305\r\n\r\n"
        await asyncio.Event().wait()

    async with serving(only_a_head) as server, client(server.base_url) as one:
        async with asyncio.timeout(10):
            with pytest.raises(NoAnswerError, match="sent more than 4,194,304 bytes"):
                await one.post("/x", b"{}", {})


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f000001", "2130706433", "LOCALHOST."])
async def test_no_spelling_of_an_address_gets_past_the_check(host):
    async with serving(ok) as server, client(f"http://{host}:{port(server)}/v1", CLOSED) as one:
        with pytest.raises(NoAnswerError, match="is a loopback address"):
            await one.post("/x", b"{}", {})
        assert server.connections == 0


async def test_one_inside_address_among_others_is_enough_to_refuse(monkeypatch):
    resolving(monkeypatch, {"llm.example": [["127.0.0.1", "10.0.0.1"]]})
    async with serving(ok) as server, client(f"http://llm.example:{port(server)}/v1", HERE) as one:
        with pytest.raises(NoAnswerError, match=r"llm\.example is no public address"):
            await one.post("/x", b"{}", {})
        assert server.connections == 0


async def test_the_next_address_is_tried(monkeypatch):
    resolving(monkeypatch, {"llm.example": [["127.0.0.2", "127.0.0.1", "127.0.0.3"]]})
    async with serving(ok) as server, client(f"http://llm.example:{port(server)}/v1") as one:
        assert (await one.post("/x", b"{}", {})).status == 200


async def test_a_name_without_an_address_cannot_be_reached(monkeypatch):
    def getaddrinfo(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    async with client("http://nowhere.example/v1", CLOSED) as one:
        with pytest.raises(NoAnswerError, match=r"endpoint at nowhere\.example cannot be reached: "):
            await one.post("/x", b"{}", {})


@asynccontextmanager
async def serving_tls(certificate: trustme.LeafCert):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    names = []
    context.sni_callback = lambda _connection, name, _context: names.append(name)

    async def connection(reader, writer):
        await reader.readuntil(b"{}")
        async for piece in ok():
            writer.write(piece)
        await writer.drain()
        writer.transport.abort()

    server = await asyncio.start_server(connection, "127.0.0.1", 0, ssl=context)
    yield server.sockets[0].getsockname()[1], names
    server.close()
    await server.wait_closed()


async def test_the_name_is_what_tls_checks(monkeypatch):
    resolving(monkeypatch, {"llm.example": [["127.0.0.1"]], "other.example": [["127.0.0.1"]]})
    authority = trustme.CA()
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with serving_tls(authority.issue_cert("llm.example")) as (there, names):
        async with client(f"https://llm.example:{there}/v1", HERE, trusting) as one:
            assert (await one.post("/x", b"{}", {})).status == 200
        assert names == ["llm.example"]
        for host, context in (("other.example", trusting), ("llm.example", TLS)):
            async with client(f"https://{host}:{there}/v1", HERE, context) as one:
                with pytest.raises(NoAnswerError, match="cannot be reached"):
                    await one.post("/x", b"{}", {})


@pytest.mark.parametrize(
    ("policy", "seen"),
    [
        (None, "POST http://llm.example:80/v1/x HTTP/1.1"),
        (CLOSED, "POST http://8.8.8.8:80/v1/x HTTP/1.1"),
        (EndpointPolicy(loopback=False, allowed=("llm.example",)), "POST http://llm.example:80/v1/x HTTP/1.1"),
    ],
    ids=["configured", "named", "allowed by name"],
)
async def test_a_proxy_is_given_the_address_that_was_checked(monkeypatch, policy, seen):
    resolving(monkeypatch, {"llm.example": [["8.8.8.8"]]})
    async with serving(ok) as proxy:
        monkeypatch.setenv("http_proxy", f"http://me:secret@127.0.0.1:{port(proxy)}")
        async with client("http://llm.example/v1", policy) as one:
            await one.post("/x", b"{}", {})
    assert shown(proxy.requests[0]) == (seen, "llm.example")
    assert b"Proxy-Authorization: Basic bWU6c2VjcmV0" in proxy.requests[0]


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1"])
async def test_no_proxy_is_asked_for_an_inside_address(monkeypatch, address):
    resolving(monkeypatch, {"llm.example": [[address]]})
    async with serving(ok) as proxy:
        monkeypatch.setenv("all_proxy", f"127.0.0.1:{port(proxy)}")
        async with client("http://llm.example/v1", EndpointPolicy(loopback=True)) as one:
            with pytest.raises(NoAnswerError, match=r"llm\.example is "):
                await one.post("/x", b"{}", {})
        assert proxy.connections == 0


@pytest.mark.parametrize(
    ("policy", "address", "asked"),
    [
        (None, "8.8.8.8", b"CONNECT llm.example:443"),
        (CLOSED, "8.8.8.8", b"CONNECT 8.8.8.8:443"),
        (CLOSED, "2606:4700::1111", b"CONNECT [2606:4700::1111]:443"),
    ],
)
async def test_a_tunnel_leads_to_the_address_that_was_checked(monkeypatch, policy, address, asked):
    resolving(monkeypatch, {"llm.example": [[address]]})
    requests = []

    async def connection(reader, writer):
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 403 No\r\n\r\n")
        writer.close()

    proxy = await asyncio.start_server(connection, "127.0.0.1", 0)
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}")
    async with client("https://llm.example/v1", policy) as one:
        with pytest.raises(NoAnswerError, match="cannot be reached"):
            await one.post("/x", b"{}", {})
    proxy.close()
    await proxy.wait_closed()
    assert requests[0].split(b" HTTP")[0] == asked


async def test_a_tunnel_keeps_the_name_for_tls(monkeypatch):
    resolving(monkeypatch, {"llm.example": [["8.8.8.8"]]})
    authority = trustme.CA()
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)

    async def pipe(reader, writer):
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async with serving_tls(authority.issue_cert("llm.example")) as (there, names):

        async def connection(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", there)
            writer.write(b"HTTP/1.1 200 Go on\r\n\r\n")
            await asyncio.gather(pipe(reader, inner_writer), pipe(inner_reader, writer), return_exceptions=True)

        proxy = await asyncio.start_server(connection, "127.0.0.1", 0)
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}")
        async with client("https://llm.example/v1", CLOSED, trusting) as one:
            assert (await one.post("/x", b"{}", {})).status == 200
        proxy.close()
        await proxy.wait_closed()
    assert names == ["llm.example"]


@pytest.mark.parametrize(
    ("variable", "value", "host"),
    [("no_proxy", "example, 127.0.0.1", "llm.example"), ("http_proxy", "http://127.0.0.1:1", "127.0.0.1")],
)
async def test_what_no_proxy_names_and_this_machine_are_called_directly(monkeypatch, variable, value, host):
    resolving(monkeypatch, {"llm.example": [["127.0.0.1"]]})
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv(variable, value)
    async with serving(ok) as server, client(f"http://{host}:{port(server)}/v1") as one:
        assert (await one.post("/x", b"{}", {})).status == 200


@pytest.mark.parametrize("value", ["socks5://127.0.0.1:1080", "http://", "http://[", "http://a:99999", "http://é"])
def test_a_proxy_that_cannot_be_used_is_named_by_its_variable(monkeypatch, value):
    monkeypatch.setenv("ALL_PROXY", value)
    with pytest.raises(
        ProxyError, match=r"^ALL_PROXY names no proxy that can be used; it must be a URL such as http://"
    ):
        HTTPClient("https://llm.example/v1", tls=TLS, names=Names(), policy=None)


async def test_lookups_that_hang_are_bounded_and_do_not_stop_the_operators_endpoint(monkeypatch):
    released = threading.Event()
    hanging = []
    real = socket.getaddrinfo

    def getaddrinfo(host, *rest, **options):
        if host == "slow.example":
            hanging.append(host)
            released.wait()
        return real("127.0.0.1", *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    names = Names()
    try:
        waiting = [asyncio.create_task(names.places("slow.example", 80, CLOSED)) for _ in range(3 * MAX_LOOKUPS)]
        while len(hanging) < MAX_LOOKUPS:
            await asyncio.sleep(0.001)
        assert (await names.places("llm.example", 80, None))[0][1] == ("127.0.0.1", 80)
        for task in waiting:
            task.cancel()
        assert {type(each) for each in await asyncio.gather(*waiting, return_exceptions=True)} == {
            asyncio.CancelledError
        }
        assert len(hanging) == MAX_LOOKUPS
    finally:
        released.set()


async def test_a_thread_gives_its_place_back_and_its_error_on():
    threads = Threads("test", 1)
    with pytest.raises(ZeroDivisionError):
        await threads.run(lambda: 1 // 0)
    assert [await threads.run(lambda: 7) for _ in range(3)] == [7] * 3
