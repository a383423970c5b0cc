"""Every example of docs/models.md works, against an endpoint of its protocol on loopback."""

import json
import re
import shlex
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gui_agents.client import AgentClient, TaskOrder
from gui_agents.domain.lifecycle import TaskStatus
from gui_agents.domain.model_settings import WireProtocol
from gui_agents.domain.providers import PROVIDERS, is_text_only, provider_row
from gui_agents.models.models_file import read_models
from gui_agents.service import Service
from tests.endpoints import responses
from tests.scripted_model import Answer, RecordedRequest, ScriptedModelServer, raw, tool_call
from tests.serving import configured

PAGE = (Path(__file__).parents[1] / "docs" / "models.md").read_text()
DONE = {"action": "done", "message": "ok"}
KEY = "sk-of-the-example"
URL = "http://127.0.0.1:9/v1"


def examples() -> list[dict[str, str]]:
    """Return the variables of each command of the page that starts a service."""
    lines = re.findall(r"^\$ (DEFAULT_MODEL=.*) gui-agents serve$", PAGE, re.MULTILINE)
    found = [dict(word.split("=", 1) for word in shlex.split(line)) for line in lines]
    return [{name: value.replace("$KEY", KEY).replace("$URL", URL) for name, value in each.items()} for each in found]


def answer(request: RecordedRequest) -> Answer:
    """Answer in the protocol of the path."""
    if request.path.endswith("/messages"):
        call = {"type": "tool_use", "id": "toolu_1", "name": "act", "input": DONE}
        return raw(json.dumps({"type": "message", "content": [call], "stop_reason": "tool_use"}).encode())
    return tool_call(DONE)


@asynccontextmanager
async def service(environment: Mapping[str, str]) -> AsyncIterator[AgentClient]:
    started = Service(configured(environment))
    await started.start()
    try:
        async with AgentClient(f"127.0.0.1:{started.port}") as client:
            yield client
    finally:
        await started.runner.drain(0)
        await started.stop()


def test_there_is_an_example_of_each_provider():
    named = [provider_row(each["DEFAULT_MODEL"].partition("/")[0]) for each in examples()]
    assert set(named) == set(PROVIDERS)


@pytest.mark.parametrize("example", examples(), ids=lambda example: example["DEFAULT_MODEL"])
async def test_the_example_of_a_provider_runs_a_task(example):
    provider, _, model = example["DEFAULT_MODEL"].partition("/")
    row = provider_row(provider)
    async with ScriptedModelServer(answer) as server:
        async with service({**example, row.address_variables[0]: server.base_url}) as client:
            task_id = await client.start(TaskOrder(instruction="How many files are there?"))
            async for _message in client.watch(task_id):
                pass
            report = await client.status(task_id)
        assert (report.status, report.result) == (TaskStatus.COMPLETED, "ok")
        (request,) = server.requests
    assert request.body["model"] == model
    assert (KEY in "".join(request.headers.values())) == (KEY in example.values())
    paths = {"azure": "/v1/openai/v1/chat/completions", "anthropic": "/v1/messages"}
    assert request.path == paths.get(str(row.provider), "/v1/chat/completions")
    if row.protocol is WireProtocol.CHAT:
        pictures = "image_url" in json.dumps(request.body["messages"])
        assert pictures == (not is_text_only(provider) and not model.startswith("deepseek"))


async def test_azures_classic_paths_carry_the_deployment_the_version_and_the_key_in_its_own_header():
    async with ScriptedModelServer(answer) as server:
        environment = {
            "DEFAULT_MODEL": "azure/my-deployment",
            "AZURE_OPENAI_ENDPOINT": server.base_url.removesuffix("/v1"),
            "AZURE_OPENAI_API_KEY": KEY,
            "OPENAI_API_VERSION": "2024-10-21",
        }
        async with service(environment) as client:
            task_id = await client.start(TaskOrder(instruction="How many files are there?"))
            async for _message in client.watch(task_id):
                pass
        (request,) = server.requests
    assert request.path == "/openai/deployments/my-deployment/chat/completions?api-version=2024-10-21"
    assert (request.headers["api-key"], "authorization" in request.headers) == (KEY, False)


async def test_azures_responses_carry_the_key_in_its_own_header(tmp_path):
    file = tmp_path / "models.yaml"
    file.write_text("azure/my-deployment: {protocol: responses}\n")

    async with ScriptedModelServer(lambda _: responses.response(responses.act(DONE))) as server:
        environment = {
            "DEFAULT_MODEL": "azure/my-deployment",
            "AZURE_OPENAI_ENDPOINT": server.base_url.removesuffix("/v1"),
            "AZURE_OPENAI_API_KEY": KEY,
            "MODELS_FILE": str(file),
        }
        async with service(environment) as client:
            task_id = await client.start(TaskOrder(instruction="How many files are there?"))
            async for _message in client.watch(task_id):
                pass
            assert (await client.status(task_id)).status is TaskStatus.COMPLETED
        (request,) = server.requests
    assert request.path == "/openai/v1/responses"
    assert (request.headers["api-key"], "authorization" in request.headers) == (KEY, False)


def test_the_example_of_the_models_file_is_one(tmp_path):
    (example,) = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    path = tmp_path / "models.yaml"
    path.write_text(example)
    assert [entry.name for entry in read_models(path)] == [
        "openai/my-model",
        "vllm/qwen/qwen3-32b",
        "*/*ui-tars*",
        "azure/my-deployment",
    ]
