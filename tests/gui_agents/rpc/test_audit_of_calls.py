"""What the audit log says of calls, and what it never says."""

import json
from pathlib import Path

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from gui_agents.domain.errors import ConfigError
from gui_agents.grpc_app import App
from gui_agents.proto import agent_pb2 as pb
from gui_agents.proto import operator_pb2, operator_pb2_grpc
from tests.callers import Callers, callers
from tests.serving import configured, refused, serving, until

FIELDS = ("who", "what", "from", "outcome")


async def audited(ours: Callers, number: int, path: Path | None = None) -> list[dict]:
    """Return the lines of the audit log, which are so many."""
    file = path or ours.path.parent / "audit.jsonl"
    await until(lambda: file.exists() and file.read_text().count("\n") >= number)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(lines) == number
    return lines


def told(line: dict) -> tuple:
    return tuple(line[field] for field in FIELDS)


async def test_changes_are_told_with_their_task(tmp_path):
    async with callers(tmp_path, ann="submit") as ours:
        task = await ours.by("ann").start("wait")
        await ours.by("ann").query(task)
        await ours.by("ann").cancel(task)
        first, second = await audited(ours, 2)
        assert told(first) == ("ann", "RunAgentInstructionAsync", "127.0.0.1", "OK")
        assert told(second) == ("ann", "CancelTask", "127.0.0.1", "OK")
        assert first["task_id"] == second["task_id"] == task


async def test_a_cancel_is_told_with_what_it_has_cancelled(tmp_path):
    async with callers(tmp_path, ann="submit", ben="submit", root="admin") as ours:
        operator = operator_pb2_grpc.OperatorStub(ours.by("root").channel)
        task = await ours.by("ann").start("wait")
        await ours.by("ben").cancel(task)
        await operator.CancelTasks(operator_pb2.CancelTasksRequest(all=True, dry_run=True))
        await operator.CancelTasks(operator_pb2.CancelTasksRequest(all=True))
        await ours.by("ann").start("wait")
        await ours.by("ann").cancel(task)
        lines = await audited(ours, 6)
        assert [(line["who"], line["what"], line.get("cancelled")) for line in lines] == [
            ("ann", "RunAgentInstructionAsync", None),
            ("ben", "CancelTask", 0),
            ("root", "CancelTasks", 0),
            ("root", "CancelTasks", 1),
            ("ann", "RunAgentInstructionAsync", None),
            ("ann", "CancelTask", 1),
        ]


async def test_a_stream_that_starts_a_task_is_told_when_it_begins(tmp_path):
    async with callers(tmp_path, ann="submit") as ours:
        stream = ours.by("ann").agent.RunAgentInstruction(pb.RunAgentInstructionRequest(instruction="wait"))
        task = (await stream.read()).taskId
        (line,) = await audited(ours, 1)
        assert (told(line), line["task_id"]) == (("ann", "RunAgentInstruction", "127.0.0.1", "OK"), task)
        stream.cancel()
        _, left = await audited(ours, 2)
        assert (told(left)[3], left["task_id"]) == ("CANCELLED", task)
        await ours.by("ann").run("finish")
        await audited(ours, 3)


async def test_every_refusal_is_told_with_its_reason(tmp_path):
    async with callers(tmp_path, ann="submit", rea="read") as ours:
        await refused(ours.served.start("finish"))
        await refused(ours.by("rea").start("finish"))
        await refused(ours.by("ann").start(""))
        await refused(ours.by("ann").watch("x"))
        lines = await audited(ours, 4)
        assert [(line["who"], line["outcome"], line["reason"]) for line in lines] == [
            ("", "UNAUTHENTICATED", "TOKEN_MISSING"),
            ("rea", "PERMISSION_DENIED", "MISSING_ROLE"),
            ("ann", "INVALID_ARGUMENT", "INVALID_FIELD"),
            ("ann", "NOT_FOUND", "NOT_FOUND"),
        ]


async def test_a_client_that_is_refused_in_a_circle_has_a_line_a_second(tmp_path):
    async with callers(tmp_path, ann="submit") as ours:
        for _ in range(50):
            await refused(ours.by("ann").watch("x"))
        await ours.served.all_calls_ended()
        assert len((tmp_path / "audit.jsonl").read_text().splitlines()) < 25


async def test_a_revoked_stream_is_told(tmp_path):
    async with callers(tmp_path, ann="submit") as ours:
        stream = ours.by("ann").agent.GetAgentTaskStream(
            pb.GetAgentTaskStreamRequest(taskId=await ours.by("ann").start("wait"))
        )
        await stream.read()
        ours.revoke("ann")
        await stream.code()
        _, line = await audited(ours, 2)
        assert (told(line)[3], line["reason"]) == ("UNAUTHENTICATED", "TOKEN_UNKNOWN")


async def test_a_defect_is_told(tmp_path, monkeypatch):
    async with callers(tmp_path, ann="submit") as ours:
        monkeypatch.setattr(type(ours.served.state), "owner", lambda *_: 1 / 0)
        await refused(ours.by("ann").cancel("x"))
        monkeypatch.undo()
        (line,) = await audited(ours, 1)
        assert told(line)[3] == "INTERNAL"


async def test_no_instruction_no_answer_and_no_secret_is_written(tmp_path):
    async with callers(tmp_path, {"ALLOW_SET_GLOBAL_CONFIG": "true"}, root="admin") as ours:
        root = ours.by("root")
        await root.run("finish the secret work")
        llm = pb.LLMConfig(modelName="m", provider="openai", apiKey="sk-secret")
        await root.agent.SetGlobalGroundingLLMConfig(pb.SetGlobalGroundingLLMConfigRequest(llmConfig=llm))
        wrong = (("authorization", "Bearer gat_" + "secret" * 7 + "x"),)
        await refused(ours.served.agent.GetAgentInfo(pb.GetAgentInfoRequest(), metadata=wrong))
        await root.cancel("x" * 100)
        lines = await audited(ours, 4)
        assert "secret" not in str(lines)
        assert ours.tokens["root"] not in str(lines)
        assert len(lines[-1]["task_id"]) == 64


async def test_reads_health_and_services_without_tokens_have_no_lines(tmp_path):
    async with callers(tmp_path, ann="submit") as ours:
        await ours.by("ann").query("x")
        await health_pb2_grpc.HealthStub(ours.served.channel).Check(health_pb2.HealthCheckRequest())
        await ours.by("ann").cancel("x")
        await audited(ours, 1)
    async with serving({"RUNTIME_DIR": str(tmp_path / "other")}) as served:
        await served.start("finish")
    assert not (tmp_path / "other" / "audit.jsonl").exists()


async def test_a_file_that_is_named_is_written_without_tokens_too(tmp_path):
    path = tmp_path / "mine.jsonl"
    async with serving({"AUDIT_LOG": str(path)}) as served:
        await served.start("finish")
        await until(lambda: path.read_text() != "")
        assert told(json.loads(path.read_text())) == ("", "RunAgentInstructionAsync", "127.0.0.1", "OK")


async def test_a_file_that_cannot_be_opened_ends_the_start(tmp_path):
    app = App(configured({"AUDIT_LOG": str(tmp_path), "RUNTIME_DIR": str(tmp_path)}))
    with pytest.raises(ConfigError, match=r"AUDIT_LOG: .*Is a directory.*; name a file that can be written"):
        await app.start()


async def test_calls_go_on_while_the_disk_is_full(tmp_path):
    async with callers(tmp_path, {"AUDIT_LOG": "/dev/full"}, ann="submit") as ours:
        for _ in range(20):
            assert await ours.by("ann").start("finish")
