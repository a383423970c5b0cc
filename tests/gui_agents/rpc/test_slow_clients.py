"""A client that opens all it can and reads a byte at a time passes no limit of its owner, and holds up no other."""

import asyncio
import struct
from contextlib import AsyncExitStack, asynccontextmanager

from gui_agents.proto import agent_pb2 as pb
from tests.attack.http2 import DATA, call, frame, greeting
from tests.callers import callers
from tests.serving import SECONDS, until

CALLS = 30
CONNECTIONS = 3


@asynccontextmanager
async def slow_client(port: int, token: str, path: str, message: bytes):
    """Open a connection with many calls whose answers are read a byte at a time."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
    writer.write(greeting())
    for number in range(CALLS):
        stream = 2 * number + 1
        writer.write(call(stream, path, [(b"authorization", f"Bearer {token}".encode())]))
        writer.write(frame(DATA, 1, stream, struct.pack("!BI", 0, len(message)) + message))
    await writer.drain()
    try:
        yield reader
    finally:
        writer.close()


async def test_a_client_that_reads_a_byte_at_a_time_keeps_to_the_limits_of_its_owner(tmp_path):
    async with (
        callers(tmp_path, ann="submit streams=4", eve="submit", root="admin") as called,
        AsyncExitStack() as stack,
    ):
        task = await called.by("ann").start("wait")
        message = pb.GetAgentTaskStreamRequest(taskId=task).SerializeToString()
        path = "/lybic.agent.Agent/GetAgentTaskStream"
        state = called.served.state
        readers = [
            await stack.enter_async_context(
                slow_client(called.served.service.port, called.tokens["ann"], path, message)
            )
            for _ in range(CONNECTIONS)
        ]
        # One call of each, so that all of them have been decided on.
        handled = ("GetAgentTaskStream", "RESOURCE_EXHAUSTED")
        await until(lambda: state.snapshot().rpcs.handled[handled] == CALLS * CONNECTIONS - 4)
        for reader in readers:
            assert len(await asyncio.wait_for(reader.read(1), SECONDS)) == 1
        snapshot = state.snapshot()
        assert sum(snapshot.rpcs.open_streams.values()) == 4
        assert snapshot.streams.subscribers == 4
        # Nobody else is held up.
        assert (await called.by("eve").run("finish"))[-1].stage == "finished"
        assert (await called.by("root").cancel(task)).success
    assert sum(state.snapshot().rpcs.open_streams.values()) == 0
