"""An endpoint that is not reached: which of the reasons it is, and the variable that mends it."""

import asyncio
import socket
import ssl
from contextlib import asynccontextmanager

import pytest
import trustme

from gui_agents.http.client import HTTPClient
from gui_agents.http.errors import NoAnswerError
from gui_agents.http.names import Names
from gui_agents.http.told import MAX_ENDPOINTS, Told

VARIABLE = "OPENAI_BASE_URL"


@pytest.fixture(autouse=True)
def without_proxies(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


async def failure(url, *, tls=None, told=None):
    client = HTTPClient(
        url,
        tls=tls or ssl.create_default_context(),
        names=Names(),
        policy=None,
        named_by=VARIABLE,
        told=told,
        kind="the model's endpoint",
    )
    try:
        with pytest.raises(NoAnswerError) as caught:
            async with asyncio.timeout(10):
                await client.post("/x", b"{}", {})
    finally:
        await client.close()
    return caught.value


@asynccontextmanager
async def serving_with(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()


@asynccontextmanager
async def answering(data):
    """Yield the port of a server that answers anything with these bytes, and closes the connection."""

    async def connection(reader, writer):
        await reader.read(1)
        writer.write(data)
        writer.close()

    server = await asyncio.start_server(connection, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


async def test_a_certificate_of_an_unknown_authority_names_ssl_cert_file():
    async with serving_with(trustme.CA().issue_cert("127.0.0.1")) as port:
        failed = await failure(f"https://127.0.0.1:{port}/v1")
    assert "its certificate is refused (" in failed.problem
    assert failed.problem.endswith("let SSL_CERT_FILE name a file with the certificate of its authority")
    assert (failed.passing, failed.unsent) == (False, True)


async def test_a_certificate_for_another_name_names_the_address():
    authority = trustme.CA()
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with serving_with(authority.issue_cert("other.example")) as port:
        failed = await failure(f"https://127.0.0.1:{port}/v1", tls=trusting)
    assert "its certificate is for another name (" in failed.problem
    assert failed.problem.endswith(f"; check {VARIABLE}")
    assert (failed.passing, failed.unsent) == (False, True)


async def test_https_to_a_port_without_tls_says_so():
    async with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        failed = await failure(f"https://127.0.0.1:{port}/v1")
    assert failed.problem.endswith(f"it speaks no TLS on port {port}; {VARIABLE} may have to begin with http://")
    assert (failed.passing, failed.unsent) == (False, True)


async def test_http_to_a_port_with_tls_says_so():
    async with answering(b"\x15\x03\x03\x00\x02\x02\x46") as port:
        failed = await failure(f"http://127.0.0.1:{port}/v1")
    assert failed.problem.endswith(f"it expects TLS on port {port}; {VARIABLE} must begin with https://")
    assert (failed.passing, failed.unsent) == (False, True)


async def test_a_connection_that_closes_without_an_answer_may_be_a_port_with_tls():
    async with answering(b"") as port:
        failed = await failure(f"http://127.0.0.1:{port}/v1")
    assert failed.problem.endswith(f"; if it expects TLS, {VARIABLE} must begin with https://")
    assert (failed.passing, failed.unsent) == (True, False)


async def test_a_name_that_is_not_found_says_so(monkeypatch):
    def getaddrinfo(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    failed = await failure("http://nowhere.example/v1")
    assert failed.problem == (
        "the model's endpoint at nowhere.example cannot be reached: it has a name that cannot be resolved"
        f" (Name or service not known); check {VARIABLE}"
    )
    assert (failed.passing, failed.unsent) == (True, True)


async def test_a_port_where_nothing_listens_says_so():
    port = free_port()
    failed = await failure(f"http://127.0.0.1:{port}/v1")
    assert failed.problem.endswith(f"it refuses connections; is it running, and is {VARIABLE} right?")
    assert (failed.passing, failed.unsent) == (True, True)


async def test_a_proxy_that_is_not_there_is_named_by_its_variable(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{free_port()}")
    failed = await failure("https://llm.example/v1")
    assert failed.problem.endswith(
        "the proxy that HTTPS_PROXY names refuses connections; is it running, and is HTTPS_PROXY right?"
    )
    assert failed.unsent


async def test_a_proxy_that_refuses_is_named_by_its_variable(monkeypatch):
    async with answering(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n") as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        failed = await failure("https://llm.example/v1")
    assert failed.problem.endswith("the proxy that HTTPS_PROXY names answered 407 Proxy Authentication Required")
    assert failed.unsent


async def test_a_trouble_is_logged_once_until_it_is_over(caplog):
    told = Told()
    url = f"http://127.0.0.1:{free_port()}/v1"
    for _ in range(3):
        await failure(url, told=told)
    assert [record.getMessage().partition(": ")[0] for record in caplog.records] == [
        f"the model's endpoint at {url[7:-3]} cannot be reached"
    ]
    told.forget(f"the model's endpoint at {url[7:-3]}")
    await failure(url, told=told)
    assert len(caplog.records) == 2


def test_what_was_told_is_bounded(caplog):
    told = Told()
    for number in range(MAX_ENDPOINTS + 1):
        told.warn(str(number), "trouble")
    assert len(told._troubles) == 1
