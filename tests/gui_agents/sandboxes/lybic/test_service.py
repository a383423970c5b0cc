"""A service whose tasks run in Lybic's cloud, called as clients of the reference call it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gui_agents.proto import agent_pb2 as pb
from gui_agents.sandboxes.registry import SandboxFactory
from tests.endpoints.lybic import KEY, ORGANIZATION, LybicCloud, failure
from tests.scripted_model import ScriptedModelServer
from tests.serving import Served, configured, refused, serving, until


@asynccontextmanager
async def served_by_lybic(
    tmp_path: Path, environment: dict[str, str] | None = None, *, own: bool = False
) -> AsyncIterator[tuple[Served, LybicCloud, pb.CommonConfig]]:
    """Run a service and a cloud; yield them, and the configuration with which a client names its account there."""
    cloud = LybicCloud()
    async with ScriptedModelServer(cloud) as server:
        account = {"LYBIC_ORG_ID": ORGANIZATION, "LYBIC_API_KEY": KEY, "LYBIC_API_ENDPOINT": server.root}
        environment = {**(account if own else {}), **(environment or {})}
        factory = SandboxFactory(configured(environment).sandboxes, tmp_path)
        info = pb.Authorization(orgID=ORGANIZATION, apiKey=KEY, apiEndpoint=server.root)
        async with serving(environment, sandboxes=factory) as served:
            yield served, cloud, pb.CommonConfig(authorizationInfo=info)
        # What clients named is still there; what was made for tasks is gone with the service.
        assert [each.name for each in cloud.living if each.name.startswith("gui-agents-")] == []
        assert cloud.leaks == []


async def test_an_account_in_the_request_is_enough(tmp_path):
    async with served_by_lybic(tmp_path) as (served, cloud, config):
        first, *_, last = await served.run("work 2", runningConfig=config)
        assert (first.message, last.stage) == ("accepted", "finished")
        assert [each["type"] for each in cloud.executed] == ["mouse:click"] * 2
        told = (await served.query(first.taskId)).sandbox
        assert told == pb.Sandbox(id="SBX-0001", name="windows", shapeName="beijing-2c-4g-cpu", os=pb.WINDOWS)
        assert len(cloud.living) == 1  # kept
        shown = await served.agent.GetCommonConfig(pb.GetCommonConfigRequest(id=first.taskId))
        assert (shown.backend, shown.authorizationInfo.apiKey) == ("lybic", "********")


async def test_the_operators_account_serves_whoever_names_the_backend(tmp_path):
    async with served_by_lybic(tmp_path, own=True) as (served, cloud, _):
        config = pb.CommonConfig(backend="lybic", platform="Ubuntu", taskTimeout=100)
        first, *_ = await served.run("work 1", runningConfig=config, destroySandbox=True)
        assert first.message == "accepted"  # the platform is heeded
        (made,) = cloud.sandboxes.values()
        assert (made.shape["os"], made.expires_at - made.created_at) == ("Linux", 100 + 600)
        await until(lambda: made.deleted)
        assert list(tmp_path.rglob("note-*")) == []


async def test_a_phone_is_tapped(tmp_path):
    async with served_by_lybic(tmp_path, {"DEFAULT_BACKEND": "lybic_mobile"}, own=True) as (served, cloud, _):
        first, *_, last = await served.run("work 1")
        assert last.stage == "finished"
        assert (await served.query(first.taskId)).sandbox.os == pb.ANDROID
        assert [each["type"] for each in cloud.executed] == ["touch:tap"]


@pytest.mark.parametrize("destroy", [True, False])
async def test_a_sandbox_of_the_client_is_used_and_let_go(tmp_path, destroy):
    async with served_by_lybic(tmp_path) as (served, cloud, config):
        own = cloud.make(system="Linux")
        wanted = pb.Sandbox(id=own.sandbox_id, os=pb.LINUX)
        first, *_, last = await served.run("work 1", sandbox=wanted, runningConfig=config, destroySandbox=destroy)
        assert (first.message, last.stage) == ("accepted", "finished")
        assert (await served.query(first.taskId)).sandbox.id == own.sandbox_id
        # It is kept for a next task, which may name it again, or continue the first one.
        again, *_ = await served.run("work 1", sandbox=pb.Sandbox(id=own.sandbox_id), runningConfig=config)
        assert again.message == "accepted"
        await served.run("work 1", previousTaskId=first.taskId, runningConfig=config)
        assert len(own.executed) == 3
        assert "create" not in cloud.calls
    assert not own.deleted


async def test_a_sandbox_of_the_client_has_one_task_at_a_time(tmp_path):
    async with served_by_lybic(tmp_path, {"TASK_MAX_TASKS": "1"}) as (served, cloud, config):
        own, other = cloud.make(), cloud.make()
        wanted = {"sandbox": pb.Sandbox(id=own.sandbox_id), "runningConfig": config}
        running = await served.start("hold", **wanted)
        said = await refused(served.run("finish", **wanted))
        assert (said.code, said.text) == ("FAILED_PRECONDITION", "sandbox.id: the sandbox 'SBX-0001' is in use")
        # A task that waits for a slot has its sandbox, too, and gives it back if it is cancelled.
        waiting = await served.start("finish", sandbox=pb.Sandbox(id=other.sandbox_id), runningConfig=config)
        said = await refused(served.run("finish", sandbox=pb.Sandbox(id=other.sandbox_id), runningConfig=config))
        assert said.code == "FAILED_PRECONDITION"
        await served.cancel(waiting)
        await served.cancel(running)
        for each in (own, other):
            messages = await served.run("finish", sandbox=pb.Sandbox(id=each.sandbox_id), runningConfig=config)
            assert messages[-1].stage == "finished"


async def test_an_unknown_sandbox_ends_the_task_with_the_field(tmp_path):
    async with served_by_lybic(tmp_path) as (served, _, config):
        first, *_ = await served.run("finish", sandbox=pb.Sandbox(id="SBX-none"), runningConfig=config)
        status = await served.query(first.taskId)
        assert status.status == pb.FAILURE
        assert "sandbox.id: Lybic has no sandbox SBX-none of this organization" in status.message


async def test_a_sandbox_that_was_made_for_a_task_is_continued_in_by_its_id(tmp_path):
    async with served_by_lybic(tmp_path) as (served, cloud, config):
        first, *_ = await served.run("work 1", runningConfig=config)
        told = (await served.query(first.taskId)).sandbox
        second, *_ = await served.run("work 1", sandbox=told, runningConfig=config)
        assert second.message == "accepted"
        (made,) = cloud.living
        assert len(made.executed) == 2


@pytest.mark.parametrize(
    ("call", "code", "words"),
    [
        ("create", 401, "Lybic refuses the account; check runningConfig.authorizationInfo"),
        ("create", 429, "answered 429: too many requests"),
        ("preview", 403, "Lybic refuses the account"),
        ("execute", 401, "Lybic refuses the account"),
    ],
)
async def test_what_lybic_refuses_is_told_by_the_task_and_without_the_key(tmp_path, call, code, words):
    async with served_by_lybic(tmp_path) as (served, cloud, config):
        cloud.fault(call, failure(code, f"not with {KEY}"), times=9)
        messages = await served.run("work 1", runningConfig=config)
        status = await served.query(messages[0].taskId)
        assert status.status == pb.FAILURE
        assert words in status.message
        assert KEY[:8] not in str(status) + str(messages)


async def test_a_click_whose_answer_is_lost_is_told_to_the_model_and_not_repeated(tmp_path):
    async with served_by_lybic(tmp_path) as (served, cloud, config):
        cloud.fault("execute", failure(502), effect=True)
        _, step, *_, last = await served.run("work 1", runningConfig=config)
        assert "it may or may not have been carried out" in step.message
        assert last.stage == "finished"
        assert len(cloud.executed) == 1


async def test_a_service_that_others_can_ask_calls_no_endpoint_within_its_network(tmp_path):
    cloud = LybicCloud()
    async with ScriptedModelServer(cloud) as server:
        factory = SandboxFactory(configured().sandboxes, tmp_path, loopback=False)
        info = pb.Authorization(orgID=ORGANIZATION, apiKey=KEY, apiEndpoint=server.root)
        async with serving(sandboxes=factory) as served:
            said = await refused(served.run("finish", runningConfig=pb.CommonConfig(authorizationInfo=info)))
        assert said.code == "FAILED_PRECONDITION"
        assert "runningConfig.authorizationInfo.apiEndpoint: 127.0.0.1 is a loopback address" in said.text
        assert "LYBIC_ENDPOINT_ALLOW=127.0.0.1" in said.text
        assert cloud.calls == []


async def test_a_task_gets_a_machine_that_stood_ready_unless_it_asks_for_another_kind_or_pays_itself(tmp_path):
    environment = {"DEFAULT_BACKEND": "lybic", "SANDBOX_WARM": "1", "LYBIC_ENDPOINT_ALLOW": "127.0.0.1"}
    async with served_by_lybic(tmp_path, environment, own=True) as (served, _, config):
        for asked in (
            {},
            {"runningConfig": pb.CommonConfig(taskTimeout=100)},
            {"runningConfig": pb.CommonConfig(platform="Ubuntu")},
            {"sandbox": pb.Sandbox(os=pb.LINUX)},
            {"runningConfig": config},
        ):
            await until(lambda: served.state.snapshot().sandboxes.warm == 1)
            assert (await served.run("finish", **asked))[-1].stage == "finished"
        openings = served.state.snapshot().sandboxes.openings
        given = {key: point.count for key, point in openings.items() if point.count}
        assert given == {("Windows", "warm"): 2, ("Windows", "cold"): 1, ("Linux", "cold"): 2}


async def test_without_an_account_no_machine_stands_ready_and_the_log_says_why(tmp_path, caplog):
    async with served_by_lybic(tmp_path, {"DEFAULT_BACKEND": "lybic", "SANDBOX_WARM": "1"}) as (served, cloud, config):
        assert (await served.run("finish", runningConfig=config))[-1].stage == "finished"
        assert len(cloud.sandboxes) == 1
    assert [text for text in caplog.messages if text.startswith("SANDBOX_WARM has no effect: ")] != []
