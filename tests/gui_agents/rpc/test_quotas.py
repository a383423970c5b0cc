"""Each quota is enforced over real gRPC with its own status, and counted."""

import asyncio

import grpc.aio
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from gui_agents.domain.access import REFUSING
from gui_agents.proto import agent_pb2 as pb
from gui_agents.proto import agent_pb2_grpc as pb_grpc
from tests.callers import Callers, callers
from tests.serving import refused, serving, until


def rejections(ours: Callers) -> dict[str, int]:
    counts = ours.served.state.snapshot().access.rejections
    assert set(counts) == set(REFUSING)
    return {quota: number for quota, number in counts.items() if number}


def follow(served, task):
    return served.agent.GetAgentTaskStream(pb.GetAgentTaskStreamRequest(taskId=task))


async def retry_seconds(call) -> int | None:
    """Return the delay in the details of a refused call."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        for detail in rpc_status.from_call(error).details:
            info = error_details_pb2.RetryInfo()
            if detail.Unpack(info):
                return info.retry_delay.seconds
    return None


async def test_tasks_over_the_quota_of_running_ones_wait_and_others_pass(tmp_path):
    async with callers(tmp_path, {"TASK_MAX_TASKS": "2"}, ann="submit running=1", bob="submit") as ours:
        first, second = [await ours.by("ann").start("wait") for _ in range(2)]
        other = await ours.by("bob").start("wait")
        states = [(await ours.by(name).query(task)).status for name, task in (("ann", second), ("bob", other))]
        assert states == [pb.PENDING, pb.RUNNING]
        await ours.by("ann").cancel(first)
        assert (await ours.by("ann").query(second)).status == pb.RUNNING
        assert rejections(ours) == {}


async def test_a_full_queue_of_an_owner_is_its_own(tmp_path):
    async with callers(tmp_path, {"TASK_MAX_TASKS": "1"}, ann="submit queued=1", bob="submit") as ours:
        for _ in range(2):
            await ours.by("ann").start("wait")
        said = await refused(ours.by("ann").start("wait"))
        assert (said.code, said.reason) == ("RESOURCE_EXHAUSTED", "QUOTA_QUEUED")
        assert await ours.by("bob").start("wait")
        assert rejections(ours) == {"queued": 1}
        assert ours.served.state.snapshot().tasks.rejected["quota"] == 1


async def test_calls_a_minute_are_counted_whatever_they_ask(tmp_path):
    async with callers(tmp_path, ann="submit requests=3", bob="submit") as ours:
        for _ in range(3):
            await ours.by("ann").query("x")
        call = ours.by("ann").agent.GetAgentInfo(pb.GetAgentInfoRequest())
        assert 0 < (await retry_seconds(call)) <= 20
        assert (await refused(ours.by("ann").query("x"))).reason == "QUOTA_REQUESTS"
        await ours.by("bob").query("x")
        assert rejections(ours) == {"requests": 2}


async def test_calls_without_the_role_count_against_the_calls_a_minute(tmp_path):
    async with callers(tmp_path, ann="read requests=2") as ours:
        said = [await refused(ours.by("ann").start("x")) for _ in range(3)]
        assert [each.reason for each in said] == ["MISSING_ROLE", "MISSING_ROLE", "QUOTA_REQUESTS"]
        assert ours.served.service._reception.open == 0


async def test_streams_and_those_of_one_task_are_bounded(tmp_path):
    async with callers(tmp_path, ann="submit streams=3 subscribers=2") as ours:
        ann = ours.by("ann")
        task, other = await ann.start("wait"), await ann.start("wait")
        streams = [follow(ann, task), follow(ann, task)]
        for stream in streams:
            await stream.read()
        assert (await refused(follow(ann, task))).reason == "QUOTA_SUBSCRIBERS"
        streams.append(follow(ann, other))
        await streams[-1].read()
        assert (await refused(follow(ann, other))).reason == "QUOTA_STREAMS"
        assert await ann.query(task)
        streams[0].cancel()
        await until(lambda: ours.served.state.snapshot().streams.subscribers == 2)
        streams[0] = follow(ann, task)
        await streams[0].read()
        assert rejections(ours) == {"subscribers": 1, "streams": 1}


async def test_connections_with_open_calls_are_bounded(tmp_path):
    async with callers(tmp_path, ann="submit connections=1") as ours:
        ann = ours.by("ann")
        stream = follow(ann, await ann.start("wait"))
        await stream.read()
        metadata = (("authorization", f"Bearer {ours.tokens['ann']}"),)
        options = (("grpc.use_local_subchannel_pool", 1),)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{ours.served.service.port}", options=options) as another:
            agent = pb_grpc.AgentStub(another)
            said = await refused(agent.GetAgentInfo(pb.GetAgentInfoRequest(), metadata=metadata))
            assert said.reason == "QUOTA_CONNECTIONS"
            assert await ann.agent.GetAgentInfo(pb.GetAgentInfoRequest())
            stream.cancel()
            usage = ours.served.service._servicer.owners._usages["ann"]
            await until(lambda: not usage.connections)
            assert await agent.GetAgentInfo(pb.GetAgentInfoRequest(), metadata=metadata)
        assert rejections(ours) == {"connections": 1}


async def test_bytes_of_live_tasks_are_bounded(tmp_path):
    async with callers(tmp_path, ann="submit bytes=20000") as ours:
        assert await ours.by("ann").start("wait")
        said = await refused(ours.by("ann").start("x" * 20_000))
        assert (said.code, said.reason) == ("RESOURCE_EXHAUSTED", "QUOTA_BYTES")
        assert rejections(ours) == {"bytes": 1}


async def test_without_tokens_the_settings_bound_all_callers_together():
    async with serving({"OWNER_MAX_STREAMS": "1", "OWNER_MAX_QUEUED": "0", "TASK_MAX_TASKS": "1"}) as served:
        task = await served.start("wait")
        assert (await refused(served.start("wait"))).reason == "QUOTA_QUEUED"
        stream = follow(served, task)
        await stream.read()
        assert (await refused(follow(served, task))).reason == "QUOTA_STREAMS"
        assert served.state.snapshot().access.failures is None
        stream.cancel()


async def test_a_quota_of_a_token_goes_before_the_setting(tmp_path):
    settings = {"OWNER_MAX_STREAMS": "0"}
    async with callers(tmp_path, settings, ann="submit streams=1", bob="submit") as ours:
        task = await ours.by("ann").start("wait")
        stream = follow(ours.by("ann"), task)
        await stream.read()
        mine = await ours.by("bob").start("wait")
        assert (await refused(follow(ours.by("bob"), mine))).reason == "QUOTA_STREAMS"


async def test_a_raised_quota_starts_what_waits(tmp_path):
    async with callers(tmp_path, {"TASK_MAX_TASKS": "2"}, ann="submit running=1") as ours:
        _, waiting = [await ours.by("ann").start("wait") for _ in range(2)]
        ours.path.write_text(ours.path.read_text().replace("running=1", "running=2"))
        ours.reload()
        assert (await ours.by("ann").query(waiting)).status == pb.RUNNING


@pytest.mark.parametrize("left", ["ends", "cancelled by its client", "refused"])
async def test_nothing_stays_counted_after_calls_however_they_end(tmp_path, left):
    async with callers(tmp_path, ann="submit") as ours:
        ann = ours.by("ann")
        match left:
            case "ends":
                await ann.run("finish")
            case "cancelled by its client":
                stream = ann.agent.RunAgentInstruction(pb.RunAgentInstructionRequest(instruction="wait"))
                await stream.read()
                stream.cancel()
            case _:
                await refused(ann.run(""))
        await ours.served.all_calls_ended()
        async with asyncio.timeout(20):
            while ours.served.state.live():
                await asyncio.sleep(0.001)
        usage = ours.served.service._servicer.owners._usages["ann"]
        assert (usage.streams, usage.connections, usage.followed) == (0, {}, {})
        assert (usage.pending, usage.running, usage.live_bytes) == (0, 0, 0)
        assert ours.served.service._door._streams == {}
