"""No accepted input makes one callback of the event loop take long; measured in CPU time, see `held`."""

import asyncio
import contextlib

import grpc.aio
import pytest

from gui_agents.domain.clock import SystemClock
from gui_agents.domain.lifecycle import Ending, TaskEvent
from gui_agents.models.registry import ModelFactory
from gui_agents.proto import agent_pb2 as pb
from gui_agents.rpc.convert import MAX_INSTRUCTION
from gui_agents.service import Parts, Service
from gui_agents.state.streams import follow
from tests.fakes import a_spec, new_state
from tests.gui_agents.held import probed
from tests.serving import CLIENT_OPTIONS, configured, serving, until

DONE = Ending(event=TaskEvent.COMPLETE, message="completed in 1 step", result="x" * 10_000)


def filled(text: str) -> str:
    return (text * (MAX_INSTRUCTION // len(text) + 1))[:MAX_INSTRUCTION]


INSTRUCTIONS = {
    "a file named by digits": "Find 202611251030151234567.log",
    "a sum with words": "Calculate 1234567890123456789012345 EUR in USD",
    "places within places": "in notes " * 12 + "zzz" + " in notes" * 12,
    "a pair that ends in a letter": "add 1 and " + "1" * 99_000 + "x",
    "digits": filled("1"),
    "thousands": filled("1,234,"),
    "parentheses": "Calculate " + "(" * 99_000,
    "a chain": filled("write a and "),
    "pairs": filled("add 1 and 1 "),
    "quotes": filled("'a "),
    "quoted texts": filled('"a" '),
    "white space": " " * 99_000 + "a",
    "lines": "a" + "\n \t" * 33_000 + "b",
    "full stops": filled("a. "),
    "bullets": filled("1. a\n"),
    "polite words": filled("please, "),
    "remarks": filled("x (aa) "),
    "accents": filled("e\u0301"),
    "clauses that no rule knows": ("set the " * 240 + "and ") * 50,
    "clauses of sums": ("what is " + "1+" * 950 + " and ") * 50,
    "clauses of places": ("add " + "a in " * 390 + "zzz and ") * 50,
    "texts that go on": "write a" + (" and " + "b.c" * 300) * 99,
    "a quoted sum": 'calculate "' + "1+" * 49_000 + '"',
    "a quoted number with something behind it": 'write "' + "1" * 99_000 + '\x00"',
    "a quoted text": 'write "' + "ab " * 33_000 + '"',
    "a quoted label": 'press "' + "a" * 99_000 + '"',
    "quoted keys": 'press "' + "ctrl+" * 19_000 + '"',
    "a quoted file": 'delete "' + "a" * 99_000 + '.txt"',
}
ENDS = (b"not understood", b"not possible", b"completed", b"stuck")


@contextlib.asynccontextmanager
async def real_service(**environment: str):
    """Run a service with the built-in model and simulated desktops; yield it with a stub of a client."""
    service = Service(configured(environment))
    await service.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{service.port}", options=CLIENT_OPTIONS) as channel:
        try:
            yield service, channel
        finally:
            await service.runner.drain(0)
            await service.stop()


async def test_no_instruction_holds_the_loop():
    async with real_service(TASK_RETENTION="10", TASK_STEPS="200") as (_, channel):
        run = channel.unary_stream("/lybic.agent.Agent/RunAgentInstruction")
        for name, text in INSTRUCTIONS.items():
            request = pb.RunAgentInstructionRequest(instruction=text[:MAX_INSTRUCTION]).SerializeToString()
            with probed() as held:
                last = [message async for message in run(request, timeout=20)][-1]
            assert held.kept, (name, held)
            assert any(end in last for end in ENDS), (name, last)


def field(number: int, body: bytes) -> bytes:
    size, length = len(body), b""
    while size > 127:
        length, size = length + bytes([size & 127 | 128]), size >> 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + body


def model(**fields: str) -> bytes:
    stages = pb.StageModelConfig(actionGeneratorModel=pb.LLMConfig(**{"modelName": "m", **fields}))
    config = pb.CommonConfig(stageModelConfig=stages)
    return pb.RunAgentInstructionRequest(instruction="x", runningConfig=config).SerializeToString()


LARGE = 4_000_000
REQUESTS = {
    "an empty part again and again": field(2, b"") * (LARGE // 2),
    "nested parts again and again": field(3, field(8, field(2, b""))) * (LARGE // 6),
    "texts that replace each other": field(1, b"a") * (LARGE // 3),
    "unknown numbers": b"\x78\x01" * (LARGE // 2),
    "unknown groups": b"\x7b\x7c" * (LARGE // 2),
    "groups within groups": b"\x7b" * 100_000,
    "an instruction of blanks": field(1, b" " * LARGE),
    "no UTF-8": field(1, b"x" * LARGE + b"\xff"),
    "cut off": field(1, b"x" * LARGE)[:-1],
    "a long id": field(1, b"x") + field(5, b"x" * LARGE),
    "a long key": model(apiKey="k" * LARGE),
    "a long name": model(modelName=" " * LARGE),
    "an address of colons": model(apiEndpoint="http://[" + ":" * LARGE + "]"),
    "an address with a port of digits": model(apiEndpoint="http://a:" + "9" * LARGE),
    "an address of labels": model(apiEndpoint="http://" + "a." * (LARGE // 2)),
}
METHODS = ("RunAgentInstructionAsync", "GetAgentTaskStream", "QueryTaskStatus", "CancelTask", "GetCommonConfig")


@pytest.mark.parametrize("method", METHODS)
async def test_no_request_of_the_largest_size_holds_the_loop(method):
    async with serving() as served:
        for name, data in REQUESTS.items():
            with probed() as held, contextlib.suppress(grpc.aio.AioRpcError):
                await served.call(method, data)
            assert held.kept, (name, held)
            await served.all_calls_ended()


async def test_watchers_by_the_thousand_are_woken_without_holding_the_loop():
    state, told = new_state(SystemClock()), []
    state.task_created("task", a_spec(), "accepted")
    state.task_started("task")

    async def watch() -> None:
        told.append([message.stage async for message in follow(state, "task")])

    watchers = [asyncio.create_task(watch()) for _ in range(10_000)]
    await until(lambda: state.snapshot().streams.subscribers == 10_000)
    loop = asyncio.get_running_loop()
    with probed() as held:
        loop.call_soon(state.step_told, "task", "a step")
        loop.call_soon(state.task_ended, "task", DONE)
        await asyncio.gather(*watchers)

    assert held.kept, held
    assert told == [["starting", "step", "finished"]] * 10_000


async def test_a_long_log_is_replayed_without_holding_the_loop():
    state = new_state(SystemClock(), log_messages=50_000)
    state.task_created("task", a_spec(), "accepted")
    state.task_started("task")
    for number in range(49_998):
        state.step_told("task", f"step {number}")
    state.task_ended("task", DONE)

    async def watch() -> int:
        return len([None async for _ in follow(state, "task")])

    with probed() as held:
        counts = await asyncio.gather(*(asyncio.create_task(watch()) for _ in range(10)))

    assert held.kept, held
    assert counts == [50_000] * 10


async def test_one_large_task_makes_many_small_ones_go_without_holding_the_loop():
    state = new_state(SystemClock(), retention=20_000)
    for number in range(20_000):
        task = f"task {number}"
        state.task_created(task, a_spec(), "accepted")
        state.task_ended(task, Ending(event=TaskEvent.CANCEL, message="cancelled"))
    state.task_created("large", a_spec("x" * 2**28), "accepted")
    state.task_started("large")
    with probed() as held:
        asyncio.get_running_loop().call_soon(state.task_ended, "large", DONE)
        await until(lambda: state.snapshot().tasks.retained == 0)

    assert held.kept, held


@pytest.mark.parametrize("running", ["1", "1000"])
async def test_thousands_of_tasks_are_accepted_and_drained_without_holding_the_loop(running):
    config = configured({"TASK_MAX_TASKS": running, "TASK_QUEUE_SIZE": "5000", "LOG_LEVEL": "WARNING"})
    service = Service(config, Parts(models=_Waiting(config)))
    with probed() as held:
        for number in range(5000):
            service.runner.submit(a_spec("wait"))
            if number % 50 == 0:
                await asyncio.sleep(0)
        await until(lambda: service.state.snapshot().tasks.live["running"] == int(running))
        await asyncio.create_task(service.runner.drain(0))

    assert held.kept, held
    assert not service.state.live()


class _Waiting(ModelFactory):
    """Makes models that never decide."""

    def __init__(self, config):
        super().__init__(config.defaults, config.models, SystemClock())

    def create(self, choice):
        return self

    provider, takes_screenshots = "builtin", False

    async def decide(self, request, calls):
        await asyncio.Event().wait()

    async def close(self):
        pass


async def test_a_message_limit_that_would_hold_the_loop_cannot_be_configured():
    with pytest.raises(Exception, match="GRPC_MAX_MESSAGE_BYTES"):
        configured({"GRPC_MAX_MESSAGE_BYTES": str(9 * 2**20)})


async def test_a_burst_of_calls_does_not_hold_the_loop():
    async with serving({"TASK_MAX_TASKS": "1", "TASK_QUEUE_SIZE": "300"}) as served:
        with probed() as held:
            tasks = await asyncio.gather(*(served.start("wait") for _ in range(300)))
            watched = [asyncio.create_task(served.watch(task)) for task in tasks]
            await until(lambda: served.state.snapshot().streams.subscribers == 300)
            await asyncio.gather(*(served.cancel(task) for task in tasks), *watched)
        assert held.kept, held
