"""Attacks by the endpoints of models that requests name."""

import asyncio
import gzip
import itertools
from collections.abc import AsyncIterator

import grpc

from gui_agents.proto import agent_pb2 as pb
from gui_agents.proto import agent_pb2_grpc as pb_grpc
from tests.attack.attack import Attack, Tally, Target, again_and_again

MIB = 2**20
INSIDE = (
    "http://169.254.169.254/latest/meta-data",
    "http://10.0.0.1/v1",
    "http://[fd00:ec2::254]/v1",
    "http://[::ffff:10.0.0.1]/v1",
    "http://0x0a000001/v1",
    "http://192.168.0.1:6443/v1",
)
BODIES = ("nested", "endless", "bomb", "slow", "fences", "error text", "digits")


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer each request with what its path names."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next(
                (int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length")), 0
            )
            await reader.readexactly(length)
            kind = head.split()[1].split("/")[1]
            status = "500 Error" if kind == "error%20text" else "200 OK"
            encoding = "Content-Encoding: gzip\r\n" if kind == "bomb" else ""
            writer.write(
                f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{encoding}"
                "Transfer-Encoding: chunked\r\n\r\n".encode()
            )
            async for part in _body(kind):
                writer.write(b"%x\r\n%s\r\n" % (len(part), part))
                await writer.drain()
            writer.write(b"0\r\n\r\n")
    except (OSError, EOFError):
        pass
    finally:
        writer.close()


async def _body(kind: str) -> AsyncIterator[bytes]:
    match kind:
        case "nested":
            yield b"["
            for _ in range(60):
                yield b"[[],[]," * (MIB // 7)
        case "endless":
            while True:
                yield bytes(MIB)
        case "bomb":
            yield gzip.compress(bytes(512 * MIB), 1)
        case "slow":
            for _ in itertools.count():
                yield b" "
                await asyncio.sleep(0.2)
        case "fences":
            yield _answer("```" + "a" * 100_000)
        case "digits":
            yield b'{"choices": [{"message": {"content": ' + b"9" * 900_000 + b"}}]}"
        case _:
            yield b'{"error": {"message": "sk-' + b"a" * 100_000 + b'"}}'


def _answer(text: str) -> bytes:
    return b'{"choices": [{"message": {"content": "%s"}}]}' % text.encode()


async def name(target: Target, tally: Tally) -> None:
    """Name endpoints that answer with far too much, far too slowly, or nonsense; and hosts of other networks."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=16 * MIB)
    port = server.sockets[0].getsockname()[1]
    here = [f"http://127.0.0.1:{port}/{kind.replace(' ', '%20')}" for kind in BODIES]
    async with grpc.aio.insecure_channel(target.address) as channel:
        stub = pb_grpc.AgentStub(channel)

        async def once(turn: int) -> None:
            endpoint = (*here, *INSIDE)[turn % (len(here) + len(INSIDE))]
            settings = pb.LLMConfig(modelName="m", provider="openai", apiKey="k" * 20, apiEndpoint=endpoint)
            request = pb.RunAgentInstructionRequest(instruction="Go", destroySandbox=True)
            request.runningConfig.stageModelConfig.actionGeneratorModel.CopyFrom(settings)
            request.runningConfig.taskTimeout = 20
            tally.tried()
            if tally.number >= target.size(60):
                tally.at_full_strength()
            async for _ in stub.RunAgentInstruction(request, timeout=20):
                pass

        await again_and_again(8, once)


ATTACKS = (
    Attack(
        name="endpoints that answer far too much",
        carry_out=name,
        environment={"TASK_MAX_TASKS": "8", "MODEL_TIMEOUT_SECONDS": "5"},
    ),
)
