"""Attacks by connections and calls."""

import asyncio

import grpc

from gui_agents.proto import agent_pb2 as pb
from gui_agents.proto import agent_pb2_grpc as pb_grpc
from tests.attack import http2
from tests.attack.attack import Attack, Tally, Target, again_and_again

WATCH = "/lybic.agent.Agent/GetAgentTaskStream"
RUN = "/lybic.agent.Agent/RunAgentInstruction"
CALLS_OF_A_CHANNEL = 500
CALLS_OF_A_SENDER = 20
MESSAGE_BYTES = 4 * 2**20
UNLIMITED = (("grpc.max_send_message_length", -1), ("grpc.use_local_subchannel_pool", 1))


async def connect(target: Target, tally: Tally) -> None:
    """Hold as many connections open as the service lets be; those that it ends are opened again."""
    wanted = target.size(5_000)

    async def once(_turn: int) -> None:
        tally.tried()
        if tally.number >= wanted:
            tally.at_full_strength()
        reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
        try:
            writer.write(http2.greeting())
            while await reader.read(4096):
                pass
        finally:
            writer.close()
            await asyncio.sleep(1)

    await again_and_again(wanted, once)


async def _open_calls(target: Target, tally: Tally, full: int, *, path: str, message: bytes | None, reads: int) -> None:
    """Hold many calls open, a few hundred on each connection; every call reads so many messages and then no more."""
    wanted = target.size(full)
    channels = [
        grpc.aio.insecure_channel(target.address, options=UNLIMITED) for _ in range(-(-wanted // CALLS_OF_A_CHANNEL))
    ]

    async def once(turn: int) -> None:
        call = channels[turn % len(channels)].stream_stream(path)()
        tally.tried()
        if tally.number >= wanted:
            tally.at_full_strength()
        if message is not None:
            await call.write(message)
        for _ in range(reads):
            if await call.read() is grpc.aio.EOF:
                break
        await call.code() if reads else await asyncio.sleep(3600)
        await asyncio.sleep(1)

    await again_and_again(wanted, once)


async def send_headers_alone(target: Target, tally: Tally) -> None:
    """Open streams that never send a message."""
    await _open_calls(target, tally, 20_000, path=RUN, message=None, reads=1)


async def send_headers_again(target: Target, tally: Tally) -> None:
    """Open fewer streams than may be open, without a message, and each again when the service has ended it."""
    wanted = target.size(3_000)
    channels = [grpc.aio.insecure_channel(target.address, options=UNLIMITED) for _ in range(6)]

    async def once(turn: int) -> None:
        tally.tried()
        if tally.number >= wanted:
            tally.at_full_strength()
        call = channels[turn % len(channels)].stream_stream(RUN)()
        await call.code()

    await again_and_again(wanted, once)


async def watch(target: Target, tally: Tally) -> None:
    """Watch one task that says something all the time; half of the watchers read nothing."""
    async with grpc.aio.insecure_channel(target.address) as channel:
        request = pb.RunAgentInstructionRequest(instruction="go on")
        task = await pb_grpc.AgentStub(channel).RunAgentInstructionAsync(request)
    message = pb.GetAgentTaskStreamRequest(taskId=task.taskId).SerializeToString()
    await asyncio.gather(
        _open_calls(target, tally, 5_000, path=WATCH, message=message, reads=10**9),
        _open_calls(target, tally, 5_000, path=WATCH, message=message, reads=0),
    )


async def send_too_much(target: Target, tally: Tally) -> None:
    """Send messages of 120 MiB, compressed and not."""
    message = bytes(120 * 2**20)
    async with grpc.aio.insecure_channel(target.address, options=UNLIMITED) as channel:

        async def once(turn: int) -> None:
            tally.tried()
            if tally.number >= target.size(40):
                tally.at_full_strength()
            compression = grpc.Compression.Gzip if turn % 2 else grpc.Compression.NoCompression
            await channel.unary_unary("/lybic.agent.Agent/GetAgentInfo")(message, compression=compression, timeout=30)

        await again_and_again(4, once)


async def send_half(target: Target, tally: Tally) -> None:
    """Begin messages of the largest size that is taken, send all but their last byte, and never that."""
    wanted = target.size(4_000)

    async def once(turn: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
        try:
            writer.write(http2.greeting())
            sender = http2.Sender(reader, writer)
            for _ in range(CALLS_OF_A_SENDER):
                sender.begin(RUN, MESSAGE_BYTES)
                tally.tried()
            if tally.number >= wanted:
                tally.at_full_strength()
            await sender.serve()
        finally:
            writer.close()
            await asyncio.sleep(0.5 + turn % 10 / 10)

    await again_and_again(max(1, wanted // CALLS_OF_A_SENDER), once)


async def send_garbage(target: Target, tally: Tally) -> None:
    """Send what does not parse to every service."""
    paths = (RUN, "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch", "/lybic.agent.Agent/Nothing",
             "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")  # fmt: skip
    async with grpc.aio.insecure_channel(target.address) as channel:

        async def once(turn: int) -> None:
            tally.tried()
            if tally.number >= target.size(2_000):
                tally.at_full_strength()
            call = channel.stream_stream(paths[turn % len(paths)])(timeout=5)
            await call.write(bytes([turn % 256, 0xFF]) * (1 + turn % 5_000))
            await call.done_writing()
            await call.read()

        await again_and_again(16, once)


ATTACKS = (
    Attack(name="5,000 gRPC connections", carry_out=connect, calls_may_be_refused=True),
    Attack(name="20,000 streams of headers alone", carry_out=send_headers_alone, calls_may_be_refused=True),
    Attack(name="3,000 streams of headers alone, again and again", carry_out=send_headers_again),
    Attack(name="10,000 watchers of one busy task", carry_out=watch, victim="busy typists", calls_may_be_refused=True),
    Attack(name="messages of 120 MiB", carry_out=send_too_much),
    Attack(name="messages that never end", carry_out=send_half, calls_may_be_refused=True),
    Attack(name="bytes that do not parse", carry_out=send_garbage),
)
