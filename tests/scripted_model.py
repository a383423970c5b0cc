"""A loopback server that speaks Chat Completions and answers by a script, for tests, benchmarks and trying out.

    async with ScriptedModelServer([tool_call({"action": "done", "message": "ok"})]) as server:
        ... server.base_url, server.requests, server.disconnects

`running_in_thread` runs it on an event loop of its own, and so does
`python -m tests.scripted_model --port 0 --delay 2`. Header and body of an answer leave in one write: two
would cost 40 ms. Keys that arrive are kept out of every repr.
"""

import argparse
import asyncio
import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import Any, Final, Self

import attrs

BACKLOG: Final = 4096
MAX_BODY: Final = 64 * 2**20
JSON_TYPE: Final = "application/json"
SCRAPED: Final = "/metrics"
"""Is asked for by scrapers that still look for a service which had this port before; it is no part of the script."""


@attrs.frozen(kw_only=True)
class Answer:
    """One answer of the script."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = attrs.field(factory=dict)
    delay_seconds: float = 0.0
    """The pause before the answer."""
    held: bool = False
    """Whether to wait for `release()` before the answer."""
    dropped: bool = False
    """Whether to close the connection in place of answering."""

    def after(self, delay_seconds: float) -> "Answer":
        """Return the same answer, later."""
        return attrs.evolve(self, delay_seconds=delay_seconds)

    def on_release(self) -> "Answer":
        """Return the same answer, given only after `release()`."""
        return attrs.evolve(self, held=True)


def usage(prompt: int, completion: int, *, cached: int | None = None) -> dict[str, Any]:
    """Return the tokens of a call as the protocol spells them; `prompt` includes `cached`."""
    told: dict[str, Any] = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
    if cached is not None:
        told["prompt_tokens_details"] = {"cached_tokens": cached}
    return told


def tool_call(
    arguments: object, *, usage: Mapping[str, Any] | None = None, content: str | None = None, tool: str = "act"
) -> Answer:
    """Answer with one call of a tool; `arguments` that are a string are sent as they are, malformed or not."""
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    call = {"id": "call_1", "type": "function", "function": {"name": tool, "arguments": text}}
    return completion({"role": "assistant", "content": content, "tool_calls": [call]}, usage, "tool_calls")


def text(content: str, *, usage: Mapping[str, Any] | None = None, finish_reason: str = "stop") -> Answer:
    """Answer in text."""
    return completion({"role": "assistant", "content": content}, usage, finish_reason)


def completion(message: Mapping[str, Any], usage: Mapping[str, Any] | None, finish_reason: str) -> Answer:
    """Answer with any message; without `usage` the answer tells none."""
    body: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": "scripted",
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
    }
    if usage is not None:
        body["usage"] = usage
    return Answer(body=json.dumps(body).encode())


def error(status: int, message: str = "scripted error", *, headers: Mapping[str, str] | None = None) -> Answer:
    """Answer with an HTTP error."""
    body = {"error": {"message": message, "type": "scripted", "param": None, "code": None}}
    return Answer(status=status, body=json.dumps(body).encode(), headers=dict(headers or {}))


def raw(body: bytes, *, status: int = 200) -> Answer:
    """Answer with any bytes."""
    return Answer(status=status, body=body)


def drop() -> Answer:
    """Close the connection without an answer."""
    return Answer(dropped=True)


@attrs.frozen(kw_only=True)
class RecordedRequest:
    """A request as it arrived."""

    index: int
    """How many came before it."""
    method: str
    path: str
    headers: Mapping[str, str] = attrs.field(repr=False)
    """By lower-case name. Keys are among them, so the repr leaves them out."""
    body: Any
    """The decoded JSON, or None where it was none."""


Script = Sequence[Answer] | Callable[[RecordedRequest], Answer]
"""Answers in order, or a function of the request. Past the end of a list every request is answered 400."""

Check = Callable[[RecordedRequest], "Answer | None"]
"""Returns how a request is refused, as its protocol does it, or None if it is right."""


class ScriptedModelServer:
    """The server; use it as an async context manager on the event loop that shall run it."""

    def __init__(self, script: Script, *, port: int = 0, check: Check = lambda _: None) -> None:
        self.requests: list[RecordedRequest] = []
        """All requests so far, in the order of their arrival."""
        self.disconnects = 0
        """Clients that left before their answer."""
        self.refused: list[Answer] = []
        """How requests were refused that are not what the protocol demands; they take no answer of the script."""
        self._script = script
        self._check = check
        self._port = port
        self._released = asyncio.Event()
        self._changed = asyncio.Condition()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def base_url(self) -> str:
        """What to give a client as the endpoint."""
        return f"{self.root}/v1"

    @property
    def root(self) -> str:
        """The address without a path."""
        return f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._server = await asyncio.start_server(self._connection, "127.0.0.1", self._port, backlog=BACKLOG)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def release(self) -> None:
        """Let every held answer go, now and from now on; from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._released.set)

    async def wait_for_requests(self, count: int) -> None:
        """Return when so many requests have arrived."""
        await self._wait_until(lambda: len(self.requests) >= count)

    async def wait_for_disconnects(self, count: int) -> None:
        """Return when so many clients have left before their answer."""
        await self._wait_until(lambda: self.disconnects >= count)

    async def _wait_until(self, reached: Callable[[], bool]) -> None:
        async with self._changed:
            await self._changed.wait_for(reached)

    async def _tell_change(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
                while await self._exchange(reader, writer):
                    pass
        except asyncio.CancelledError:
            # The server is being closed; a cancelled connection would be logged as a failure of its callback.
            pass
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; return whether the connection goes on."""
        request = await self._read(reader)
        if request.path.startswith(SCRAPED):
            writer.write(_encode(error(404, "no metrics are here")))
            await writer.drain()
            return True
        self.requests.append(request)
        await self._tell_change()
        answer = self._answer(request)
        if not await self._still_there_when_due(answer, reader):
            self.disconnects += 1
            await self._tell_change()
            return False
        if answer.dropped:
            return False
        writer.write(_encode(answer))
        await writer.drain()
        return True

    async def _read(self, reader: asyncio.StreamReader) -> RecordedRequest:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        method, path, _ = first.split(" ", 2)
        pairs = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        length = int(headers.get("content-length", "0"))
        body = await reader.readexactly(min(length, MAX_BODY))
        try:
            content = json.loads(body)
        except ValueError:
            content = None
        return RecordedRequest(index=len(self.requests), method=method, path=path, headers=headers, body=content)

    def _answer(self, request: RecordedRequest) -> Answer:
        refused = self._check(request)
        if refused is not None:
            self.refused.append(refused)
            return refused
        if callable(self._script):
            return self._script(request)
        number = request.index - len(self.refused)
        if number < len(self._script):
            return self._script[number]
        return error(400, f"the script has only {len(self._script)} answers")

    async def _still_there_when_due(self, answer: Answer, reader: asyncio.StreamReader) -> bool:
        """Wait until the answer is due, or the client has left; return whether it is still there."""
        if not answer.held and answer.delay_seconds <= 0:
            return True
        due = asyncio.ensure_future(self._due(answer))
        # A client waits for its answer before it sends more: what can be read now is the end of the connection.
        left = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait({due, left}, return_when=asyncio.FIRST_COMPLETED)
            return due.done()
        finally:
            due.cancel()
            left.cancel()
            await asyncio.gather(due, left, return_exceptions=True)

    async def _due(self, answer: Answer) -> None:
        if answer.held:
            await self._released.wait()
        await asyncio.sleep(answer.delay_seconds)


def _encode(answer: Answer) -> bytes:
    headers = {"content-type": JSON_TYPE, **answer.headers, "content-length": str(len(answer.body))}
    lines = [f"HTTP/1.1 {answer.status} {_phrase(answer.status)}"]
    lines.extend(f"{name}: {value}" for name, value in headers.items())
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Scripted"


@contextmanager
def running_in_thread(script: Script, *, port: int = 0) -> Iterator[ScriptedModelServer]:
    """Run a server on an event loop and a thread of its own.

    From outside that thread, read its counts and call `release()`; the waiting methods belong to its loop.
    """
    started = threading.Event()
    failures: list[OSError] = []
    stop: list[Callable[[], object]] = []
    server = ScriptedModelServer(script, port=port)

    async def serve() -> None:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        stop.append(lambda: loop.call_soon_threadsafe(stopped.set))
        async with server:
            started.set()
            await stopped.wait()

    def run() -> None:
        try:
            asyncio.run(serve())
        except OSError as problem:
            failures.append(problem)
        finally:
            started.set()

    thread = threading.Thread(target=run, name="scripted-model", daemon=True)
    thread.start()
    started.wait()
    if failures:
        raise failures[0]
    try:
        yield server
    finally:
        stop[0]()
        thread.join()


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve one answer for ever, as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.scripted_model", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (default)")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--status", type=int, default=200, help="HTTP status of each answer")
    parser.add_argument(
        "--action", default='{"action": "done", "message": "scripted"}', help="JSON object that the tool is called with"
    )
    parser.add_argument("--input-tokens", type=int, default=1000, help="of each answer, cached ones included")
    parser.add_argument("--cached-tokens", type=int, default=0)
    parser.add_argument("--output-tokens", type=int, default=20)
    options = parser.parse_args(arguments)
    told = usage(options.input_tokens, options.output_tokens, cached=options.cached_tokens)
    ok = options.status == HTTPStatus.OK
    answer = tool_call(options.action, usage=told) if ok else error(options.status)
    serve_for_ever(lambda _: answer.after(options.delay), options.port)
    return 0


def serve_for_ever(script: Script, port: int, check: Check = lambda _: None, path: str = "/v1") -> None:
    """Print the address, which ends in `path`, and answer until somebody interrupts."""
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve_for_ever(script, port, check, path))


async def _serve_for_ever(script: Script, port: int, check: Check, path: str) -> None:
    async with ScriptedModelServer(script, port=port, check=check) as server:
        sys.stdout.write(f"{server.root}{path}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    sys.exit(main())
