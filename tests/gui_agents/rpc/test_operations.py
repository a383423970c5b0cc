"""Operations of grpc.aio are not cancelled with whoever waits for them: each would leak what it needs."""

import asyncio
import gc

import pytest

from gui_agents.proto import agent_pb2 as pb
from gui_agents.rpc import reception
from gui_agents.rpc.methods import METHODS
from gui_agents.rpc.operations import to_its_end
from tests.serving import serving, until

BY_NAME = {method.name: method for method in METHODS}


async def test_the_result_of_an_operation_is_returned():
    assert await to_its_end(asyncio.sleep(0, "done")) == "done"


async def test_the_error_of_an_operation_is_raised():
    async def fail():
        raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        await to_its_end(fail())


@pytest.mark.parametrize("error", [None, OSError("broken")])
async def test_an_operation_goes_on_without_its_waiter_and_its_outcome_is_not_called_unseen(error):
    unseen = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: unseen.append(context["message"]))
    ends, ended = asyncio.Event(), []

    async def operation():
        await ends.wait()
        ended.append(True)
        if error is not None:
            raise error

    waiter = asyncio.create_task(to_its_end(operation()))
    await asyncio.sleep(0)
    waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter
    ends.set()
    await until(lambda: ended)
    await asyncio.sleep(0)
    gc.collect()
    assert unseen == []


class Operations:
    """Stands before `to_its_end`, and tells how each operation ended."""

    def __init__(self, monkeypatch):
        self.ended = []
        for module in ("reception", "door"):
            monkeypatch.setattr(f"gui_agents.rpc.{module}.to_its_end", self._watched)

    async def _watched(self, operation):
        async def watched():
            try:
                return await operation
            except asyncio.CancelledError:
                self.ended.append("cancelled")
                raise
            finally:
                self.ended.append("ended")

        return await to_its_end(watched())


async def test_a_read_outlives_its_time_and_ends_with_its_call(monkeypatch):
    monkeypatch.setattr(reception, "RECEIVE_SECONDS", 0.05)
    operations = Operations(monkeypatch)
    async with serving() as served:
        served.channel.stream_stream(BY_NAME["GetAgentInfo"].path)()
        await until(lambda: operations.ended)
        assert operations.ended == ["ended"]


async def test_a_read_outlives_a_client_that_leaves(monkeypatch):
    operations = Operations(monkeypatch)
    async with serving() as served:
        call = served.channel.stream_stream(BY_NAME["GetAgentInfo"].path)()
        await until(lambda: served.state.snapshot().rpcs.started["GetAgentInfo"] == 1)
        call.cancel()
        await until(lambda: operations.ended)
        assert operations.ended == ["ended"]


async def test_a_write_outlives_a_client_that_leaves(monkeypatch):
    operations = Operations(monkeypatch)
    async with serving() as served:
        task = await served.start("go on")
        call = served.agent.GetAgentTaskStream(pb.GetAgentTaskStreamRequest(taskId=task))
        # It reads nothing: what the service writes fills the window of the stream, and a write waits.
        await until(lambda: served.state.snapshot().rpcs.open_streams["GetAgentTaskStream"] == 1)
        await asyncio.sleep(0.2)
        call.cancel()
        await served.all_calls_ended()
        await until(lambda: len(operations.ended) > 1)
        assert "cancelled" not in operations.ended
