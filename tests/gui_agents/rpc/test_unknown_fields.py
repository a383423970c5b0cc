"""Fields that the contract does not have: they refuse nothing, and are told as not used."""

import logging

import pytest

from gui_agents.proto import agent_pb2 as pb
from gui_agents.rpc.unknown_fields import MOST_BYTES, MOST_NAMED, unknown_fields
from tests.serving import serving


def unknown(number: int, value: int = 1) -> bytes:
    """Return a field with a number below 128 * 16, as the wire has it."""
    tag = number << 3
    return bytes([tag & 127 | 128, tag >> 7, value])


def with_more(message, *numbers):
    """Return a message of a newer contract."""
    message.MergeFromString(b"".join(map(unknown, numbers)))
    return message


def newer() -> pb.RunAgentInstructionRequest:
    request = with_more(pb.RunAgentInstructionRequest(instruction="finish"), 99)
    with_more(request.sandbox, 98)
    with_more(request.runningConfig.stageModelConfig.actionGeneratorModel, 97, 97, 96)
    return request


def test_they_are_named_by_number_and_place():
    model = "runningConfig.stageModelConfig.actionGeneratorModel"
    assert unknown_fields(newer()) == (
        "the unknown field 99 of the request",
        "the unknown field 98 of sandbox",
        f"the unknown field 97 of {model}",
        f"the unknown field 96 of {model}",
    )


def test_a_request_of_the_contract_has_none():
    config = pb.CommonConfig(platform="Windows", authorizationInfo=pb.Authorization(orgID="o"))
    assert unknown_fields(pb.RunAgentInstructionRequest(instruction="finish", runningConfig=config)) == ()


def test_only_some_are_named():
    request = with_more(pb.RunAgentInstructionRequest(), *range(100, 100 + MOST_NAMED + 1))
    *named, rest = unknown_fields(request)
    assert (len(named), rest) == (MOST_NAMED, "further unknown fields")
    request = with_more(pb.RunAgentInstructionRequest(), *[100] * (MOST_BYTES // 3 + 1))
    assert unknown_fields(request) == (f"{3 * (MOST_BYTES // 3 + 1)} bytes of unknown fields",)


async def test_a_task_runs_and_its_first_message_and_the_log_tell_them(caplog):
    caplog.set_level(logging.INFO, logger="gui_agents")
    request = with_more(pb.RunAgentInstructionRequest(instruction="finish"), 99)
    async with serving() as served:
        messages = [message async for message in served.agent.RunAgentInstruction(request)]
    said = "not used: the unknown field 99 of the request"
    assert (messages[0].message, messages[-1].stage) == (f"accepted; {said}", "finished")
    (accepted,) = [line for line in caplog.messages if " accepted" in line]
    assert accepted.endswith(f"; {said}")


@pytest.mark.parametrize(
    ("setter", "request_of"),
    [
        ("SetGlobalCommonConfig", pb.SetGlobalCommonConfigRequest),
        ("SetGlobalCommonLLMConfig", pb.SetGlobalCommonLLMConfigRequest),
        ("SetGlobalGroundingLLMConfig", pb.SetGlobalGroundingLLMConfigRequest),
        ("SetGlobalEmbeddingLLMConfig", pb.SetGlobalEmbeddingLLMConfigRequest),
    ],
)
async def test_the_log_tells_those_of_a_change_of_the_global_configuration(caplog, setter, request_of):
    caplog.set_level(logging.INFO, logger="gui_agents")
    name = "commonConfig" if setter == "SetGlobalCommonConfig" else "llmConfig"
    request = request_of()
    getattr(request, name).SetInParent()
    if name == "llmConfig":
        request.llmConfig.modelName = "builtin/rules"
    with_more(getattr(request, name), 99)
    async with serving({"ALLOW_SET_GLOBAL_CONFIG": "true"}) as served:
        await getattr(served.agent, setter)(request)
    (changed,) = [line for line in caplog.messages if "the global configuration was changed" in line]
    assert changed.endswith(f"the unknown field 99 of {name}")


async def test_a_question_is_answered_without_a_word_of_them():
    async with serving() as served:
        (first, *_) = await served.run("finish")
        asked = with_more(pb.QueryTaskStatusRequest(taskId=first.taskId), 99)
        assert (await served.agent.QueryTaskStatus(asked)).status == pb.SUCCESS
        await served.agent.GetCommonConfig(with_more(pb.GetCommonConfigRequest(id=first.taskId), 99))
        await served.agent.CancelTask(with_more(pb.CancelTaskRequest(taskId=first.taskId), 99))
