"""A request gets the sandbox, the model and the provider that it names, or a refusal; what has no effect is told."""

import logging

import pytest

from gui_agents.proto import agent_pb2 as pb
from tests.serving import Served, refused, serving

ACCOUNT = pb.Authorization(orgID="org", apiKey="sk-lybic")
LOCAL = "http://127.0.0.1:9/v1"
SETTABLE = {"ALLOW_SET_GLOBAL_CONFIG": "true"}
STAGES = "runningConfig.stageModelConfig"


def model(name: str = "m", **fields) -> pb.LLMConfig:
    return pb.LLMConfig(modelName=name, apiEndpoint=LOCAL, **fields)


def with_stages(mode: int = 0, **stages) -> pb.CommonConfig:
    return pb.CommonConfig(mode=mode, stageModelConfig=pb.StageModelConfig(**stages))


async def set_globally(served: Served, config: pb.CommonConfig) -> None:
    await served.agent.SetGlobalCommonConfig(pb.SetGlobalCommonConfigRequest(commonConfig=config))


async def decided_by(served: Served, config: pb.CommonConfig | None = None) -> str:
    """Run a task and return which model decides it."""
    (first, *_) = await served.run("finish", runningConfig=config)
    return served.state.record(first.taskId).spec.model.full_name


# Sandboxes.


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"runningConfig": pb.CommonConfig(authorizationInfo=pb.Authorization(apiKey="k"))},
            "configured beside it); the backend lybic was chosen because runningConfig.backend is not set, and",
        ),
        (
            {"runningConfig": pb.CommonConfig(authorizationInfo=pb.Authorization(orgID="org"))},
            "there is no key of a Lybic account for org at https://api.lybic.cn",
        ),
        ({"sandbox": pb.Sandbox(shapeName="beijing-2c-4g-cpu")}, "sandbox.shapeName is a shape of Lybic"),
        ({"runningConfig": pb.CommonConfig(backend="lybic")}, "there is no organization of a Lybic account"),
        ({"runningConfig": pb.CommonConfig(backend="lybic_mobile")}, "there is no organization of a Lybic account"),
    ],
)
async def test_what_asks_for_lybic_without_an_account_is_served_by_nothing_else(fields, words):
    async with serving() as served:
        for call in (served.run("finish", **fields), served.start("finish", **fields)):
            said = await refused(call)
            assert (said.code, said.reason) == ("FAILED_PRECONDITION", "PRECONDITION")
            assert words in said.text
        assert sum(served.state.snapshot().sandboxes.created.values()) == 0


async def test_an_account_in_the_global_configuration_asks_for_lybic_too():
    async with serving(SETTABLE) as served:
        await set_globally(served, pb.CommonConfig(authorizationInfo=ACCOUNT))
        shown = await served.agent.GetGlobalCommonConfig(pb.GetGlobalCommonConfigRequest())
        assert shown.backend == "lybic"
        first, *_ = await served.run("finish")
        spec = served.state.record(first.taskId).spec
        assert (spec.backend, spec.cloud.account.organization) == ("lybic", "org")
        (first, *_) = await served.run("finish", runningConfig=pb.CommonConfig(backend="simulated"))
        assert first.message == "accepted; not used: the global configuration's authorizationInfo"


async def test_a_backend_that_is_named_is_served_whatever_the_account():
    async with serving() as served:
        config = pb.CommonConfig(backend="simulated", authorizationInfo=ACCOUNT)
        (first, *_) = await served.run("finish", runningConfig=config)
        assert first.message == "accepted; not used: runningConfig.authorizationInfo"


async def test_an_empty_account_asks_for_nothing():
    async with serving() as served:
        config = pb.CommonConfig(authorizationInfo=pb.Authorization(apiEndpoint="https://api.lybic.cn"))
        assert (await served.run("finish", runningConfig=config))[-1].stage == "finished"


@pytest.mark.parametrize(
    "sandbox",
    [
        pb.Sandbox(os=pb.WINDOWS),
        pb.Sandbox(os=pb.LINUX),
        pb.Sandbox(os=pb.ANDROID),
        pb.Sandbox(virtualization="KVM"),
        pb.Sandbox(architecture="aarch64"),
        pb.Sandbox(hardwareAcceleratedEncoding=True),
    ],
    ids=str,
)
async def test_a_kind_of_sandbox_that_the_backend_does_not_have_is_refused(sandbox):
    async with serving() as served:
        said = await refused(served.run("finish", sandbox=sandbox))
        ((field, _),) = sandbox.ListFields()
        assert said.code == "FAILED_PRECONDITION"
        assert said.text.startswith(f"sandbox.{field.name}: the backend 'simulated' has sandboxes of one kind; ")


async def test_a_shape_is_refused_where_the_backend_has_none():
    async with serving() as served:
        fields = {"sandbox": pb.Sandbox(shapeName="s"), "runningConfig": pb.CommonConfig(backend="simulated")}
        assert (await refused(served.run("finish", **fields))).text.startswith("sandbox.shapeName: ")


async def test_a_sandbox_that_was_told_can_be_sent_back():
    async with serving() as served:
        (first, *_) = await served.run("finish")
        (second, *_) = await served.run("finish", sandbox=(await served.query(first.taskId)).sandbox)
        assert second.message == "accepted"


# Models.


@pytest.mark.parametrize(
    ("mode", "stages", "decides"),
    [
        (pb.MODEUNDEFINED, {"fastActionGeneratorModel": "fast", "actionGeneratorModel": "normal"}, "fast"),
        (pb.FAST, {"fastActionGeneratorModel": "fast", "actionGeneratorModel": "normal"}, "fast"),
        (pb.NORMAL, {"fastActionGeneratorModel": "fast", "actionGeneratorModel": "normal"}, "normal"),
        (pb.FAST, {"actionGeneratorModel": "normal"}, "normal"),
        (pb.NORMAL, {"fastActionGeneratorModel": "fast"}, "fast"),
        (pb.FAST, {"fastActionGeneratorModel": "", "actionGeneratorModel": "normal"}, "normal"),
        (pb.FAST, {"fastActionGeneratorModel": " ", "actionGeneratorModel": "normal"}, "normal"),
    ],
)
async def test_the_mode_says_which_stage_decides(mode, stages, decides):
    config = with_stages(mode, **{stage: model(name) for stage, name in stages.items()})
    async with serving(SETTABLE) as served:
        assert await decided_by(served, config) == f"openai/{decides}"
        await set_globally(served, config)
        assert await decided_by(served) == f"openai/{decides}"


async def test_the_request_decides_before_the_global_configuration_and_that_before_the_environment():
    async with serving({**SETTABLE, "DEFAULT_MODEL": "openai/default", "OPENAI_BASE_URL": LOCAL}) as served:
        assert await decided_by(served) == "openai/default"
        await set_globally(served, with_stages(fastActionGeneratorModel=model("global")))
        assert await decided_by(served) == "openai/global"
        assert await decided_by(served, with_stages(actionGeneratorModel=model("requested"))) == "openai/requested"


async def test_the_configuration_of_a_task_shows_the_model_that_decides_and_no_other_one():
    async with serving(SETTABLE) as served:
        await set_globally(served, with_stages(fastActionGeneratorModel=model("global"), groundingModel=model("g")))
        config = with_stages(actionGeneratorModel=model("requested"))
        (first, *_) = await served.run("finish", runningConfig=config)
        shown = await served.agent.GetCommonConfig(pb.GetCommonConfigRequest(id=first.taskId))
        named = {field.name: value.modelName for field, value in shown.stageModelConfig.ListFields()}
        assert named == {"actionGeneratorModel": "requested", "groundingModel": "g"}


@pytest.mark.parametrize("stage", ["groundingModel", "embeddingModel", "actionGeneratorWithTakeoverModel"])
async def test_models_of_which_none_decides_are_refused_with_the_fields_to_set(stage):
    async with serving(SETTABLE) as served:
        await set_globally(served, with_stages(actionGeneratorModel=model()))
        said = await refused(served.run("finish", runningConfig=with_stages(**{stage: model()})))
        assert (said.code, said.fields) == ("INVALID_ARGUMENT", (STAGES,))
        assert said.text == (
            f"{STAGES}: names models ({stage}), but none that decides; "
            "set fastActionGeneratorModel or actionGeneratorModel"
        )


@pytest.mark.parametrize("stage", ["fastActionGeneratorModel", "actionGeneratorModel", "groundingModel"])
async def test_a_stage_without_a_model_does_no_harm(stage):
    async with serving() as served:
        config = with_stages(**{stage: pb.LLMConfig(apiKey="sk-key")})
        assert await decided_by(served, config) == "builtin/rules"
        (first, *_) = await served.run("finish", runningConfig=config)
        assert first.message == f"accepted; not used: {STAGES}.{stage}"


async def test_the_key_of_a_stage_without_a_model_is_for_the_model_of_the_layer_below():
    async with serving({"DEFAULT_MODEL": "openai/default"}) as served:
        config = with_stages(fastActionGeneratorModel=pb.LLMConfig(apiKey="sk-of-the-request"))
        task = await served.start("wait", runningConfig=config)
        endpoint = served.state.record(task).spec.model.endpoint
        assert (endpoint.model, endpoint.api_key.reveal()) == ("default", "sk-of-the-request")
        shown = await served.agent.GetCommonConfig(pb.GetCommonConfigRequest(id=task))
        assert shown.stageModelConfig.fastActionGeneratorModel == pb.LLMConfig(
            modelName="default", provider="openai", apiKey="********"
        )


async def test_a_provider_that_cannot_be_called_is_served_by_no_other_one():
    async with serving() as served:
        config = with_stages(actionGeneratorModel=pb.LLMConfig(modelName="m", provider="aws_bedrock", apiKey="k"))
        said = await refused(served.run("finish", runningConfig=config))
        assert said.code == "FAILED_PRECONDITION"
        place = f"{STAGES}.actionGeneratorModel.provider"
        assert said.text.startswith(f"{place}: 'aws_bedrock' cannot be called: requests to Amazon Bedrock are signed ")


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"provider": "openai"}, "modelName: 'builtin/rules' is no model of 'openai'"),
        ({"provider": "openai", "modelName": "builtin/rules"}, "modelName: 'builtin/rules' is no model of 'openai'"),
        ({"provider": "builtin", "modelName": "gpt-4o"}, "modelName: 'gpt-4o' is no model of 'builtin'"),
        ({"modelName": "builtin/other"}, "modelName: 'builtin/other' is no model of 'builtin'"),
    ],
)
async def test_a_provider_is_served_by_no_model_of_another_one(fields, refusal):
    async with serving() as served:
        said = await refused(
            served.run("finish", runningConfig=with_stages(actionGeneratorModel=pb.LLMConfig(**fields)))
        )
        assert said.code == "INVALID_ARGUMENT"
        assert said.text.startswith(f"{STAGES}.actionGeneratorModel.{refusal}; ")


@pytest.mark.parametrize("fields", [{"modelName": "builtin/rules"}, {"modelName": "rules", "provider": "builtin"}])
async def test_the_built_in_model_can_be_named(fields):
    async with serving({"DEFAULT_MODEL": "openai/default"}) as served:
        assert await decided_by(served, with_stages(actionGeneratorModel=pb.LLMConfig(**fields))) == "builtin/rules"


async def test_a_key_alone_goes_with_the_model_of_the_global_configuration():
    async with serving(SETTABLE) as served:
        await set_globally(served, with_stages(fastActionGeneratorModel=pb.LLMConfig(modelName="global")))
        config = with_stages(fastActionGeneratorModel=pb.LLMConfig(apiKey="sk-of-the-request"))
        (first, *_) = await served.run("finish", runningConfig=config)
        assert first.message == "accepted"
        shown = await served.agent.GetCommonConfig(pb.GetCommonConfigRequest(id=first.taskId))
        assert shown.stageModelConfig.fastActionGeneratorModel.modelName == "global"


# What has no effect.


async def test_what_a_request_holds_in_vain_is_told_once_in_the_log_and_in_the_first_message(caplog):
    caplog.set_level(logging.INFO, logger="gui_agents")
    config = with_stages(
        webSearchEngine="exa", groundingModel=model("g", apiKey="sk-secret"), fastActionGeneratorModel=model("f")
    )
    config.id, config.platform = "mine", "Windows"
    config.stageModelConfig.actionGeneratorModel.CopyFrom(model("a"))
    async with serving() as served:
        sandbox = pb.Sandbox(name="my desktop", description="for tests")
        messages = await served.run("finish", runningConfig=config, sandbox=sandbox)
        told = ", ".join(
            [
                "sandbox.name",
                "sandbox.description",
                "runningConfig.id",
                "runningConfig.platform",
                f"{STAGES}.webSearchEngine",
                f"{STAGES}.groundingModel",
                f"{STAGES}.actionGeneratorModel",
            ]
        )
        assert messages[0].message == f"accepted; not used: {told}"
        assert [message for message in messages[1:] if "not used" in message.message] == []
        shown = await served.agent.GetCommonConfig(pb.GetCommonConfigRequest(id=messages[0].taskId))
        assert shown.stageModelConfig.groundingModel == model("g", apiKey="********")
        assert shown.stageModelConfig.webSearchEngine == "exa"
    assert [line for line in caplog.messages if "not used" in line] == [
        f"task {messages[0].taskId} accepted, decided by 'openai/f'; not used: {told}"
    ]


async def test_a_plain_request_holds_nothing_in_vain():
    async with serving() as served:
        config = with_stages(pb.NORMAL, actionGeneratorModel=model())
        config.steps, config.taskTimeout, config.backend = 5, 60, "simulated"
        assert (await served.run("finish", runningConfig=config))[0].message == "accepted"


async def test_a_stage_that_decides_nothing_refuses_no_global_configuration(caplog):
    caplog.set_level(logging.INFO, logger="gui_agents")
    config = with_stages(
        fastActionGeneratorModel=model("decides"),
        actionGeneratorModel=pb.LLMConfig(modelName="m", provider="nobody"),
        memoryRetrivalModel=pb.LLMConfig(apiKey="sk-key"),
        taskEvaluatorModel=pb.LLMConfig(modelName="m", provider="nobody"),
    )
    async with serving(SETTABLE) as served:
        await set_globally(served, config)
        shown = await served.agent.GetGlobalCommonConfig(pb.GetGlobalCommonConfigRequest())
        assert shown.stageModelConfig.taskEvaluatorModel.provider == "nobody"
        assert shown.stageModelConfig.memoryRetrivalModel == pb.LLMConfig(apiKey="********")
        (first, *_) = await served.run("finish")
        unused = ", ".join(
            f"the global configuration's stageModelConfig.{stage}"
            for stage in ("memoryRetrivalModel", "taskEvaluatorModel", "actionGeneratorModel")
        )
        assert first.message == f"accepted; not used: {unused}"
        assert f"the global configuration was changed (global); not used: {unused}" in caplog.messages
        said = await refused(served.run("finish", runningConfig=pb.CommonConfig(mode=pb.NORMAL)))
        assert (said.code, "'nobody'" in said.text) == ("INVALID_ARGUMENT", True)


async def test_the_stage_that_decides_is_checked():
    async with serving(SETTABLE) as served:
        for stages in (
            {"fastActionGeneratorModel": pb.LLMConfig(modelName="m", provider="nobody")},
            {"actionGeneratorModel": pb.LLMConfig(modelName="m", provider="nobody")},
        ):
            (stage,) = stages
            request = pb.SetGlobalCommonConfigRequest(commonConfig=with_stages(**stages))
            said = await refused(served.agent.SetGlobalCommonConfig(request))
            assert said.fields == (f"commonConfig.stageModelConfig.{stage}.provider",)
        request = pb.SetGlobalCommonConfigRequest(commonConfig=pb.CommonConfig(backend="vmware"))
        said = await refused(served.agent.SetGlobalCommonConfig(request))
        assert (said.code, said.text.partition(":")[0]) == ("INVALID_ARGUMENT", "commonConfig.backend")


async def test_one_model_for_all_stages_is_not_called_unused():
    async with serving(SETTABLE) as served:
        await served.agent.SetGlobalCommonLLMConfig(pb.SetGlobalCommonLLMConfigRequest(llmConfig=model("common")))
        (first, *_) = await served.run("finish")
        assert first.message == "accepted"
        assert served.state.record(first.taskId).spec.model.model == "common"
