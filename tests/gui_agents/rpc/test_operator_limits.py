"""Whatever is asked of the Operator service: clear statuses, bounded replies, and an event loop that is not held."""

import random

import grpc.aio
from hypothesis import settings

from gui_agents.domain.actions import Type
from gui_agents.domain.journal import MessagePublished, StepRecorded
from gui_agents.domain.stream import Stage, StreamMessage
from gui_agents.proto import operator_pb2 as pb
from gui_agents.rpc.methods import OPERATOR_METHODS
from tests.gui_agents.held import probed
from tests.gui_agents.rpc.naive_tasks import ended_task
from tests.gui_agents.rpc.operating import operating
from tests.gui_agents.rpc.random_messages import random_bytes, random_message

CLEAR = {"OK", "INVALID_ARGUMENT", "NOT_FOUND"}
LARGE = 4_000_000
DEFAULT_LIMIT = 4 * 2**20
"""Bytes of a reply that a client of gRPC takes."""


def field(number: int, body: bytes) -> bytes:
    size, length = len(body), b""
    while size > 127:
        length, size = length + bytes([size & 127 | 128]), size >> 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + body


REQUESTS = {
    "statuses": field(1, field(1, b"\x01" * LARGE)),
    "models": field(1, field(3, b"") * (LARGE // 2)),
    "filters": field(1, field(8, b"a")) * (LARGE // 5),
    "a text": field(1, field(8, b"a" * LARGE)),
    "a cost of digits": field(1, field(9, b"1" * LARGE)),
    "a page token": field(5, b"e" * LARGE),
    "an id": field(1, b"x" * LARGE),
}


async def code_of(channel: grpc.aio.Channel, path: str, data: bytes) -> str:
    try:
        await channel.unary_unary(path)(data, timeout=20)
    except grpc.aio.AioRpcError as error:
        return error.code().name
    return "OK"


async def test_random_messages_get_clear_answers(caplog):
    source = random.Random(14)
    async with operating(tasks=20) as operated:
        for _ in range(settings().max_examples * 5):
            method = source.choice(OPERATOR_METHODS)
            data = random_bytes(source) if source.random() < 0.3 else random_message(source, method.request)
            assert await code_of(operated.served.channel, method.path, data) in CLEAR, (method.name, data)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_no_request_of_the_largest_size_holds_the_loop():
    async with operating(tasks=20) as operated:
        for method in OPERATOR_METHODS:
            for name, data in REQUESTS.items():
                with probed() as held:
                    assert await code_of(operated.served.channel, method.path, data) in CLEAR
                assert held.kept, (method.name, name, held)


async def test_the_largest_page_fits_in_a_reply_and_does_not_hold_the_loop():
    async with operating({"TASK_QUEUE_SIZE": "1000"}, tasks=300) as operated:
        for _ in range(300):
            await operated.served.start("wait " + "\U0001f600" * 1000)
        with probed() as held:
            reply = await operated.operator.ListTasks(pb.ListTasksRequest(page_size=100_000))
        assert (len(reply.tasks), held.kept) == (500, True), held
        assert reply.ByteSize() < DEFAULT_LIMIT
        assert {len(task.instruction) for task in reply.tasks[:300]} == {300}
        await operated.client.cancel_tasks()


async def test_of_a_very_long_task_the_last_steps_are_sent():
    source = random.Random(1)
    async with operating() as operated:
        entries = list(ended_task(source, 1))
        (step,) = [each for each in entries if isinstance(each, StepRecorded)][:1]
        about = {"task_id": step.task_id, "attempt": 1}
        operated.store.write(entries)
        long = {"action": Type("w" * 100_000), "rationale": "r" * 5000, "outcome": "\u00fc" * 5000}
        for number in range(1000):
            recorded = type(step.step)(number=number, seconds=0.1, tokens=1, cost=step.step.cost, currency=None, **long)
            entry = StepRecorded(**about, position=number, at=1.0, step=recorded, statistics=step.statistics)
            message = StreamMessage(Stage.STEP, "m" * 100_000, 1.0)
            operated.store.write([entry, MessagePublished(**about, position=number, message=message)])
        with probed() as held:
            reply = await operated.operator.GetTask(pb.GetTaskRequest(task_id=step.task_id, with_messages=True))
        assert held.kept, held
        assert reply.ByteSize() < DEFAULT_LIMIT
        assert len(reply.steps) + reply.omitted_steps == 1000
        assert [each.number for each in reply.steps] == list(range(reply.omitted_steps, 1000))
        assert len(reply.steps) > 100
        assert reply.steps[-1].action == '{"action": "type", "text": "' + "w" * (4000 - 28) + "\u2026"
        assert {len(each.rationale) for each in reply.steps} == {4001}
        assert len(reply.messages) + reply.omitted_messages == len(operated.store.messages(step.task_id))
        assert len(reply.messages) > 100


async def test_thousands_are_cancelled_without_holding_the_loop():
    async with operating({"TASK_QUEUE_SIZE": "5000"}) as operated:
        spec = operated.served.state.record(await operated.served.start("wait")).spec
        for _ in range(3000):
            operated.served.service.runner.submit(spec)
        with probed() as held:
            found = await operated.client.cancel_tasks()
        assert (found.cancelled, held.kept) == (3001, True), held
