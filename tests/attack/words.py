"""Attacks by what a request says."""

import asyncio
import contextlib
import itertools
from collections.abc import Iterator

import grpc

from gui_agents.proto import agent_pb2 as pb
from gui_agents.proto import agent_pb2_grpc as pb_grpc
from tests.attack.attack import Attack, Tally, Target, again_and_again

MAX_CHARACTERS = 100_000
PIECES = (
    *(
        "1",
        "(",
        ")",
        "+",
        "* ",
        "1+",
        "((1",
        "1,2",
        "1.5e",
        "%",
        "-",
        "\t",
        "a",
        '"',
        "`",
        "\U0001f600",
        "the ",
        "click ",
    ),
    *(
        " and ",
        "in notes ",
        "add 1 and ",
        "type '",
        "open notes then ",
        "EUR in USD ",
        "202611251030151234567",
        "x" * 50,
    ),
)
BEGINNINGS = ("", "Calculate ", "Find ", "Write ", "add 1 and ", "Open notes and type ", "Set brightness to ")
ENDINGS = ("", "x", ".log", " EUR in USD", "zzz", " in notes" * 12, ")", "!")
SIZES = (20, 200, 3_000, MAX_CHARACTERS - 200)
SEEN = (
    "Find 202611251030151234567.log",
    "Calculate 1234567890123456789012345 EUR in USD",
    "in notes " * 12 + "zzz" + " in notes" * 12,
    "add 1 and " + "1" * 99_000 + "x",
)


def sentences() -> Iterator[str]:
    """Yield instructions without end: what was seen, then every piece, repeated to every size."""
    for size, (beginning, piece, ending) in itertools.product(SIZES, itertools.product(BEGINNINGS, PIECES, ENDINGS)):
        yield beginning + piece * (size // len(piece)) + ending
    yield from itertools.cycle(SEEN)


async def say(target: Target, tally: Tally) -> None:
    """Start a task with each sentence; a full queue is waited for."""
    said = itertools.chain(SEEN, sentences())
    async with grpc.aio.insecure_channel(target.address) as channel:
        stub = pb_grpc.AgentStub(channel)

        async def once(_turn: int) -> None:
            request = pb.RunAgentInstructionRequest(instruction=next(said), destroySandbox=True)
            async for _ in stub.RunAgentInstruction(request, timeout=30):
                pass
            tally.tried()
            if tally.number >= target.size(200):
                tally.at_full_strength()

        await again_and_again(8, once)


def largest(instruction: str) -> pb.RunAgentInstructionRequest:
    """Return a request in which everything is as long as it may be."""
    settings = pb.LLMConfig(
        modelName="m" * 200, provider="openai", apiKey="k" * 4_000, apiEndpoint="https://example.org/" + "p" * 1_900
    )
    request = pb.RunAgentInstructionRequest(instruction=instruction, destroySandbox=False)
    request.runningConfig.platform = "p" * 500
    for field in pb.StageModelConfig.DESCRIPTOR.fields:
        if field.message_type is pb.LLMConfig.DESCRIPTOR:
            getattr(request.runningConfig.stageModelConfig, field.name).CopyFrom(settings)
    request.runningConfig.stageModelConfig.actionGeneratorModel.CopyFrom(pb.LLMConfig(modelName="builtin/rules"))
    request.runningConfig.stageModelConfig.fastActionGeneratorModel.CopyFrom(pb.LLMConfig(modelName="builtin/rules"))
    return request


async def fill(target: Target, tally: Tally) -> None:
    """Start tasks with the largest requests, as fast as they are taken; each goes on from one that ended."""
    previous = ""
    async with grpc.aio.insecure_channel(target.address) as channel:
        stub = pb_grpc.AgentStub(channel)

        async def once(turn: int) -> None:
            nonlocal previous
            request = largest(("end " if turn % 2 else "go on ") + "\U0001f600" * (MAX_CHARACTERS - 10))
            if previous and turn % 4 == 1:
                request.previousTaskId = previous
            with contextlib.suppress(grpc.aio.AioRpcError):
                previous = (await stub.RunAgentInstructionAsync(request, timeout=30)).taskId
            tally.tried()
            if tally.number >= target.size(600):
                tally.at_full_strength()
            await asyncio.sleep(0.01)

        await again_and_again(4, once)


async def come_and_go(target: Target, tally: Tally) -> None:
    """Start tasks and leave or cancel them at once."""
    async with grpc.aio.insecure_channel(target.address) as channel:
        stub = pb_grpc.AgentStub(channel)

        async def once(turn: int) -> None:
            request = pb.RunAgentInstructionRequest(instruction="Open the calculator")
            tally.tried()
            if tally.number >= target.size(2_000):
                tally.at_full_strength()
            if turn % 2:
                async for _ in stub.RunAgentInstruction(request, timeout=0.001 * (turn % 20)):
                    pass
            else:
                task = await stub.RunAgentInstructionAsync(request)
                await stub.CancelTask(pb.CancelTaskRequest(taskId=task.taskId))

        await again_and_again(16, once)


ATTACKS = (
    Attack(name="sentences that are hard to read", carry_out=say, environment={"TASK_MAX_TASKS": "8"}),
    Attack(name="the largest requests, a model that types much", carry_out=fill, victim="heavy typists"),
    Attack(name="tasks that are left and cancelled at once", carry_out=come_and_go),
)
