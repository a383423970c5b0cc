"""Each call is counted once, with the status that its client has seen."""

import asyncio
from collections import Counter

import pytest

from gui_agents.proto import agent_pb2 as pb
from gui_agents.rpc.accounting import _deadline_met
from tests.serving import Served, refused, serving, until


def follow(served: Served, task: str, timeout: float | None = None):
    return served.agent.GetAgentTaskStream(pb.GetAgentTaskStreamRequest(taskId=task), timeout=timeout)


async def test_a_deadline_is_counted_as_what_its_client_sees():
    async with serving() as served:
        task = await served.start("wait")
        seen = Counter()
        # Timeouts in three digits and more, short ones and long ones, alone and together.
        for timeouts in ([0.2], [0.1011] * 30, [1.003 + number / 1000 for number in range(60)]):
            ends = await asyncio.gather(*(refused(follow(served, task, timeout)) for timeout in timeouts))
            seen.update(end.code for end in ends)
        assert seen == {"DEADLINE_EXCEEDED": 91}
        await served.all_calls_ended()
        rpcs = served.state.snapshot().rpcs
        handled = {code: number for (method, code), number in rpcs.handled.items() if method == "GetAgentTaskStream"}
        # On a busy machine the time of a short call may be up before it has reached the service.
        arrived = rpcs.started["GetAgentTaskStream"]
        assert arrived >= 61
        assert +Counter(handled) == {"DEADLINE_EXCEEDED": arrived}


async def test_a_client_that_leaves_long_before_its_deadline_has_cancelled():
    async with serving() as served:
        task = await served.start("wait")
        for timeout in (None, 30):
            call = follow(served, task, timeout)
            await call.read()
            call.cancel()
        await served.all_calls_ended()
        assert served.state.snapshot().rpcs.handled["GetAgentTaskStream", "CANCELLED"] == 2


@pytest.mark.parametrize(
    ("remaining", "elapsed", "met"),
    [
        (None, 5, False),
        (0, 5, True),
        (0.04, 0.2, True),
        (0.11, 0.5, False),
        (0.105, 5, True),
        (0.12, 5, False),
        (0.19, 10, True),
        (0.25, 10, False),
        (0.6, 59.4, False),
        (25, 5, False),
    ],
)
def test_what_is_left_of_a_deadline_tells_who_ended_the_call(remaining, elapsed, met):
    assert _deadline_met(remaining, elapsed) is met


async def test_streams_count_as_open_while_they_are():
    async with serving() as served:
        task = await served.start("hold")
        calls = [follow(served, task) for _ in range(3)]
        for call in calls:
            await call.read()
        assert served.state.snapshot().rpcs.open_streams == {"RunAgentInstruction": 0, "GetAgentTaskStream": 3}
        calls[0].cancel()
        await until(lambda: served.state.snapshot().rpcs.open_streams["GetAgentTaskStream"] == 2)
        served.models.gate.set()
        await served.watch(task)
        await served.all_calls_ended()
        assert served.state.snapshot().rpcs.handled["GetAgentTaskStream", "OK"] == 3


async def test_refused_streams_leave_no_stream_open():
    async with serving({"TASK_MAX_TASKS": "1", "TASK_QUEUE_SIZE": "0"}) as served:
        await served.start("wait")
        for _ in range(5):
            assert (await refused(served.run("finish"))).code == "RESOURCE_EXHAUSTED"
            assert (await refused(served.run(""))).code == "INVALID_ARGUMENT"
            assert (await refused(served.watch("nobody"))).code == "NOT_FOUND"
        await served.all_calls_ended()
        assert sum(served.state.snapshot().rpcs.open_streams.values()) == 0
        assert served.state.snapshot().tasks.live == {"running": 1, "pending": 0}


async def test_clients_that_leave_while_their_task_starts_leave_no_slot_taken():
    async with serving({"TASK_MAX_TASKS": "2", "TASK_QUEUE_SIZE": "3"}) as served:
        request = pb.RunAgentInstructionRequest(instruction="wait")
        for _ in range(50):
            call = served.agent.RunAgentInstruction(request)
            await asyncio.sleep(0)
            call.cancel()
        await until(lambda: not served.state.live())
        await served.all_calls_ended()
        assert [message.stage for message in await served.run("finish")] == ["starting", "step", "finished"]
