"""A whole service shows its tasks: from the step that failed to the picture that a browser gets."""

import asyncio
import json
import re
import urllib.error
import urllib.request

import pytest

from gui_agents.access.tokens import TokenLine, digest, new_token
from gui_agents.domain.access import NO_QUOTAS, Role
from gui_agents.proto import operator_pb2, operator_pb2_grpc
from tests.serving import SECONDS, fetch, serving_app, until


def asked(served, path, token=None):
    """Return status and body of a page."""
    request = urllib.request.Request(f"http://127.0.0.1:{served.app.metrics_port}/{path}")
    if token is not None:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - loopback
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


@pytest.mark.parametrize("storage", ["memory", "sqlite"])
async def test_a_task_that_fails_leaves_its_last_picture(storage, tmp_path):
    environment = {"RECORD_SCREENSHOTS": "failed", "TASK_STORAGE_BACKEND": storage}
    async with serving_app(environment, tmp_path) as served:
        failed, done = await served.start("give up"), await served.start("work 2")
        for task in (failed, done):
            await served.watch(task)
        folder = tmp_path / "pictures"
        await until((folder / failed / "2.jpg").is_file)
        listed = await asyncio.to_thread(fetch, f"http://127.0.0.1:{served.app.metrics_port}/tasks?status=failed")
        assert re.findall(r'<tr id="t-([^"]+)"', listed) == [failed]
        _, page = await asyncio.to_thread(asked, served, f"tasks/{failed}")
        assert b"agent_gave_up: cannot" in page
        assert re.findall(r'<img src="([^"]+)" alt="The', page.decode()) == [f"{failed}/pictures/2.jpg"]
        status, picture = await asyncio.to_thread(asked, served, f"tasks/{failed}/pictures/2.jpg")
        assert (status, picture[:2]) == (200, b"\xff\xd8")
        assert [path.name for path in folder.iterdir()] == [failed]


async def test_pictures_that_were_not_kept_are_not_named(tmp_path):
    async with serving_app({"RECORD_SCREENSHOTS": "all"}, tmp_path) as served:
        task = await served.start("work 2")
        await served.watch(task)
        operator = operator_pb2_grpc.OperatorStub(served.channel)
        folder = tmp_path / "pictures" / task
        await until(lambda: folder.is_dir() and len(list(folder.glob("*.jpg"))) == 3)
        (folder / "2.jpg").unlink()
        details = await operator.GetTask(operator_pb2.GetTaskRequest(task_id=task), timeout=SECONDS)
        assert [step.picture for step in details.steps] == ["1.jpg", "", "3.jpg"]


async def test_pictures_of_tasks_in_memory_go_with_them(tmp_path):
    folder = tmp_path / "pictures"
    environment = {"RECORD_SCREENSHOTS": "all", "TASK_STORAGE_BACKEND": "memory", "TASK_RETENTION": "1"}
    async with serving_app(environment, tmp_path) as served:
        for _ in range(2):
            task = await served.start("work 2")
            await served.watch(task)
        await until(lambda: [path.name for path in folder.iterdir()] == [task])
        await until((folder / task / "3.jpg").is_file)
    assert list(folder.iterdir()) == []


async def test_none_writes_nothing(tmp_path):
    async with serving_app({"RECORD_SCREENSHOTS": "none"}, tmp_path) as served:
        await served.watch(await served.start("give up"))
    assert not (tmp_path / "pictures").exists()


async def test_the_tokens_of_the_service_guard_its_pages(tmp_path):
    tokens = {name: new_token().reveal() for name in ("ann", "eye")}
    roles = {"ann": Role.SUBMIT, "eye": Role.READ}
    file = tmp_path / "tokens"
    lines = [TokenLine(name, digest(token), frozenset({roles[name]}), NO_QUOTAS) for name, token in tokens.items()]
    file.write_text("".join(f"{line}\n" for line in lines))
    file.chmod(0o600)
    async with serving_app({"ACCESS_TOKENS_FILE": str(file)}, tmp_path) as served:
        for token, status in ((None, 401), ("gat_wrong", 401), (tokens["ann"], 200), (tokens["eye"], 200)):
            assert (await asyncio.to_thread(asked, served, "tasks", token))[0] == status
        assert (await asyncio.to_thread(asked, served, "metrics"))[0] == 200
        for _ in range(3):
            assert (await asyncio.to_thread(asked, served, "tasks/x", "gat_" + "x" * 43))[0] == 401
        failures = served.state.snapshot().access.failures
        assert (failures["missing"], failures["malformed"], failures["unknown"]) == (0, 1, 3)
    lines = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
    found = [(line["who"], line["what"], line["from"], line["outcome"], line["reason"]) for line in lines[:2]]
    wrong = ("", "/tasks", "127.0.0.1", "UNAUTHENTICATED")
    assert found == [(*wrong, "TOKEN_MALFORMED"), (*wrong, "TOKEN_UNKNOWN")]


@pytest.mark.parametrize(("environment", "status"), [({}, 403), ({"ALLOW_INSECURE": "true"}, 200)])
async def test_on_other_addresses_than_loopback_pages_need_tokens_or_a_word_of_the_operator(
    environment, status, tmp_path
):
    async with serving_app({"PROMETHEUS_HOST": "0.0.0.0", **environment}, tmp_path) as served:  # noqa: S104
        assert (await asyncio.to_thread(asked, served, "tasks"))[0] == status


@pytest.mark.parametrize(("host", "warnings"), [("127.0.0.1", 0), ("0.0.0.0", 1)])  # noqa: S104 - nobody else asks
async def test_tokens_that_could_be_read_on_their_way_to_the_pages_are_warned_of(host, warnings, tmp_path, caplog):
    file = tmp_path / "tokens"
    file.write_text(f"{TokenLine('ann', digest(new_token().reveal()), frozenset({Role.READ}), NO_QUOTAS)}\n")
    file.chmod(0o600)
    async with serving_app({"ACCESS_TOKENS_FILE": str(file), "PROMETHEUS_HOST": host}, tmp_path):
        told = [record.getMessage() for record in caplog.records if "can be read on their way" in record.getMessage()]
    assert len(told) == warnings
