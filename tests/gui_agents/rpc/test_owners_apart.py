"""No history of calls lets an owner see another's id, text or existence.

Two owners call in any order. After each call, each of them asks by every method for all that is the other's, and for an
id that there is not. The replies are the same to the byte, apart from the id.
"""

import asyncio
import contextlib
import tempfile
import uuid
from pathlib import Path
from typing import Any

import attrs
import grpc.aio
from hypothesis import given, settings
from hypothesis import strategies as st

from gui_agents.proto import agent_pb2 as pb
from tests.callers import Callers, callers
from tests.serving import Served

NAMES = ("ann", "eve")
SECRET = {"ann": "finish annas-text", "eve": "finish eves-text"}
SECONDS = 10.0

STARTED = ("finish", "wait", "give up", "", "", "wait")
"""Instructions by number; the empty ones are the owner's secret."""

steps = st.tuples(
    st.sampled_from(NAMES),
    st.sampled_from(["start", "continue", "reuse", "cancel", "watch", "settle"]),
    st.integers(0, 5),
)


@attrs.define
class World:
    """What each owner has by now."""

    ours: Callers
    tasks: dict[str, list[str]] = attrs.field(factory=lambda: {name: [] for name in NAMES})
    sandboxes: dict[str, set[str]] = attrs.field(factory=lambda: {name: set() for name in NAMES})

    async def do(self, name: str, verb: str, number: int) -> None:
        """Let an owner make one call, of which it does not matter how it ends."""
        served, tasks = self.ours.by(name), self.tasks[name]
        task = tasks[number % len(tasks)] if tasks else "none"
        with contextlib.suppress(grpc.aio.AioRpcError):
            match verb:
                case "start":
                    tasks.append(await served.start(STARTED[number] or SECRET[name], destroySandbox=number == 0))
                case "continue":
                    tasks.append(await served.start(SECRET[name], previousTaskId=task))
                case "reuse":
                    sandbox = next(iter(self.sandboxes[name]), "none")
                    tasks.append(await served.start(SECRET[name], sandbox=pb.Sandbox(id=sandbox)))
                case "cancel":
                    await served.cancel(task)
                case "watch":
                    await served.agent.GetAgentTaskStream(pb.GetAgentTaskStreamRequest(taskId=task)).read()
                case _:
                    await asyncio.sleep(0.01)
        for known in tasks:
            status = await served.query(known)
            if status.sandbox.id:
                self.sandboxes[name].add(status.sandbox.id)


async def replies(served: Served, task: str, sandbox: str) -> list[Any]:
    """Return what every method answers that takes an id, with the ids taken out."""
    run = pb.RunAgentInstructionRequest
    calls = [
        served.agent.QueryTaskStatus(pb.QueryTaskStatusRequest(taskId=task)),
        served.agent.CancelTask(pb.CancelTaskRequest(taskId=task)),
        served.agent.GetCommonConfig(pb.GetCommonConfigRequest(id=task)),
        served.agent.GetAgentTaskStream(pb.GetAgentTaskStreamRequest(taskId=task)),
        served.agent.RunAgentInstructionAsync(run(instruction="finish", previousTaskId=task)),
        served.agent.RunAgentInstruction(run(instruction="finish", previousTaskId=task)),
        served.agent.RunAgentInstructionAsync(
            run(instruction="finish", previousTaskId=task, sandbox=pb.Sandbox(id=sandbox))
        ),
        served.agent.RunAgentInstructionAsync(run(instruction="finish", sandbox=pb.Sandbox(id=sandbox))),
    ]
    return [[_without(part, task, sandbox) for part in await _told(call)] for call in calls]


async def _told(call: Any) -> list[bytes]:
    try:
        # A stream that is not refused may have no end.
        async with asyncio.timeout(SECONDS):
            return await _messages(call)
    except grpc.aio.AioRpcError as error:
        details = [value for key, value in error.trailing_metadata() if key == "grpc-status-details-bin"]
        return [error.code().name.encode(), (error.details() or "").encode(), *details]


async def _messages(call: Any) -> list[bytes]:
    if hasattr(call, "__aiter__"):
        return [message.SerializeToString() async for message in call]
    return [(await call).SerializeToString()]


def _without(part: bytes, *ids: str) -> bytes:
    for each in ids:
        part = part.replace(each.encode(), b"X" * len(each))
    return part


async def apart(history: list[tuple[str, str, int]]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        async with callers(Path(directory), {"TASK_MAX_TASKS": "2"}, ann="submit", eve="submit") as ours:
            world = World(ours)
            for name, verb, number in history:
                await world.do(name, verb, number)
                for prober, owner in (NAMES, NAMES[::-1]):
                    await compare(world, prober, owner)


async def compare(world: World, prober: str, owner: str) -> None:
    """Ask for some of the other's tasks and sandboxes, and for nothing at all."""
    served = world.ours.by(prober)
    sandboxes = sorted(world.sandboxes[owner]) or [str(uuid.uuid4())]
    for place, task in enumerate(world.tasks[owner][-2:]):
        sandbox = sandboxes[place % len(sandboxes)]
        unknown = str(uuid.uuid4())[: len(task)], str(uuid.uuid4()).ljust(len(sandbox), "0")[: len(sandbox)]
        foreign, nothing = await replies(served, task, sandbox), await replies(served, *unknown)
        assert foreign == nothing
        assert SECRET[owner].encode() not in b"".join(part for reply in foreign for part in reply)


@settings(max_examples=12, deadline=None)
@given(st.lists(steps, min_size=1, max_size=8))
def test_what_is_somebody_elses_is_as_what_there_is_not(history):
    asyncio.run(apart(history))
