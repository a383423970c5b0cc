"""Attacks from inside: sandboxes that misbehave, and a log that nobody reads."""

import asyncio

import grpc

from gui_agents.proto import agent_pb2 as pb
from gui_agents.proto import agent_pb2_grpc as pb_grpc
from tests.attack.attack import Attack, Tally, Target, again_and_again

INSTRUCTION = "Calculate 12*7+5"


async def run_tasks(target: Target, tally: Tally) -> None:
    """Start tasks as fast as they are taken, and leave some of them."""
    async with grpc.aio.insecure_channel(target.address) as channel:
        stub = pb_grpc.AgentStub(channel)

        async def once(turn: int) -> None:
            tally.tried()
            if tally.number >= target.size(400):
                tally.at_full_strength()
            request = pb.RunAgentInstructionRequest(instruction=INSTRUCTION, destroySandbox=bool(turn % 2))
            async for _ in stub.RunAgentInstruction(request, timeout=0.5 + turn % 3):
                pass

        await again_and_again(12, once)


async def run_a_few_tasks(target: Target, tally: Tally) -> None:
    """Start what takes all slots, and wait."""
    async with grpc.aio.insecure_channel(target.address) as channel:
        stub = pb_grpc.AgentStub(channel)
        for _ in range(12):
            tally.tried()
            try:
                request = pb.RunAgentInstructionRequest(instruction=INSTRUCTION)
                await stub.RunAgentInstructionAsync(request, timeout=0.5)
            except grpc.aio.AioRpcError:
                continue  # the loop stands still already
        tally.at_full_strength()
        await asyncio.Event().wait()


ATTACKS = (
    Attack(
        name="a sandbox that blocks the event loop",
        carry_out=run_a_few_tasks,
        victim="blocks the loop",
        calls_may_be_refused=True,
    ),
    Attack(name="a sandbox that swallows its cancel", carry_out=run_tasks, victim="swallows its cancel"),
    Attack(name="a sandbox that fills the thread pool", carry_out=run_a_few_tasks, victim="sits in the thread pool"),
    Attack(name="a sandbox that raises anything", carry_out=run_tasks, victim="raises anything"),
    Attack(name="a sandbox that hangs in close", carry_out=run_tasks, victim="hangs in close"),
    Attack(name="a log that nobody reads", carry_out=run_tasks, environment={"LOG_LEVEL": "DEBUG"}, log_is_read=False),
)
