"""A model's endpoint for benchmarks, in a process of its own: it answers at once, and reads nothing but the length."""

import asyncio
import contextlib
import json
import multiprocessing
from collections.abc import Iterator
from multiprocessing.connection import Connection

USAGE = {"prompt_tokens": 1000, "completion_tokens": 20, "total_tokens": 1020}


@contextlib.contextmanager
def endpoint(*, steps: int) -> Iterator[str]:
    """Run an endpoint whose answers are clicks on ever other places, each `steps`th one `done`; yield its base URL."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_main, args=(theirs, steps), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}/v1"
    finally:
        process.terminate()
        process.join(15)


def _main(pipe: Connection, steps: int) -> None:
    asyncio.run(_serve(pipe, steps))


async def _serve(pipe: Connection, steps: int) -> None:
    answers = [_answer(number, steps) for number in range(steps)]
    count = 0

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
                await reader.readexactly(length)
                writer.write(answers[count % steps])
                count += 1
        writer.close()

    server = await asyncio.start_server(connection, "127.0.0.1", 0, backlog=4096)
    pipe.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _answer(number: int, steps: int) -> bytes:
    done = number + 1 == steps
    action = {"action": "done", "message": "ok"} if done else {"action": "click", "x": 20 * number % 1280, "y": 9}
    call = {"id": "call_1", "type": "function", "function": {"name": "act", "arguments": json.dumps(action)}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    body = json.dumps({"id": "1", "object": "chat.completion", "model": "m", "choices": [choice], "usage": USAGE})
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return (head + body).encode()
