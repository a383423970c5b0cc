"""Keys are planted wherever a key can be, a service works with them, and nothing that it says or writes shows one.

The service is a process of its own that logs at DEBUG. Its provider is hostile: it repeats the key that it was called
with, and the instruction, in errors and in answers.
"""

import asyncio
import json
import os
import re
import sqlite3
import subprocess
import sys
import urllib.request
from contextlib import closing
from itertools import chain
from pathlib import Path

import grpc.aio
import pytest
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2, health_pb2_grpc

from gui_agents.access.token_file import added
from gui_agents.access.tokens import TokenLine, digest
from gui_agents.domain.access import Quotas, Role
from gui_agents.proto import agent_pb2 as pb
from gui_agents.proto import agent_pb2_grpc as pb_grpc
from gui_agents.proto import operator_pb2, operator_pb2_grpc
from tests.gui_agents.test_grpc_app_process import process
from tests.scripted_model import error, raw, running_in_thread, text, tool_call, usage
from tests.serving import SECONDS

PASSWORD = "dbPlanted8Kj2"  # noqa: S105 - of tests
OF_ENVIRONMENT = {
    "OPENAI_API_KEY": "planted.openai/Q7x2mVt9LsKd",
    "ANTHROPIC_API_KEY": "sk-ant-api03-Zr8QmPlantedAnthropic",
    "LYBIC_API_KEY": "lybicPlanted5Yw3HcBn8Gf",
    "XAI_API_KEY": "xai-J4nPlantedXaiR6tWq2",
    "POSTGRES_CONNECTION_STRING": f"host=127.0.0.1 password={PASSWORD}",
    "GUI_AGENTS_TOKEN": "gat_ClientPlanted7Hs4Dk",
}
IN_FILES = {"DEEPSEEK_API_KEY": "filePlanted9Vb6XsTq1Lm"}
OF_REQUEST = {"stage": "requestPlanted2Mw8Zc", "other": "otherPlanted4Rt6Yu0Pq", "lybic": "accountPlanted3Nb5Vc7"}
OF_GLOBAL = {"llm": "globalPlanted6Kf1Sd9", "grounding": "groundPlanted8Gh2Jk4", "account": "globalLybicPlanted1Aq3"}
TOKEN = f"gat_HeaderPlanted0Xy9Qw8Er7{'_' * 20}"
WRONG_TOKEN = f"gat_UnknownPlanted4Lk2Jh6Gf{'_' * 20}"
UNKNOWN = {"gat": "gat_WrittenPlanted5Tg3Bn1", "sk": "sk-proj-WrittenPlanted8Uj2Mk4"}
WRITTEN = (
    f"the keys are {OF_ENVIRONMENT['LYBIC_API_KEY']}, {OF_ENVIRONMENT['OPENAI_API_KEY']} and "
    f"{IN_FILES['DEEPSEEK_API_KEY']}, the password {PASSWORD}, the token {UNKNOWN['gat']}, theirs {UNKNOWN['sk']}"
)
FRAGMENT = 12
"""Characters of a key that would be too many to show. Keys that are planted have them in nothing else."""

BEHAVIOURS = ("answer", "failure", "question", "typing", "nonsense", "prose", "refusal", "breakdown", "garbage")


def planted() -> set[str]:
    of_environment = (key for variable, key in OF_ENVIRONMENT.items() if variable != "POSTGRES_CONNECTION_STRING")
    everything = chain(of_environment, IN_FILES.values(), OF_REQUEST.values(), OF_GLOBAL.values())
    return {*everything, *UNKNOWN.values(), TOKEN, WRONG_TOKEN, PASSWORD}


def hostile(request):
    """Answer as the instruction asks, and repeat all keys."""
    said = json.dumps(request.body)
    echo = f"you sent {request.headers.get('authorization')} and {WRITTEN}"
    used = usage(100, 20)
    behaviour = next((word for word in BEHAVIOURS if f"please {word}" in said), "answer")
    acted = {
        "failure": {"action": "fail", "message": echo},
        "question": {"action": "ask_user", "message": echo},
        "typing": {"action": "type", "text": echo},
        "nonsense": {"action": echo},
    }
    others = {
        "prose": text(echo, usage=used),
        "refusal": error(401, echo),
        "breakdown": error(500, echo),
        "garbage": raw(echo.encode()),
    }
    done = {"action": "done", "message": echo}
    return others.get(behaviour) or tool_call(acted.get(behaviour, done), usage=used, content=echo)


def instruction(behaviour):
    return f"please {behaviour}, {WRITTEN}"


def of_request(behaviour, base_url):
    """A request that brings its own keys; two stages name models, and one of them decides."""
    decider = pb.LLMConfig(
        modelName="scripted", provider="openai", apiKey=OF_REQUEST["stage"], apiEndpoint=f"{base_url}"
    )
    other = pb.LLMConfig(modelName="scripted", provider="openai", apiKey=OF_REQUEST["other"], apiEndpoint=base_url)
    account = pb.Authorization(orgID="ORG-x", apiKey=OF_REQUEST["lybic"], apiEndpoint="http://127.0.0.1:9")
    stages = pb.StageModelConfig(fastActionGeneratorModel=decider, groundingModel=other)
    running = pb.CommonConfig(backend="simulated", stageModelConfig=stages, authorizationInfo=account, steps=4)
    return pb.RunAgentInstructionRequest(instruction=instruction(behaviour), runningConfig=running)


class Outputs:
    """Everything that the service has said, by where it said it."""

    def __init__(self):
        self.said: dict[str, bytes] = {}

    def add(self, where, content):
        if isinstance(content, Message):
            # As text, too, where bytes are written as they are.
            content = content.SerializeToString() + str(content).encode()
        self.said[where] = self.said.get(where, b"") + (content.encode() if isinstance(content, str) else content)


def leaks(said):
    """Return where which key shows, whole or in part, in any case of its letters."""
    found = []
    for where, content in said.items():
        small = content.decode("utf-8", "replace").lower()
        for key in planted():
            pieces = {key[at : at + FRAGMENT].lower() for at in range(len(key) - FRAGMENT + 1)}
            shown = sorted(piece for piece in pieces if piece in small)
            if shown:
                at = small.index(shown[0])
                found.append((where, key, small[max(0, at - 100) : at + 60]))
    return found


async def call_everything(outputs, port, base_url):
    """Call every RPC, some in ways that are refused, and record all replies."""
    metadata = (("authorization", f"Bearer {TOKEN}"),)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        agent, operator = pb_grpc.AgentStub(channel), operator_pb2_grpc.OperatorStub(channel)

        async def ask(method, request, stub=agent, metadata=metadata):
            call = getattr(stub, method)(request, metadata=metadata, timeout=SECONDS)
            try:
                replies = [reply async for reply in call] if hasattr(call, "__aiter__") else [await call]
            except grpc.aio.AioRpcError as refused:
                trailing = dict(refused.trailing_metadata() or ())
                outputs.add(method, f"{refused.details()} {trailing}")
                return []
            for reply in replies:
                outputs.add(method, reply)
            return replies

        async def watched(task_id):
            await ask("GetAgentTaskStream", pb.GetAgentTaskStreamRequest(taskId=task_id))

        llm = pb.LLMConfig(modelName="scripted", provider="openai", apiKey=OF_GLOBAL["llm"], apiEndpoint=base_url)
        grounding = pb.LLMConfig(modelName="scripted", provider="openai", apiKey=OF_GLOBAL["grounding"])
        account = pb.Authorization(orgID="ORG-y", apiKey=OF_GLOBAL["account"])
        started = []
        for behaviour in BEHAVIOURS:
            plain = pb.RunAgentInstructionRequest(instruction=instruction(behaviour), runningConfig={"steps": 4})
            started += [ask("RunAgentInstruction", request) for request in (plain, of_request(behaviour, base_url))]
        ids = [messages[0].taskId for messages in await asyncio.gather(*started)]
        await ask("SetGlobalCommonLLMConfig", pb.SetGlobalCommonLLMConfigRequest(llmConfig=llm))
        await ask("SetGlobalGroundingLLMConfig", pb.SetGlobalGroundingLLMConfigRequest(llmConfig=grounding))
        await ask("SetGlobalEmbeddingLLMConfig", pb.SetGlobalEmbeddingLLMConfigRequest(llmConfig=grounding))
        stages = pb.StageModelConfig(actionGeneratorModel=llm)
        common = pb.CommonConfig(backend="simulated", stageModelConfig=stages, authorizationInfo=account)
        await ask("SetGlobalCommonConfig", pb.SetGlobalCommonConfigRequest(commonConfig=common))
        for behaviour in BEHAVIOURS:
            request = pb.RunAgentInstructionRequest(instruction=instruction(behaviour), runningConfig={"steps": 4})
            ids += [reply.taskId for reply in await ask("RunAgentInstructionAsync", request)]
        wrong = of_request("answer", f"http://user:{PASSWORD}@example.com/v1")
        await ask("RunAgentInstruction", wrong)
        misplaced = pb.CommonConfig(backend=UNKNOWN["sk"])
        await ask("RunAgentInstruction", pb.RunAgentInstructionRequest(instruction="x", runningConfig=misplaced))
        await asyncio.gather(*(watched(task_id) for task_id in ids))
        for task_id in [*ids, "unknown"]:
            await watched(task_id)
            await ask("QueryTaskStatus", pb.QueryTaskStatusRequest(taskId=task_id))
            await ask("GetCommonConfig", pb.GetCommonConfigRequest(id=task_id))
            await ask("CancelTask", pb.CancelTaskRequest(taskId=task_id))
        followed = pb.RunAgentInstructionRequest(instruction=instruction("answer"), previousTaskId=ids[0])
        await ask("RunAgentInstruction", followed)
        await ask("GetGlobalCommonConfig", pb.GetGlobalCommonConfigRequest())
        await ask("GetAgentInfo", pb.GetAgentInfoRequest())
        await ask("ListTasks", operator_pb2.ListTasksRequest(), operator)
        await ask("GetOverview", operator_pb2.GetOverviewRequest(), operator)
        for task_id in ids:
            await ask("GetTask", operator_pb2.GetTaskRequest(task_id=task_id), operator)
        await ask("CancelTasks", operator_pb2.CancelTasksRequest(), operator)
        wrong = (("authorization", f"Bearer {WRONG_TOKEN}"),)
        await ask("RunAgentInstructionAsync", of_request("answer", base_url), metadata=wrong)
        health = health_pb2_grpc.HealthStub(channel)
        outputs.add("health", await health.Check(health_pb2.HealthCheckRequest(), metadata=metadata))
    assert len(ids) >= 3 * len(BEHAVIOURS)
    return ids


PATHS = ("/", "/metrics", "/-/healthy", "/-/ready", "/tasks", "/tasks.json", "/no-such-page", "/runbooks/TaskStuck")
ACCEPTED = (
    "text/plain; version=0.0.4",
    "application/openmetrics-text; version=1.0.0",
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
    "application/json",
)


def read_pages(outputs, port, ids):
    for path in (*PATHS, *(f"/tasks/{task_id}" for task_id in ids)):
        for accepted in ACCEPTED:
            headers = {"Accept": accepted, "Authorization": f"Bearer {TOKEN}"}
            request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
            try:
                with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - http
                    outputs.add(path, answer.read())
            except urllib.error.HTTPError as refused:
                with refused:
                    outputs.add(path, refused.read())


def read_files(outputs, directory):
    """Read every file that the service has written, and the rows of databases, whose pages may be packed."""
    for file in directory.rglob("*"):
        if not file.is_file():
            continue
        content = file.read_bytes()
        outputs.add(str(file.relative_to(directory)), content)
        if content.startswith(b"SQLite format 3"):
            with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
                for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
                    rows = database.execute(f'SELECT * FROM "{table}"').fetchall()  # noqa: S608 - its own name
                    outputs.add(f"{file.name} {table}", repr(rows))


def run_commands(outputs, directory, environment):
    for arguments in (["config", "check"], ["config", "check", "--json"], ["doctor", "--json"], ["models"]):
        command = [sys.executable, "-m", "gui_agents.cli", *arguments]
        ended = subprocess.run(command, cwd=directory, env=environment, capture_output=True, check=False)
        outputs.add(" ".join(arguments), ended.stdout + ended.stderr)
        assert ended.stdout


@pytest.mark.parametrize(("log_format", "tokens"), [("text", False), ("json", True)])
async def test_no_output_of_a_busy_service_shows_a_planted_key(tmp_path, log_format, tokens):
    outputs = Outputs()
    environment = {**OF_ENVIRONMENT, "ENABLE_PROMETHEUS": "true", "LOG_LEVEL": "DEBUG", "LOG_FORMAT": log_format}
    for variable, key in IN_FILES.items():
        (tmp_path / variable).write_text(f"{key}\n")
        environment[f"{variable}_FILE"] = str(tmp_path / variable)
    with running_in_thread(hostile) as provider:
        environment |= {"DEFAULT_MODEL": "openai/scripted", "OPENAI_BASE_URL": provider.base_url}
        environment |= {"ALLOW_SET_GLOBAL_CONFIG": "true", "MODEL_MAX_ATTEMPTS": "2", "PROMETHEUS_ACCESS_LOG": "true"}
        environment |= {"TASK_MAX_TASKS": "20", "AUDIT_LOG": str(tmp_path / "runtime" / "audit.jsonl")}
        if tokens:
            added(tmp_path / "tokens", TokenLine("anna", digest(TOKEN), frozenset(Role), Quotas()))
            environment |= {"ACCESS_TOKENS_FILE": str(tmp_path / "tokens")}
        with process(tmp_path, **environment) as service:
            ports = await service.started()
            ids = await call_everything(outputs, ports["grpc"], provider.base_url)
            await asyncio.to_thread(read_pages, outputs, ports["metrics"], ids)
            inherited = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
            own = {
                **inherited,
                **environment,
                "GRPC_PORT": str(ports["grpc"]),
                "PROMETHEUS_PORT": str(ports["metrics"]),
            }
            if log_format == "text":
                await asyncio.to_thread(run_commands, outputs, tmp_path, own)
            read_files(outputs, tmp_path / "runtime")
            service.popen.terminate()
            assert await service.ended() == 0
        read_files(outputs, tmp_path / "runtime")
        outputs.add("log", service.log)
        used = {request.headers.get("authorization") for request in provider.requests}
        told = [json.dumps(request.body) for request in provider.requests]
    assert leaks(outputs.said) == []
    # The model was called with the keys, and got the instruction as it is.
    keys = (OF_ENVIRONMENT["OPENAI_API_KEY"], OF_REQUEST["stage"], OF_GLOBAL["llm"])
    assert used == {f"Bearer {key}" for key in keys}
    assert all(WRITTEN in body for body in told)
    # It was said that something is hidden, so the outputs do hold what was looked for.
    assert b"********" in outputs.said["QueryTaskStatus"]
    assert b"********" in outputs.said["RunAgentInstruction"]
    assert b"********" in outputs.said["GetTask"]
    assert b"********" in outputs.said[f"/tasks/{ids[0]}"]
    assert b"SetGlobalCommonLLMConfig" in outputs.said["audit.jsonl"]
    assert re.search(r"task \S+ failed \(", outputs.said["log"].decode())


def test_a_leak_would_be_found():
    key = OF_ENVIRONMENT["OPENAI_API_KEY"]
    assert [found[:2] for found in leaks({"log": f"cut: {key[3:20]}".upper().encode()})] == [("log", key)]
    assert leaks({"log": b"********"}) == []


def test_rows_of_a_database_are_read(tmp_path):
    with closing(sqlite3.connect(tmp_path / "tasks.db")) as database:
        database.execute("CREATE TABLE tasks (instruction TEXT)")
        database.execute("INSERT INTO tasks VALUES (?)", (WRITTEN,))
        database.commit()
    outputs = Outputs()
    read_files(outputs, Path(tmp_path))
    assert {where for where, _, _ in leaks(outputs.said)} == {"tasks.db", "tasks.db tasks"}
