"""Whatever a client sends, it gets a clear status that names the field, and leaves nothing behind."""

import asyncio
import random

import grpc.aio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gui_agents.domain.errors import InvalidFieldError
from gui_agents.proto import agent_pb2 as pb
from gui_agents.rpc.handlers import parsed
from gui_agents.rpc.methods import METHODS
from tests.gui_agents.rpc.random_messages import random_bytes, random_message
from tests.serving import Refusal, Served, at_rest, refusal, refused, serving

LONG = "x" * 501


def running(**fields) -> pb.RunAgentInstructionRequest:
    return pb.RunAgentInstructionRequest(instruction="finish", runningConfig=pb.CommonConfig(**fields))


def with_model(stage: str = "actionGeneratorModel", mode: int = 0, **fields) -> pb.RunAgentInstructionRequest:
    stages = pb.StageModelConfig(**{stage: pb.LLMConfig(**fields)})
    return running(stageModelConfig=stages, mode=mode)


MODEL = "runningConfig.stageModelConfig.actionGeneratorModel"

INVALID_TASKS = {
    "instruction": [
        pb.RunAgentInstructionRequest(),
        pb.RunAgentInstructionRequest(instruction=" \n\t"),
        pb.RunAgentInstructionRequest(instruction="x" * 100_001),
    ],
    "previousTaskId": [pb.RunAgentInstructionRequest(instruction="finish", previousTaskId=LONG)],
    "sandbox.id": [pb.RunAgentInstructionRequest(instruction="finish", sandbox=pb.Sandbox(id=LONG))],
    "sandbox.os": [pb.RunAgentInstructionRequest(instruction="finish", sandbox=pb.Sandbox(os=4))],
    "runningConfig.steps": [running(steps=-1), running(steps=-(2**31)), running(steps=1001)],
    "runningConfig.taskTimeout": [running(taskTimeout=-1), running(taskTimeout=86401)],
    "runningConfig.mode": [running(mode=3), running(mode=-1)],
    "runningConfig.backend": [running(backend="nope"), running(backend=LONG), running(backend="\x00\U0010ffff" * 200)],
    "runningConfig.platform": [running(platform=LONG)],
    "runningConfig.stageModelConfig.webSearchEngine": [
        running(stageModelConfig=pb.StageModelConfig(webSearchEngine=LONG))
    ],
    "runningConfig.authorizationInfo.orgID": [running(authorizationInfo=pb.Authorization(orgID=LONG))],
    "runningConfig.authorizationInfo.apiKey": [running(authorizationInfo=pb.Authorization(apiKey="a b"))],
    "runningConfig.authorizationInfo.apiEndpoint": [running(authorizationInfo=pb.Authorization(apiEndpoint="ftp://x"))],
    f"{MODEL}.modelName": [with_model(modelName=LONG), with_model(modelName="builtin/other")],
    f"{MODEL}.provider": [with_model(modelName="m", provider="nope"), with_model(modelName="m", provider=LONG)],
    f"{MODEL}.apiKey": [with_model(modelName="m", apiKey="ключ"), with_model(modelName="m", apiKey="a\nb")],
    f"{MODEL}.apiEndpoint": [
        with_model(modelName="m", apiEndpoint=address)
        for address in (
            "nowhere",
            "file:///etc/passwd",
            "http://user:secret@host/v1",
            "http://host:99999/",
            "http://a b",
        )
    ],
    "runningConfig.stageModelConfig.fastActionGeneratorModel.provider": [
        with_model("fastActionGeneratorModel", pb.FAST, modelName="m", provider="nope")
    ],
    "runningConfig.stageModelConfig.groundingModel.modelName": [with_model("groundingModel", modelName=LONG)],
    "runningConfig.stageModelConfig": [
        with_model("groundingModel", modelName="m"),
        with_model("actionGeneratorWithTakeoverModel", modelName="m"),
    ],
}


@pytest.mark.parametrize("field", INVALID_TASKS)
async def test_a_wrong_field_of_a_task_is_named(field):
    async with serving() as served:
        for request in INVALID_TASKS[field]:
            said = await refused(served.agent.RunAgentInstructionAsync(request))
            assert (said.code, said.reason, said.fields) == ("INVALID_ARGUMENT", "INVALID_FIELD", (field,))
            assert said.text.startswith(f"{field}: ")
            assert len(said.text) < 1000
            assert "secret" not in said.text
            assert await refused(served.agent.RunAgentInstruction(request)) == said
        tasks = served.state.snapshot().tasks
        assert tasks.rejected["invalid"] == 2 * len(INVALID_TASKS[field])
        assert tasks.created["pending"] == 0


async def test_zero_stands_for_the_default():
    async with serving({"TASK_STEPS": "7", "TASK_TIMEOUT_SECONDS": "8"}) as served:
        reply = await served.agent.RunAgentInstructionAsync(running(steps=0, taskTimeout=0, backend="", mode=0))
        config = await served.agent.GetCommonConfig(pb.GetCommonConfigRequest(id=reply.taskId))
        assert (config.backend, config.steps, config.taskTimeout, config.mode) == ("simulated", 7, 8, pb.FAST)


async def test_a_model_without_a_key_for_its_public_address_is_a_precondition():
    async with serving() as served:
        said = await refused(served.agent.RunAgentInstructionAsync(with_model(modelName="gpt-4o")))
        assert (said.code, said.reason) == ("FAILED_PRECONDITION", "PRECONDITION")
        assert f"{MODEL}.apiKey" in said.text
        assert "OPENAI_API_KEY" in said.text


async def test_a_wrong_field_of_the_configuration_is_named_and_changes_nothing():
    nameless, wrong = pb.LLMConfig(apiKey="k"), pb.LLMConfig(modelName="m", apiEndpoint="nowhere")
    unknown = pb.LLMConfig(modelName="m", provider="nope")
    async with serving({"ALLOW_SET_GLOBAL_CONFIG": "true"}) as served:
        agent = served.agent
        before = await agent.GetGlobalCommonConfig(pb.GetGlobalCommonConfigRequest())
        stage = "commonConfig.stageModelConfig.actionGeneratorModel"
        for field, call in (
            ("commonConfig", agent.SetGlobalCommonConfig(pb.SetGlobalCommonConfigRequest())),
            ("llmConfig.modelName", agent.SetGlobalCommonLLMConfig(pb.SetGlobalCommonLLMConfigRequest())),
            (
                "llmConfig.modelName",
                agent.SetGlobalGroundingLLMConfig(pb.SetGlobalGroundingLLMConfigRequest(llmConfig=nameless)),
            ),
            (
                "llmConfig.apiEndpoint",
                agent.SetGlobalEmbeddingLLMConfig(pb.SetGlobalEmbeddingLLMConfigRequest(llmConfig=wrong)),
            ),
            (
                "llmConfig.provider",
                agent.SetGlobalCommonLLMConfig(pb.SetGlobalCommonLLMConfigRequest(llmConfig=unknown)),
            ),
            *(
                (field, agent.SetGlobalCommonConfig(pb.SetGlobalCommonConfigRequest(commonConfig=config)))
                for field, config in (
                    ("commonConfig.steps", pb.CommonConfig(steps=-1)),
                    ("commonConfig.taskTimeout", pb.CommonConfig(taskTimeout=-1)),
                    ("commonConfig.mode", pb.CommonConfig(mode=9)),
                    ("commonConfig.backend", pb.CommonConfig(backend="nope")),
                    (
                        f"{stage}.provider",
                        pb.CommonConfig(stageModelConfig=pb.StageModelConfig(actionGeneratorModel=unknown)),
                    ),
                )
            ),
        ):
            said = await refused(call)
            assert (said.code, said.fields) == ("INVALID_ARGUMENT", (field,))
        assert await agent.GetGlobalCommonConfig(pb.GetGlobalCommonConfigRequest()) == before
        assert sum(served.state.snapshot().service.config_updates.values()) == 0


@pytest.mark.parametrize("length", [0, 500, 501, 100_000, 3_000_000])
async def test_ids_of_any_length_get_an_answer_that_fits(length):
    wanted = "\U0001f600" * (length // 4) if length < 1000 else "x" * length
    too_long = len(wanted) > 500
    async with serving() as served:
        for method, field, request in (
            ("GetAgentTaskStream", "taskId", pb.GetAgentTaskStreamRequest(taskId=wanted)),
            ("GetCommonConfig", "id", pb.GetCommonConfigRequest(id=wanted)),
        ):
            said = await refused(getattr(served.agent, method)(request))
            assert said.code == ("INVALID_ARGUMENT" if too_long else "NOT_FOUND")
            assert said.fields == ((field,) if too_long else ())
            assert len(said.text) < 500
        query = served.agent.QueryTaskStatus(pb.QueryTaskStatusRequest(taskId=wanted))
        cancel = served.agent.CancelTask(pb.CancelTaskRequest(taskId=wanted))
        if too_long:
            assert [(await refused(call)).fields for call in (query, cancel)] == [("taskId",)] * 2
        else:
            assert (await query).status == pb.NOT_FOUND
            assert (await cancel).success is False


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
async def test_what_does_not_parse_is_invalid(method):
    async with serving() as served:
        # A cut message, a wrong type of wire, text that is no UTF-8 in field 1 of those that have a text there.
        broken = [b"\x0a\xff\xff\xff\xff\xff", b"\x0f", b"\xff" * 10]
        if method.request.DESCRIPTOR.fields and method.request.DESCRIPTOR.fields[0].type == 9:
            broken.append(b"\x0a\x02\xc3\x28")
        for data in broken:
            said = await refused(send(served, method, data))
            assert (said.code, said.fields) == ("INVALID_ARGUMENT", ("request",))
            assert said.text == f"request: does not parse as {method.request.DESCRIPTOR.full_name}"
        await served.all_calls_ended()
        assert served.state.snapshot().rpcs.handled[method.name, "INVALID_ARGUMENT"] == len(broken)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
async def test_ten_megabytes_are_refused_before_they_areparsed(method):
    async with serving() as served:
        said = await refused(send(served, method, b"\x0a" * 4_200_000))
        text = "the request has 4200000 bytes; at most 4194304 are accepted"
        assert said == Refusal("RESOURCE_EXHAUSTED", text, "MESSAGE_TOO_LARGE", ())
        # What is far too large is refused by the transport, and counted all the same.
        assert (await refused(send(served, method, b"\x0a" * 10_000_000))).code == "RESOURCE_EXHAUSTED"
        await served.all_calls_ended()
        assert served.state.snapshot().rpcs.handled[method.name, "RESOURCE_EXHAUSTED"] == 2


def send(served: Served, method, data: bytes):
    """Return the call of a method with any bytes."""
    if method.streaming:
        return served.channel.unary_stream(method.path)(data)
    return served.call(method.name, data)


CLIENTS = 10
CLEAR = {"INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED"}

MESSAGES = settings().max_examples * 20
"""Twice: with setters denied, and with setters allowed."""


async def answered(served: Served, method, data: bytes) -> str:
    """Send a message to a method, and return how that ended; a stream is left after its first message."""
    try:
        if method.streaming:
            call = served.channel.unary_stream(method.path)(data)
            if await call.read() is grpc.aio.EOF:
                return (await call.code()).name
            call.cancel()
            return "OK"
        await served.call(method.name, data)
    except grpc.aio.AioRpcError as error:
        said = refusal(error)
        assert said.code != "INVALID_ARGUMENT" or said.fields, said
        return said.code
    return "OK"


@pytest.mark.parametrize("setters", ["false", "true"])
async def test_random_messages_leave_nothing_behind(setters, caplog):
    source = random.Random(20261122)
    environment = {
        "ALLOW_SET_GLOBAL_CONFIG": setters,
        "TASK_QUEUE_SIZE": "20",
        "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
    }
    codes: dict[str, int] = {}
    async with serving(environment) as served:
        labels = set(served.state.snapshot().rpcs.handled)

        async def client() -> None:
            for _ in range(MESSAGES // CLIENTS):
                method = source.choice(METHODS)
                data = random_bytes(source) if source.random() < 0.3 else random_message(source, method.request)
                code = await answered(served, method, data)
                codes[code] = codes.get(code, 0) + 1

        await asyncio.gather(*(client() for _ in range(CLIENTS)))
        assert set(codes) <= {"OK", *CLEAR}
        assert codes.keys() >= {"OK", "INVALID_ARGUMENT", "NOT_FOUND"}
        await served.service.runner.drain(0)
        await served.all_calls_ended()
        snapshot = served.state.snapshot()
        assert set(snapshot.rpcs.handled) == labels
        assert sum(snapshot.rpcs.handled.values()) == MESSAGES
        assert at_rest(served.state) == []
        # It is as good as new, but for what it was told not to do any more.
        assert (await served.agent.GetAgentInfo(pb.GetAgentInfoRequest())).maxConcurrentTasks == 5
    assert [record for record in caplog.records if record.levelname != "INFO"] == []


@given(data=st.binary(max_size=200), index=st.integers(0, len(METHODS) - 1))
def test_any_bytes_parse_or_are_refused(data, index):
    try:
        outcome = parsed(METHODS[index], data, 1000)
    except InvalidFieldError as error:
        outcome = error
    assert isinstance(outcome, METHODS[index].request) or outcome.field == "request"
