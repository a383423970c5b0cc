"""All twelve RPCs behave as the contract says, over real gRPC."""

import asyncio
import gc
import logging
import time
import uuid

import grpc.aio
import pytest
from google.protobuf import descriptor_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from gui_agents.domain.secret import Secret
from gui_agents.proto import agent_pb2 as pb
from tests.serving import Refusal, refused, serving, until

MASKED = "********"


def stages(messages: list[pb.TaskStream]) -> list[str]:
    return [message.stage for message in messages]


async def test_the_service_tells_its_version_limits_and_name():
    async with serving({"TASK_MAX_TASKS": "7", "LOG_LEVEL": "warning"}) as served:
        info = await served.agent.GetAgentInfo(pb.GetAgentInfoRequest())
        assert info.version == served.state.info.version != ""
        assert (info.maxConcurrentTasks, info.log_level) == (7, "WARNING")
        assert info.HasField("domain")


# Tasks and their streams.


async def test_run_streams_the_task_to_its_end():
    async with serving() as served:
        before = time.time()
        messages = await served.run("work 2")
        assert stages(messages) == ["starting", "step", "step", "step", "finished"]
        assert len({message.taskId for message in messages}) == 1
        moments = [message.timestamp.ToMicroseconds() / 1e6 for message in messages]
        assert moments == sorted(moments)
        assert before - 1 <= moments[0] <= moments[-1] <= time.time() + 1


async def test_async_answers_the_id_at_once():
    async with serving({"TASK_MAX_TASKS": "1"}) as served:
        running, waiting = await served.start("wait"), await served.start("wait")
        assert (await served.query(running)).status == pb.RUNNING
        assert (await served.query(waiting)).status == pb.PENDING
        assert (await served.query(waiting)).message == "waiting for a slot"


@pytest.mark.parametrize(
    ("instruction", "limits", "status", "stage", "message"),
    [
        ("work 1", {}, pb.SUCCESS, "finished", "completed in 2 steps"),
        ("give up", {}, pb.FAILURE, "error", "agent_gave_up: cannot"),
        ("wait", {"taskTimeout": 1}, pb.FAILURE, "error", "timeout: not done after 1 seconds, which is the limit"),
        ("go on", {"steps": 3}, pb.FAILURE, "error", "step_limit: not done after 3 steps, which is the limit"),
        ("nonsense", {}, pb.FAILURE, "error", "model_error: 3 answers in a row were no action; no action"),
        ("no model", {}, pb.FAILURE, "error", "model_error: the model is out of reach"),
        ("no desktop", {}, pb.FAILURE, "error", "sandbox_error: there is no desktop"),
        ("boom", {}, pb.FAILURE, "error", "internal: a defect of the service; its log has the details"),
    ],
)
async def test_a_task_ends_with_its_status_reason_and_statistics(instruction, limits, status, stage, message):
    async with serving() as served:
        messages = await served.run(instruction, runningConfig=pb.CommonConfig(**limits))
        assert (messages[-1].stage, messages[-1].message) == (stage, message)
        report = await served.query(messages[0].taskId)
        assert (report.status, report.message) == (status, message)
        assert report.HasField("executionStatistics")
        assert report.executionStatistics.steps == stages(messages).count("step")


async def test_the_result_is_the_agents_answer():
    async with serving() as served:
        (first, *_) = await served.run("finish")
        assert (await served.query(first.taskId)).result == "finish: done"


async def test_statistics_are_there_as_soon_as_the_status_is_terminal():
    async with serving() as served:
        for _ in range(20):
            task = await served.start("work 1")
            while (report := await served.query(task)).status in (pb.PENDING, pb.RUNNING):
                pass
            used = report.executionStatistics
            assert (report.status, used.steps) == (pb.SUCCESS, 2)
            assert (used.inputTokens, used.outputTokens, used.totalTokens) == (2000, 60, 2060)


async def test_an_unknown_task_is_told_by_each_method_in_its_way():
    async with serving() as served:
        report = await served.query("nobody")
        assert (report.taskId, report.status) == ("nobody", pb.NOT_FOUND)
        expected = Refusal("NOT_FOUND", "no task 'nobody' is known", "NOT_FOUND", ())
        assert await refused(served.watch("nobody")) == expected
        reply = await served.cancel("nobody")
        assert (reply.taskId, reply.success, reply.message) == ("nobody", False, "no task 'nobody' is known")
        assert await refused(served.start("finish", previousTaskId="nobody")) == expected
        assert await refused(served.run("finish", previousTaskId="nobody")) == expected
        unknown = await refused(served.agent.GetCommonConfig(pb.GetCommonConfigRequest(id="nobody")))
        assert (unknown.code, unknown.text) == ("NOT_FOUND", "no configuration 'nobody' is known")


async def test_every_subscriber_gets_every_message_whenever_it_comes():
    async with serving() as served:
        task = await served.start("hold")
        early = [asyncio.create_task(served.watch(task)) for _ in range(5)]
        await until(lambda: served.state.snapshot().streams.subscribers == 5)
        served.models.gate.set()
        told = [await messages for messages in early]
        told.append(await served.watch(task))
        told.append(await served.watch(task))
        assert stages(told[0]) == ["starting", "step", "finished"]
        assert all(messages == told[0] for messages in told)


async def test_a_subscriber_that_comes_too_late_is_told_what_it_missed():
    async with serving({"STREAM_LOG_MESSAGES": "4"}) as served:
        (first, *_) = await served.run("work 10")
        messages = await served.watch(first.taskId)
        assert stages(messages) == ["gap", "step", "step", "step", "finished"]
        assert messages[0].message == "9 messages were skipped: they are no longer kept"


async def test_a_client_that_leaves_its_instruction_cancels_the_task(caplog):
    async with serving() as served:
        call = served.agent.RunAgentInstruction(pb.RunAgentInstructionRequest(instruction="wait"))
        first = await call.read()
        call.cancel()
        assert stages(await served.watch(first.taskId)) == ["starting", "cancelled"]
        report = await served.query(first.taskId)
        assert (report.status, report.message) == (pb.CANCELLED, "cancelled: its client left")
        assert report.HasField("executionStatistics")
    assert caplog.records == []


async def test_a_client_whose_time_is_up_cancels_its_task():
    async with serving() as served:
        call = served.agent.RunAgentInstruction(pb.RunAgentInstructionRequest(instruction="wait"), timeout=2)
        first = await call.read()
        assert (await refused(call.read())).code == "DEADLINE_EXCEEDED"
        assert stages(await served.watch(first.taskId)) == ["starting", "cancelled"]


async def test_a_subscriber_that_leaves_changes_nothing_for_the_task(caplog):
    async with serving() as served:
        task = await served.start("hold")
        call = served.agent.GetAgentTaskStream(pb.GetAgentTaskStreamRequest(taskId=task))
        await call.read()
        call.cancel()
        await until(lambda: served.state.snapshot().streams.subscribers == 0)
        assert (await served.query(task)).status == pb.RUNNING
        served.models.gate.set()
        assert stages(await served.watch(task)) == ["starting", "step", "finished"]
    assert caplog.records == []


async def test_clients_that_leave_in_the_middle_of_a_busy_stream_are_no_defect(caplog):
    async with serving() as served:
        task = await served.start("go on")
        for _ in range(20):
            call = served.agent.GetAgentTaskStream(pb.GetAgentTaskStreamRequest(taskId=task))
            for _ in range(3):
                await call.read()
            call.cancel()
        await served.cancel(task)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_cancel_is_true_for_a_task_that_is_cancelled_and_false_for_one_that_has_ended():
    async with serving({"TASK_MAX_TASKS": "1"}) as served:
        running, waiting = await served.start("wait"), await served.start("finish")
        for _ in range(2):
            reply = await served.cancel(running)
            assert (reply.taskId, reply.success, reply.message) == (running, True, "cancelled")
        assert (await served.query(running)).status == pb.CANCELLED
        await served.watch(waiting)
        reply = await served.cancel(waiting)
        assert (reply.success, reply.message) == (False, "the task has ended already: completed")


async def test_cancel_right_after_the_start_works():
    async with serving() as served:
        for _ in range(20):
            task = await served.start("wait")
            assert (await served.cancel(task)).success is True
            assert (await served.query(task)).status == pb.CANCELLED


async def test_a_task_goes_on_in_the_sandbox_of_another():
    async with serving() as served:
        (first, *_) = await served.run("work 1")
        (second, *_) = await served.run("finish", previousTaskId=first.taskId)
        sandboxes = [(await served.query(message.taskId)).sandbox for message in (first, second)]
        assert sandboxes[0] == sandboxes[1]
        assert (sandboxes[0].name, sandboxes[0].os) == ("simulated", pb.OSUNDEFINED)
        (third, *_) = await served.run("finish", sandbox=pb.Sandbox(id=sandboxes[0].id))
        assert (await served.query(third.taskId)).sandbox.id == sandboxes[0].id
        (again, *_) = await served.run("finish", previousTaskId=first.taskId)
        assert (await served.query(again.taskId)).sandbox.id == sandboxes[0].id


async def test_a_sandbox_in_use_is_a_precondition():
    async with serving() as served:
        task = await served.start("hold")
        await until(lambda: served.state.snapshot().sandboxes.open["Simulated"] == 1)
        said = await refused(served.run("finish", previousTaskId=task))
        assert (said.code, said.reason) == ("FAILED_PRECONDITION", "PRECONDITION")
        assert said.text == f"previousTaskId: task {task} is running; wait for its end, or cancel it"
        sandbox = (await served.query(task)).sandbox
        said = await refused(served.run("finish", sandbox=pb.Sandbox(id=sandbox.id)))
        assert (said.code, said.text) == ("FAILED_PRECONDITION", f"sandbox.id: the sandbox {sandbox.id!r} is in use")
        served.models.gate.set()
        await served.watch(task)


async def test_after_destroy_sandbox_a_task_goes_on_in_a_new_one_and_says_so():
    async with serving() as served:
        (first, *_) = await served.run("finish", destroySandbox=True)
        (second, *_) = await served.run("finish", previousTaskId=first.taskId)
        gone = f"the sandbox of task {first.taskId} is gone, so a new one is made"
        assert second.message == f"accepted; {gone}"


async def test_destroy_sandbox_spares_a_sandbox_that_the_client_gave():
    async with serving() as served:
        (first, *_) = await served.run("finish")
        given = pb.Sandbox(id=(await served.query(first.taskId)).sandbox.id)
        for _ in range(2):
            (task, *_) = await served.run("finish", sandbox=given, destroySandbox=True)
            assert (await served.query(task.taskId)).sandbox.id == given.id


async def test_ids_are_uuids_with_dashes():
    async with serving() as served:
        task = await served.start("finish")
        assert str(uuid.UUID(task)) == task


async def test_what_utf8_cannot_write_is_replaced():
    async with serving() as served:
        messages = await served.run("half a character")
        assert messages[-1].stage == "finished"
        report = await served.query(messages[0].taskId)
        assert (report.status, report.result) == (pb.SUCCESS, "half a character: ?")


# Refusals that tell themselves apart.


async def test_a_full_queue_and_a_large_request_are_told_apart():
    async with serving({"TASK_MAX_TASKS": "1", "TASK_QUEUE_SIZE": "1", "GRPC_MAX_MESSAGE_BYTES": "2000"}) as served:
        await served.start("wait")
        await served.start("wait")
        full = await refused(served.start("wait"))
        assert (full.code, full.reason) == ("RESOURCE_EXHAUSTED", "QUEUE_FULL")
        assert full.text == "the queue is full (1 tasks are waiting); try again later"
        assert await refused(served.run("wait")) == full
        large = await refused(served.start("x" * 2000))
        assert (large.code, large.reason) == ("RESOURCE_EXHAUSTED", "MESSAGE_TOO_LARGE")
        assert large.text == "the request has 2003 bytes; at most 2000 are accepted"
        rejected = served.state.snapshot().tasks.rejected
        assert rejected == {
            "queue_full": 2,
            "invalid": 1,
            "draining": 0,
            "denied": 0,
            "budget": 0,
            "storage": 0,
            "quota": 0,
        }


async def test_a_spent_day_says_so_and_when_the_next_one_begins(tmp_path):
    (tmp_path / "prices.json").write_text('{"dear": {"input": 15, "output": 75}}')
    environment = {
        "DEFAULT_MODEL": "openai/dear",
        "OPENAI_API_KEY": "k",
        "MODEL_PRICES_FILE": str(tmp_path / "prices.json"),
        "DAILY_MAX_COST": "0.05 USD",
    }
    async with serving(environment) as served:
        for call in (served.start("finish"), served.run("finish")):
            said = await refused(call)
            assert (said.code, said.reason) == ("RESOURCE_EXHAUSTED", "DAY_BUDGET_SPENT")
            assert said.text.startswith("DAILY_MAX_COST allows 0.05 USD a day, and 0.05 is left: too little for a call")
        assert served.state.snapshot().tasks.rejected["budget"] == 2


async def test_a_draining_service_says_so():
    async with serving() as served:
        task = await served.start("hold")
        draining = asyncio.create_task(served.service.drain())
        await until(lambda: served.service.runner.draining)
        for call in (served.start("finish"), served.run("finish")):
            said = await refused(call)
            assert (said.code, said.reason) == ("UNAVAILABLE", "DRAINING")
        health = health_pb2_grpc.HealthStub(served.channel)
        status = await health.Check(health_pb2.HealthCheckRequest(service="lybic.agent.Agent"))
        assert status.status == health_pb2.HealthCheckResponse.NOT_SERVING
        assert (await served.query(task)).status == pb.RUNNING
        served.models.gate.set()
        await draining
        assert (await served.query(task)).status == pb.SUCCESS


# Configuration.


async def test_the_global_configuration_begins_with_the_defaults():
    async with serving({"TASK_STEPS": "33", "TASK_TIMEOUT_SECONDS": "44"}) as served:
        config = await served.agent.GetGlobalCommonConfig(pb.GetGlobalCommonConfigRequest())
        expected = pb.CommonConfig(id="global", backend="simulated", mode=pb.FAST, steps=33, taskTimeout=44)
        assert config == expected
        assert await served.agent.GetCommonConfig(pb.GetCommonConfigRequest(id="global")) == expected


async def test_setters_are_denied_unless_they_are_allowed():
    async with serving() as served:
        model = pb.LLMConfig(modelName="m")
        for call in (
            served.agent.SetGlobalCommonConfig(pb.SetGlobalCommonConfigRequest(commonConfig=pb.CommonConfig())),
            served.agent.SetGlobalCommonLLMConfig(pb.SetGlobalCommonLLMConfigRequest(llmConfig=model)),
            served.agent.SetGlobalGroundingLLMConfig(pb.SetGlobalGroundingLLMConfigRequest(llmConfig=model)),
            served.agent.SetGlobalEmbeddingLLMConfig(pb.SetGlobalEmbeddingLLMConfigRequest(llmConfig=model)),
        ):
            denied = await refused(call)
            assert (denied.code, denied.reason) == ("PERMISSION_DENIED", "NOT_ALLOWED")
            assert "ALLOW_SET_GLOBAL_CONFIG" in denied.text
        await served.all_calls_ended()
        handled = served.state.snapshot().rpcs.handled
        assert sum(number for (_, code), number in handled.items() if code == "PERMISSION_DENIED") == 4
        assert sum(served.state.snapshot().service.config_updates.values()) == 0


async def test_a_task_runs_with_the_request_over_the_global_configuration():
    async with serving({"ALLOW_SET_GLOBAL_CONFIG": "true"}) as served:
        wanted = pb.CommonConfig(steps=5, taskTimeout=60, mode=pb.FAST, platform="any")
        reply = await served.agent.SetGlobalCommonConfig(pb.SetGlobalCommonConfigRequest(commonConfig=wanted))
        assert (reply.success, reply.id) == (True, "global")
        (first, *_) = await served.run("finish", runningConfig=pb.CommonConfig(steps=9))
        config = await served.agent.GetCommonConfig(pb.GetCommonConfigRequest(id=first.taskId))
        decider = config.stageModelConfig.fastActionGeneratorModel
        assert (decider.provider, decider.modelName) == ("builtin", "builtin/rules")
        config.ClearField("stageModelConfig")
        assert config == pb.CommonConfig(
            id=first.taskId, backend="simulated", steps=9, taskTimeout=60, mode=pb.FAST, platform="any"
        )
        assert stages(await served.run("go on"))[-2:] == ["step", "error"]
        assert served.state.snapshot().tasks.failures["step_limit"] == 1


async def test_models_are_set_for_their_stages():
    async with serving({"ALLOW_SET_GLOBAL_CONFIG": "true"}) as served:
        agent = served.agent
        common = pb.LLMConfig(modelName="common", apiEndpoint="http://127.0.0.1:9/v1")
        grounding = pb.LLMConfig(modelName="grounding", provider="openai")
        embedding = pb.LLMConfig(modelName="embedding", provider="openai")
        assert await agent.SetGlobalCommonLLMConfig(pb.SetGlobalCommonLLMConfigRequest(llmConfig=common)) == common
        request = pb.SetGlobalGroundingLLMConfigRequest(llmConfig=grounding)
        assert await agent.SetGlobalGroundingLLMConfig(request) == grounding
        request = pb.SetGlobalEmbeddingLLMConfigRequest(llmConfig=embedding)
        assert await agent.SetGlobalEmbeddingLLMConfig(request) == embedding
        config = (await agent.GetGlobalCommonConfig(pb.GetGlobalCommonConfigRequest())).stageModelConfig
        named = {field.name: value.modelName for field, value in config.ListFields()}
        assert (named.pop("groundingModel"), named.pop("embeddingModel")) == ("grounding", "embedding")
        assert len(named) == 14
        assert set(named.values()) == {"common"}
        updates = served.state.snapshot().service.config_updates
        assert updates == {"global": 0, "llm": 1, "grounding": 1, "embedding": 1}


# Keys.

KEYS = [f"sk-secret-{number}" for number in range(6)]


def config_with_keys(endpoint: str = "http://127.0.0.1:9/v1") -> pb.CommonConfig:
    account = pb.Authorization(orgID="org", apiKey=KEYS[0], apiEndpoint="http://127.0.0.1:9")
    config = pb.CommonConfig(authorizationInfo=account, backend="simulated")
    config.stageModelConfig.webSearchEngine = "any"
    for number, stage in enumerate(("actionGeneratorModel", "groundingModel"), start=1):
        model = pb.LLMConfig(modelName="m", apiKey=KEYS[number], apiEndpoint=endpoint)
        getattr(config.stageModelConfig, stage).CopyFrom(model)
    return config


async def test_no_reply_and_no_log_shows_a_key(caplog):
    caplog.set_level(logging.DEBUG)
    async with serving({"ALLOW_SET_GLOBAL_CONFIG": "true", "OPENAI_API_KEY": KEYS[5]}) as served:
        agent, replies = served.agent, []
        replies.append(
            await agent.SetGlobalCommonConfig(pb.SetGlobalCommonConfigRequest(commonConfig=config_with_keys()))
        )
        model = pb.LLMConfig(modelName="m", apiKey=KEYS[3], apiEndpoint="http://127.0.0.1:9/v1")
        replies += [
            await agent.SetGlobalCommonLLMConfig(pb.SetGlobalCommonLLMConfigRequest(llmConfig=model)),
            await agent.SetGlobalGroundingLLMConfig(pb.SetGlobalGroundingLLMConfigRequest(llmConfig=model)),
            await agent.SetGlobalEmbeddingLLMConfig(pb.SetGlobalEmbeddingLLMConfigRequest(llmConfig=model)),
        ]
        assert [reply.apiKey for reply in replies[1:]] == [MASKED] * 3
        request = config_with_keys()
        request.stageModelConfig.actionGeneratorModel.apiKey = KEYS[4]
        for instruction in ("finish", "boom", "no model"):
            messages = await served.run(instruction, runningConfig=request)
            replies += [*messages, await served.query(messages[0].taskId)]
            replies.append(await agent.GetCommonConfig(pb.GetCommonConfigRequest(id=messages[0].taskId)))
        replies.append(await agent.GetGlobalCommonConfig(pb.GetGlobalCommonConfigRequest()))
        assert replies[-1].stageModelConfig.actionGeneratorModel.apiKey == MASKED
        account = pb.Authorization(orgID="org", apiKey=MASKED, apiEndpoint="http://127.0.0.1:9")
        assert replies[-1].authorizationInfo == account
        assert replies[-1].stageModelConfig.webSearchEngine == "any"
        wrong = pb.LLMConfig(modelName="m", apiKey=f"{KEYS[3]} with a space")
        refusal = await refused(agent.SetGlobalCommonLLMConfig(pb.SetGlobalCommonLLMConfigRequest(llmConfig=wrong)))
        assert (refusal.code, refusal.fields) == ("INVALID_ARGUMENT", ("llmConfig.apiKey",))
        said = f"{replies!r} {refusal!r} {served.state.snapshot()!r} {served.state.record(messages[0].taskId)!r}"
    assert [key for key in KEYS if key in said or key in caplog.text] == []


async def test_the_keys_of_a_request_are_forgotten_when_its_task_has_ended(only_new_objects):
    async with serving() as served:
        task = await served.start("wait", runningConfig=config_with_keys())
        while_it_runs = await served.agent.GetCommonConfig(pb.GetCommonConfigRequest(id=task))
        assert kept_keys() >= set(KEYS[:2])
        await served.agent.CancelTask(pb.CancelTaskRequest(taskId=task))
        await served.all_calls_ended()
        await until(lambda: not kept_keys() & set(KEYS))
        assert await served.agent.GetCommonConfig(pb.GetCommonConfigRequest(id=task)) == while_it_runs
        assert while_it_runs.stageModelConfig.actionGeneratorModel.apiKey == MASKED


@pytest.fixture
def only_new_objects():
    """Let the garbage collector look at no object that was there before, which are most."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def kept_keys():
    """Return the keys that are anywhere in memory, of those that the garbage collector looks at."""
    gc.collect()
    return {found.reveal() for found in gc.get_objects() if isinstance(found, Secret)}


async def test_a_masked_key_that_comes_back_leaves_the_stored_one():
    async with serving({"ALLOW_SET_GLOBAL_CONFIG": "true"}) as served:
        agent, settings = served.agent, served.service._servicer.settings
        await agent.SetGlobalCommonConfig(pb.SetGlobalCommonConfigRequest(commonConfig=config_with_keys()))
        shown = await agent.GetGlobalCommonConfig(pb.GetGlobalCommonConfigRequest())
        shown.steps = 12
        await agent.SetGlobalCommonConfig(pb.SetGlobalCommonConfigRequest(commonConfig=shown))
        assert settings.changed.steps == 12
        assert settings.changed.authorization.api_key.reveal() == KEYS[0]
        assert settings.changed.stages["actionGeneratorModel"].api_key.reveal() == KEYS[1]
        model = shown.stageModelConfig.groundingModel
        assert model.apiKey == MASKED
        await agent.SetGlobalGroundingLLMConfig(pb.SetGlobalGroundingLLMConfigRequest(llmConfig=model))
        assert settings.changed.stages["groundingModel"].api_key.reveal() == KEYS[2]


async def test_a_stored_key_does_not_follow_to_another_address():
    async with serving({"ALLOW_SET_GLOBAL_CONFIG": "true"}) as served:
        agent, settings = served.agent, served.service._servicer.settings
        await agent.SetGlobalCommonConfig(pb.SetGlobalCommonConfigRequest(commonConfig=config_with_keys()))
        elsewhere = pb.LLMConfig(modelName="m", apiKey=MASKED, apiEndpoint="http://evil.example/v1")
        said = await refused(agent.SetGlobalCommonLLMConfig(pb.SetGlobalCommonLLMConfigRequest(llmConfig=elsewhere)))
        assert (said.code, said.fields) == ("INVALID_ARGUMENT", ("llmConfig.apiKey",))
        moved = config_with_keys()
        moved.authorizationInfo.apiKey = MASKED
        moved.authorizationInfo.apiEndpoint = "http://evil.example"
        said = await refused(agent.SetGlobalCommonConfig(pb.SetGlobalCommonConfigRequest(commonConfig=moved)))
        assert said.fields == ("commonConfig.authorizationInfo.apiKey",)
        assert settings.changed.stages["actionGeneratorModel"].endpoint == "http://127.0.0.1:9/v1"
        # A request that names an address of its own gets no stored key either.
        config = pb.CommonConfig()
        config.stageModelConfig.actionGeneratorModel.CopyFrom(elsewhere)
        (first, *_) = await served.run("finish", runningConfig=config)
        assert served.state.record(first.taskId).spec.model.endpoint.api_key is None


# What comes with every gRPC service.


async def test_health_and_reflection_are_on():
    async with serving() as served:
        health = health_pb2_grpc.HealthStub(served.channel)
        for name in ("", "lybic.agent.Agent", "gui_agents.v1.Operator"):
            reply = await health.Check(health_pb2.HealthCheckRequest(service=name))
            assert reply.status == health_pb2.HealthCheckResponse.SERVING
        assert (await refused(health.Check(health_pb2.HealthCheckRequest(service="nobody")))).code == "NOT_FOUND"

        reflection = reflection_pb2_grpc.ServerReflectionStub(served.channel)
        questions = [
            reflection_pb2.ServerReflectionRequest(list_services=""),
            reflection_pb2.ServerReflectionRequest(file_containing_symbol="lybic.agent.Agent"),
            reflection_pb2.ServerReflectionRequest(file_containing_symbol="gui_agents.v1.Operator"),
        ]
        listed, *described = [reply async for reply in reflection.ServerReflectionInfo(iter(questions))]
        assert {service.name for service in listed.list_services_response.service} == {
            "lybic.agent.Agent",
            "gui_agents.v1.Operator",
            "grpc.health.v1.Health",
            "grpc.reflection.v1alpha.ServerReflection",
        }
        files = [
            descriptor_pb2.FileDescriptorProto.FromString(data)
            for reply in described
            for data in reply.file_descriptor_response.file_descriptor_proto
        ]
        methods = {service.name: len(service.method) for file in files for service in file.service}
        assert methods == {"Agent": 12, "Operator": 4}
        await served.all_calls_ended()
        assert served.state.snapshot().rpcs.started["other"] == 5


async def test_a_watch_of_the_health_ends_with_its_client():
    async with serving() as served:
        call = health_pb2_grpc.HealthStub(served.channel).Watch(health_pb2.HealthCheckRequest())
        assert (await call.read()).status == health_pb2.HealthCheckResponse.SERVING
        call.cancel()
        await served.all_calls_ended()
        assert served.state.snapshot().rpcs.handled["other", "CANCELLED"] == 1


async def test_whatever_is_asked_of_the_health_was_a_series_before():
    async with serving() as served:
        before = set(served.state.snapshot().rpcs.handled)
        health = health_pb2_grpc.HealthStub(served.channel)
        assert (await refused(health.Check(health_pb2.HealthCheckRequest(service="nobody")))).code == "NOT_FOUND"
        watch = health.Watch(health_pb2.HealthCheckRequest(), timeout=2)
        with pytest.raises(grpc.aio.AioRpcError):
            [_ async for _ in watch]
        await served.all_calls_ended()
        handled = served.state.snapshot().rpcs.handled
    assert (handled["other", "NOT_FOUND"], handled["other", "DEADLINE_EXCEEDED"]) == (1, 1)
    assert set(handled) == before


async def test_an_unknown_method_is_unimplemented():
    async with serving() as served:
        said = await refused(served.call("NoSuchMethod", b""))
        assert (said.code, said.text) == ("UNIMPLEMENTED", "the service has no such method")
        for path in ("/other.Service/Method", "/lybic.agent.Agent", "/"):
            assert (await refused(served.channel.unary_unary(path)(b""))).code == "UNIMPLEMENTED"
        await served.all_calls_ended()
        rpcs = served.state.snapshot().rpcs
        assert rpcs.handled["other", "UNIMPLEMENTED"] == rpcs.started["other"] == 4


async def test_a_defect_of_a_method_is_internal_and_its_text_stays_here(caplog, monkeypatch):
    async with serving() as served:
        monkeypatch.setattr(type(served.state), "owner", lambda *_: 1 / 0)
        said = await refused(served.agent.CancelTask(pb.CancelTaskRequest(taskId="x")))
        monkeypatch.undo()
        assert (said.code, said.text) == ("INTERNAL", "internal error; the service's log has the details")
        assert "division by zero" in caplog.text
        await served.all_calls_ended()
        assert served.state.snapshot().rpcs.handled["CancelTask", "INTERNAL"] == 1


async def test_a_client_may_ping_as_often_as_published():
    options = (("grpc.keepalive_time_ms", 30_000), ("grpc.keepalive_permit_without_calls", 1))
    async with (
        serving() as served,
        grpc.aio.insecure_channel(f"127.0.0.1:{served.service.port}", options=options) as channel,
    ):
        reply = await channel.unary_unary("/lybic.agent.Agent/GetAgentInfo")(b"")
        assert pb.AgentInfo.FromString(reply).maxConcurrentTasks == 5
