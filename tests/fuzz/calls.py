"""Calls with random messages and metadata, and the headers that no gRPC library sends."""

import asyncio
import random
import struct
from collections import Counter
from collections.abc import Iterator

import grpc.aio
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from gui_agents.rpc.methods import METHODS, OPERATOR_METHODS
from tests.attack.http2 import DATA, call, frame, greeting
from tests.gui_agents.rpc.random_messages import random_bytes, random_message

SECONDS = 0.5
"""The deadline of a call: streams of waiting tasks do not end."""
MOST_MESSAGES = 50
"""Read of a stream."""
FOREIGN = (
    ("/grpc.health.v1.Health/Check", health_pb2.HealthCheckRequest),
    ("/grpc.health.v1.Health/Watch", health_pb2.HealthCheckRequest),
    ("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", reflection_pb2.ServerReflectionRequest),
)
DEFECTS = frozenset({"INTERNAL", "UNKNOWN", "DATA_LOSS"})
OF_THE_CLIENT = "Internal error from Core"
"""What our own side says if it still writes while the service has already answered."""
PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
FIELD_BYTES = bytes({*range(0x21, 0x7F), *range(0x80, 0x100)}) + b" \t"
"""What HTTP/2 allows in the value of a field."""

Methods = tuple[tuple[str, type[Message]], ...]


def methods() -> Methods:
    """Return the path and the request of every method that the service has, and some that it has not."""
    return (*_ours(), *FOREIGN, ("/lybic.agent.Agent/Nothing", health_pb2.HealthCheckRequest))


def _ours() -> Iterator[tuple[str, type[Message]]]:
    for method in METHODS:
        yield f"/lybic.agent.Agent/{method.name}", method.request
    for method in OPERATOR_METHODS:
        yield f"/gui_agents.v1.Operator/{method.name}", method.request


def payload(source: random.Random, kind: type[Message]) -> bytes:
    """Return a message: no message, a valid one, a spoilt one, or one with a large field."""
    match source.randrange(10):
        case 0 | 1:
            return random_bytes(source)
        case 2:
            return bytes((10,)) + _size(10**5) + source.choice((b"x", b"\0", b"\xff", "é".encode())) * 10**5
        case 3:
            valid = random_message(source, kind)
            return valid[: source.randrange(len(valid) + 1)]
    return random_message(source, kind)


def _size(number: int) -> bytes:
    return bytes((number % 128 + 128, number // 128 % 128 + 128, number // 128**2))


def metadata(source: random.Random, token: str | None) -> list[tuple[str, str | bytes]]:
    """Return metadata as libraries send it; with the token in most cases."""
    fields: list[tuple[str, str | bytes]] = []
    if token is not None and source.random() < 0.7:
        fields.append(("authorization", f"Bearer {token}"))
    for _ in range(source.choice((0, 0, 0, 1, 3))):
        value = "".join(source.choices(PRINTABLE, k=source.choice((0, 1, 20, 500))))
        name = source.choice(("authorization", "x-request-id", "user-agent", "grpc-timeout-x", "traceparent"))
        fields.append((name, source.choice(("", "Bearer ", "bearer  ", "Basic ")) + value))
    if source.random() < 0.2:
        fields.append(("x-bin", random_bytes(source)))
    return fields


async def call_once(channel: grpc.aio.Channel, source: random.Random, token: str | None, seen: Counter[str]) -> None:
    """Call a method, and count the status.

    Raises:
        AssertionError: it is that of a defect.
    """
    path, kind = source.choice(methods())
    data, fields = payload(source, kind), metadata(source, token)
    streaming = channel.stream_stream(path)
    requests = [data] * source.choice((1, 1, 1, 1, 0, 2))
    code, details = "OK", None
    try:
        messages = streaming(iter(requests), metadata=fields, timeout=SECONDS)
        for _ in range(MOST_MESSAGES):
            if await messages.read() is grpc.aio.EOF:
                break
        messages.cancel()
    except grpc.aio.AioRpcError as error:
        code, details = error.code().name, error.details()
    except grpc.aio.UsageError:
        code = "unsendable"
    if details == OF_THE_CLIENT:
        code = "too late"
    seen[code] += 1
    assert code not in DEFECTS, f"{path} answers {code} ({details}) to {requests!r:.2000} with {fields!r:.2000}"


async def connect_once(port: int, source: random.Random) -> None:
    """Open a connection with calls whose headers no library sends, then bytes of no meaning."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(greeting())
        for number in range(source.randrange(1, 10)):
            path, kind = source.choice(methods())
            value = bytes(source.choices(FIELD_BYTES, k=source.choice((0, 1, 30, 300)))).strip()
            more = [(b"authorization", source.choice((b"", b"Bearer ", b"Bearer\xc3\xa9 ")) + value)]
            more += [(b"x-bin", value)] * source.randrange(2)
            writer.write(call(2 * number + 1, path, more))
            data = payload(source, kind)[:8000]
            writer.write(frame(DATA, 1, 2 * number + 1, struct.pack("!BI", 0, len(data)) + data))
        if source.random() < 0.5:
            writer.write(source.randbytes(source.randrange(200)))
        await writer.drain()
        async with asyncio.timeout(SECONDS / 5):
            while await reader.read(65_536):
                pass
    except (TimeoutError, ConnectionError):
        pass
    finally:
        writer.close()
