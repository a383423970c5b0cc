import asyncio
import contextlib
import logging
import socket
import threading
from pathlib import Path

import pytest

from gui_agents.egress import connection, proxy
from gui_agents.egress.names import MAX_LOOKUPS
from gui_agents.egress.proxy import EgressProxy, Refusal
from tests.gui_agents.egress.peers import LONGEST, Names, Server, browsing, policy, serving


def sockets():
    """Return the open sockets of this process."""
    found = set()
    for file in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the directory itself, which is closed by now
            found.add(str(file.readlink()))
    return {name for name in found if name.startswith("socket:")}


def others():
    return asyncio.all_tasks() - {asyncio.current_task()}


async def until(condition):
    async with asyncio.timeout(LONGEST):
        while not condition():
            await asyncio.sleep(0)


async def test_a_request_is_made_at_an_allowed_place():
    server = Server()
    async with serving(server) as port, browsing(f"127.0.0.1:{port}") as browser:
        reply = await browser.get(f"http://127.0.0.1:{port}/a?b=c")
    assert reply == b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
    (head,) = server.heads
    assert head == f"GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode()
    assert browser.counts == {"allowed": 1}


async def test_each_connection_is_counted_once_by_what_became_of_it(unused_tcp_port):
    names = Names(evil_test=[["127.0.0.1"]])
    async with serving(Server()) as port:
        items = [f"127.0.0.2:{port}", f"127.0.0.1:{unused_tcp_port}", "*.test:80"]
        async with browsing(*items, names=names) as browser:
            for place in (f"127.0.0.2:{port}", f"127.0.0.1:{port}", f"127.0.0.1:{unused_tcp_port}"):
                await browser.tunnel(place)
            for url in ("http://evil.test/", "http://gone.test/", "http://other.example/"):
                await browser.get(url)
            await browser.ask(b"garbage\r\n\r\n")
    assert browser.counts == {"failed": 3, "denied_private": 2, "denied_list": 1}


async def test_a_refusal_is_a_page_and_stays_for_whoever_drives_the_browser():
    async with browsing("public") as browser:
        got = await browser.get("http://10.0.0.1:8080/secret?x")
        head, _ = await browser.tunnel("a.test:22")
    text = "10.0.0.1 is an address that is not public; the operator can allow it by 10.0.0.1:8080 in EGRESS_ALLOW"
    assert got.startswith(b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/html; charset=utf-8\r\n")
    assert b"\r\nProxy-Status: egress; error=destination_ip_prohibited\r\n" in got
    assert f"<h1>Not allowed</h1><p>{text}.</p>".encode() in got
    assert head.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert list(browser.gate.refusals) == [
        Refusal("10.0.0.1", 8080, "denied_private", text),
        Refusal(
            "a.test",
            22,
            "denied_list",
            "a.test:22 is not allowed; the operator can allow it by a.test:22 in EGRESS_ALLOW",
        ),
    ]


async def test_a_browser_reads_the_refusal_of_what_it_is_still_sending():
    body = b"x" * 3_000_000
    async with browsing("public") as browser:
        head = f"POST http://10.0.0.1/ HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        assert (await browser.ask(head.encode() + body)).endswith(b"</html>\n")


async def test_only_the_latest_refusals_are_kept():
    async with browsing("public") as browser:
        for port in range(1, proxy.MAX_REFUSALS + 3):
            await browser.get(f"http://10.0.0.1:{port}/")
    assert [each.port for each in browser.gate.refusals] == list(range(3, proxy.MAX_REFUSALS + 3))


async def test_the_log_has_hosts_and_verdicts_and_nothing_else(caplog):
    caplog.set_level(logging.DEBUG, "gui_agents")
    async with browsing("public") as browser:
        await browser.get("http://10.0.0.1:8080/secret?token=x")
    assert [record.getMessage() for record in caplog.records if record.name.startswith("gui_agents")] == [
        "a browser's connection to 10.0.0.1:8080: denied_private"
    ]


async def test_the_log_names_each_place_inside_once_and_no_more_of_them_than_the_bound(caplog):
    caplog.set_level(logging.INFO, "gui_agents.egress")
    async with browsing("public") as browser:
        await browser.get("http://gone.test/")
        for port in range(1, proxy.MAX_LOGGED + 3):
            for _ in range(2):
                await browser.get(f"http://10.0.0.1:{port}/")
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("INFO", f"a browser's connection to 10.0.0.1:{port}: denied_private")
        for port in range(1, proxy.MAX_LOGGED + 1)
    ]


async def hang(reader, writer):
    await reader.read()


STAGES = {
    "accepted": "",
    "head": "GET http",
    "lookup": "GET http://a.test:PORT/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "connect": "GET http://a.test:PORT/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "exchange": "GET http://a.test:PORT/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "tunnel": "CONNECT a.test:PORT HTTP/1.1\r\nHost: x\r\n\r\nx",
    "farewell": "GET http://10.0.0.1/ HTTP/1.1\r\nHost: x\r\n\r\n",
}
"""What a browser has sent when its gate is closed."""


@pytest.mark.parametrize("stage", STAGES)
async def test_closing_a_gate_ends_its_connections_wherever_they_are(stage, monkeypatch):
    before, reached = sockets(), asyncio.Event()

    async def stop(*_):
        reached.set()
        await asyncio.Event().wait()

    async def talk(reader, writer):
        await reader.read(1)
        reached.set()
        await reader.read()

    names = stop if stage == "lookup" else Names(a_test=[["127.0.0.1"]])
    if stage == "connect":
        monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", stop)
    async with serving(Server(talk)) as port, browsing(f"127.0.0.1:{port}", names=names) as browser:
        with socket.create_connection(("127.0.0.1", browser.port)) as client:
            client.send(STAGES[stage].replace("PORT", str(port)).encode())
            await until(lambda: browser.proxy.connections == 1)
            await until(lambda: stage in {"accepted", "head"} or reached.is_set() or "denied_private" in browser.counts)
            await browser.gate.close()
            assert browser.proxy.connections == 0
            await browser.gate.close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", browser.port))
    await until(lambda: not others())
    assert sockets() == before


async def test_a_connection_that_was_on_its_way_when_a_gate_closed_is_ended():
    async with serving(Server()) as port, browsing("public") as browser:
        await browser.gate.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        browser.gate._accepted(reader, writer)
        assert writer.is_closing()
        assert browser.proxy.connections == 0


async def test_a_browser_has_only_so_many_connections(monkeypatch):
    monkeypatch.setattr(proxy, "MAX_CONNECTIONS", 2)
    async with serving(Server(hang)) as port, browsing(f"127.0.0.1:{port}") as browser:
        await browser.tunnel(f"127.0.0.1:{port}")
        _, second = await browser.tunnel(f"127.0.0.1:{port}")
        assert await (await browser.connect()).rest() == b""
        second.writer.transport.abort()
        await until(lambda: browser.proxy.connections < 2)
        head, _ = await browser.tunnel(f"127.0.0.1:{port}")
        assert head.startswith(b"HTTP/1.1 200 ")


async def test_all_browsers_have_only_so_many_connections_together(monkeypatch):
    monkeypatch.setattr(proxy, "MAX_CONNECTIONS_IN_ALL", 1)
    async with serving(Server(hang)) as port, browsing(f"127.0.0.1:{port}") as browser:
        await browser.tunnel(f"127.0.0.1:{port}")
        listener = socket.create_server(("127.0.0.1", 0))
        other = await browser.proxy.serve(listener)
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        assert await reader.read() == b""
        writer.close()
        await other.close()


async def test_300_connections_at_once_leave_nothing_behind():
    before = sockets()
    async with serving(Server()) as port, browsing(f"127.0.0.1:{port}") as browser:
        url = f"http://127.0.0.1:{port}/"
        got = await asyncio.gather(*(browser.get(url) for _ in range(300)), return_exceptions=True)
        ends = {reply[-2:] if isinstance(reply, bytes) else type(reply) for reply in got}
        assert b"ok" in ends
        assert ends <= {b"ok", b"", ConnectionResetError}
        await until(lambda: not browser.proxy.connections)
        assert (await browser.get(url)).endswith(b"ok")
    await until(lambda: not others())
    assert sockets() == before


async def test_the_sockets_of_a_gate_that_cannot_open_are_closed():
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with pytest.raises((OSError, ValueError)):
        await EgressProxy(policy("public"), lambda _: None, resolve=Names()).serve(listener)
    assert listener.fileno() == -1


async def test_a_gate_whose_opening_is_cancelled_listens_no_more():
    listener = socket.create_server(("127.0.0.1", 0))
    place = listener.getsockname()
    opening = asyncio.create_task(EgressProxy(policy("public"), lambda _: None, resolve=Names()).serve(listener))
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert listener.fileno() == -1
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(*place)


async def test_a_defect_ends_one_connection_and_is_logged(caplog):
    async def broken(name):
        raise KeyError(name)

    async with browsing("public", names=broken) as browser:
        assert await browser.get("http://a.test/") == b""
        assert (await browser.get("http://10.0.0.1/")).startswith(b"HTTP/1.1 403 ")
    assert [record.getMessage() for record in caplog.records] == ["a connection of a browser failed"]


async def test_a_browser_that_asks_for_nothing_is_let_go(monkeypatch):
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.1)
    async with browsing("public") as browser:
        assert await browser.ask(b"") == b""
        assert await browser.ask(b"GET http://") == b""
        assert await browser.ask(b"CONNECT a.test:443 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n") == b""


def named(prefix):
    return [thread for thread in threading.enumerate() if thread.name.startswith(prefix)]


async def test_names_that_hang_one_browser_hold_up_no_other_and_its_threads_end(monkeypatch):
    hanging, over = asyncio.Semaphore(0), threading.Event()
    loop = asyncio.get_running_loop()

    def getaddrinfo(name, port, **options):
        if name == "hangs.test":
            loop.call_soon_threadsafe(hanging.release)
            over.wait(LONGEST)
        return [(socket.AF_INET, 0, 0, "", ("127.0.0.1", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    hostile = EgressProxy(policy("public"), lambda _: None)
    places = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = [place.getsockname()[1] for place in places]
    gates = [await hostile.serve(place) for place in places]

    async def get(port, name):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET http://{name}/ HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        try:
            return await reader.read()
        finally:
            writer.close()

    stuck = [asyncio.create_task(get(ports[0], "hangs.test")) for _ in range(2 * MAX_LOOKUPS)]
    async with asyncio.timeout(LONGEST):
        for _ in range(MAX_LOOKUPS):
            await hanging.acquire()
        assert b"has an address that is not public" in await get(ports[1], "other.test")
    assert len(named("egress-lookup")) == MAX_LOOKUPS + 1
    over.set()
    for gate in gates:
        await gate.close()
    await asyncio.gather(*stuck, return_exceptions=True)
    await until(lambda: not named("egress-lookup"))
