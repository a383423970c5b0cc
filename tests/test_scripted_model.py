import asyncio
import json
import signal
import subprocess
import sys
import urllib.request
from urllib.error import HTTPError

import pytest

from tests.scripted_model import ScriptedModelServer, drop, error, raw, running_in_thread, text, tool_call, usage

DONE = {"action": "done", "message": "ok"}


class Client:
    """A keep-alive connection that speaks just enough HTTP."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, server):
        port = int(server.base_url.rpartition(":")[2].partition("/")[0])
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, body=b"{}"):
        self.writer.write(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk-secret\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        await self.writer.drain()

    async def answer(self):
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        status = int(head.split()[1])
        headers = dict(line.split(": ", 1) for line in head.strip().split("\r\n")[1:])
        return status, headers, await self.reader.readexactly(int(headers["content-length"]))

    async def close(self):
        self.writer.close()
        await self.writer.wait_closed()


@pytest.fixture
async def connect():
    clients = []

    async def make(server):
        clients.append(await Client.connect(server))
        return clients[-1]

    yield make
    for client in clients:
        await client.close()


def post(url, body=b"{}"):
    question = urllib.request.Request(f"{url}/chat/completions", data=body)  # noqa: S310 - a loopback address
    with urllib.request.urlopen(question) as response:  # noqa: S310 - as above
        return json.load(response)


async def test_answers_come_in_order_on_one_connection(connect):
    script = [tool_call(DONE, usage=usage(10, 2, cached=4)), text("hello"), raw(b"<html>"), error(429, "slow down")]
    async with ScriptedModelServer(script) as server:
        client = await connect(server)
        answers = []
        for _ in script:
            await client.ask()
            answers.append(await client.answer())
    assert [status for status, _, _ in answers] == [200, 200, 200, 429]
    first, second = (json.loads(body) for _, _, body in answers[:2])
    assert json.loads(first["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"]) == DONE
    assert first["usage"] == {
        "prompt_tokens": 10,
        "completion_tokens": 2,
        "total_tokens": 12,
        "prompt_tokens_details": {"cached_tokens": 4},
    }
    assert (second["choices"][0]["message"]["content"], "usage" in second) == ("hello", False)
    assert answers[2][2] == b"<html>"
    assert json.loads(answers[3][2])["error"]["message"] == "slow down"


async def test_requests_are_recorded_and_their_keys_not_shown(connect):
    async with ScriptedModelServer([text("a")]) as server:
        client = await connect(server)
        await client.ask(b'{"model": "m"}')
        await client.answer()
        (recorded,) = server.requests
    assert (recorded.index, recorded.method, recorded.path) == (0, "POST", "/v1/chat/completions")
    assert recorded.body == {"model": "m"}
    assert recorded.headers["authorization"] == "Bearer sk-secret"
    assert "sk-secret" not in repr(server.requests)


async def test_a_script_may_be_a_function_of_the_request(connect):
    async with ScriptedModelServer(lambda asked: text(asked.body["say"])) as server:
        client = await connect(server)
        await client.ask(b'{"say": "this"}')
        _, _, body = await client.answer()
    assert json.loads(body)["choices"][0]["message"]["content"] == "this"


async def test_past_its_end_the_script_says_so(connect):
    async with ScriptedModelServer([]) as server:
        client = await connect(server)
        await client.ask()
        status, _, body = await client.answer()
    assert (status, json.loads(body)["error"]["message"]) == (400, "the script has only 0 answers")


async def test_headers_of_an_answer_are_sent(connect):
    async with ScriptedModelServer([error(503, headers={"retry-after": "3"})]) as server:
        client = await connect(server)
        await client.ask()
        status, headers, _ = await client.answer()
    assert (status, headers["retry-after"]) == (503, "3")


async def test_a_dropped_connection_ends_without_an_answer(connect):
    async with ScriptedModelServer([drop()]) as server:
        client = await connect(server)
        await client.ask()
        assert await client.reader.read() == b""


async def test_held_answers_wait_for_their_release(connect):
    async with ScriptedModelServer([text("a").on_release()] * 2) as server:
        clients = [await connect(server) for _ in range(2)]
        for client in clients:
            await client.ask()
        await server.wait_for_requests(2)
        server.release()
        assert [(await client.answer())[0] for client in clients] == [200, 200]
    assert server.disconnects == 0


@pytest.mark.parametrize("answer", [text("a").on_release(), text("a").after(3600.0)])
async def test_a_client_that_leaves_is_counted(connect, answer):
    async with ScriptedModelServer([answer]) as server:
        client = await connect(server)
        await client.ask()
        await server.wait_for_requests(1)
        await client.close()
        await server.wait_for_disconnects(1)
    assert server.disconnects == 1


async def test_closing_the_server_ends_connections_that_wait(connect):
    async with ScriptedModelServer([text("a").on_release()]) as server:
        client = await connect(server)
        await client.ask()
        await server.wait_for_requests(1)
    assert await client.reader.read() == b""


async def test_nonsense_closes_the_connection(connect):
    async with ScriptedModelServer([]) as server:
        client = await connect(server)
        client.writer.write(b"nonsense\r\n\r\n")
        assert await client.reader.read() == b""


def test_it_runs_in_a_thread_of_its_own():
    with running_in_thread(lambda _: text("a")) as server:
        assert post(server.base_url)["choices"][0]["message"]["content"] == "a"
        assert len(server.requests) == 1


def test_a_held_answer_is_released_from_another_thread():
    with running_in_thread([text("a").on_release()]) as server:
        server.release()
        assert post(server.base_url)["choices"][0]["message"]["content"] == "a"


def test_a_taken_port_is_an_error_in_the_calling_thread():
    with running_in_thread([]) as server:
        port = int(server.base_url.rpartition(":")[2].partition("/")[0])
        with pytest.raises(OSError, match="address already in use"), running_in_thread([], port=port):
            pass


@pytest.fixture
def command():
    """Start the module as a program, and end it."""
    started = []

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.scripted_model", *arguments], stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        return process, process.stdout.readline().strip()

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_the_command_serves_one_answer_for_ever_and_ends_on_ctrl_c(command):
    process, url = command("--port", "0", "--input-tokens", "7", "--output-tokens", "3")
    assert {post(url)["usage"]["total_tokens"] for _ in range(2)} == {10}
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 0


def test_the_command_can_serve_errors(command):
    _, url = command("--status", "503")
    with pytest.raises(HTTPError) as caught:
        post(url)
    caught.value.close()
    assert caught.value.code == 503
