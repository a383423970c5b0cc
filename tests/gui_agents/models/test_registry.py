"""Which model a task gets, by what the request, the global configuration and the environment say."""

import pytest

from gui_agents.config import load
from gui_agents.domain.clock import SystemClock
from gui_agents.domain.errors import InvalidFieldError, PreconditionError
from gui_agents.domain.model import Provider
from gui_agents.domain.packages import install_command
from gui_agents.domain.secret import Secret
from gui_agents.domain.spec import LLMSettings
from gui_agents.models.caller import CalledModel
from gui_agents.models.http.addresses import EndpointPolicy
from gui_agents.models.registry import ROWS, ModelFactory
from gui_agents.service import endpoint_policy
from gui_agents.simulated.decider import RulesModel

HERE = "http://127.0.0.1:9/v1"


def factory(**environment: str) -> ModelFactory:
    config = load(environment)
    return ModelFactory(config.defaults, config.models, SystemClock())


def settings(model: str, **fields) -> LLMSettings:
    return LLMSettings(model=model, **fields)


def test_without_a_word_it_is_the_default_model():
    choice = factory().choose(None, None, "field")
    assert (choice.provider, choice.model, choice.endpoint) == ("builtin", "builtin/rules", None)
    named = factory(DEFAULT_MODEL="openai/small", OPENAI_BASE_URL=HERE).choose(None, None, "field")
    assert (named.provider, named.model, named.endpoint.base_url) == ("openai", "small", HERE)


def test_the_request_goes_before_the_configuration_and_that_before_the_environment():
    models = factory(DEFAULT_MODEL="openai/environment", OPENAI_BASE_URL=HERE)
    request, configured = settings("request"), settings("configured")
    assert models.choose(request, configured, "field").model == "request"
    assert models.choose(None, configured, "field").model == "configured"
    assert models.choose(settings("builtin/rules"), configured, "field").provider == "builtin"


def test_keys_of_the_environment_stay_with_its_address():
    models = factory(OPENAI_BASE_URL=HERE, OPENAI_API_KEY="sk-environment")
    assert models.choose(settings("m"), None, "field").endpoint.api_key == Secret("sk-environment")
    elsewhere = settings("m", endpoint="http://127.0.0.1:8/v1")
    assert models.choose(elsewhere, None, "field").endpoint.api_key is None


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (LLMSettings(model="m", provider="nobody"), "field.provider"),
        (LLMSettings(model="m", provider="builtin"), "field.modelName"),
        (LLMSettings(model="builtin/else"), "field.modelName"),
        (LLMSettings(model="x" * 300), "field.modelName"),
        (LLMSettings(model="m", endpoint="nowhere"), "field.apiEndpoint"),
    ],
)
def test_what_nobody_knows_is_refused_by_its_field(wrong, field):
    with pytest.raises(InvalidFieldError) as refusal:
        factory(OPENAI_BASE_URL=HERE).choose(wrong, None, "field")
    assert refusal.value.field == field


def test_a_public_address_needs_a_key():
    with pytest.raises(PreconditionError, match="OPENAI_API_KEY"):
        factory().choose(settings("gpt-4o"), None, "field")


def test_every_provider_has_its_row():
    assert sorted(row.provider for row in ROWS) == sorted(Provider)


def test_a_missing_package_is_a_precondition(monkeypatch):
    monkeypatch.setattr("gui_agents.domain.packages.find_spec", lambda _: None)
    with pytest.raises(PreconditionError) as refusal:
        factory(OPENAI_BASE_URL=HERE).choose(settings("m"), None, "field")
    assert str(refusal.value) == f"OpenAI-compatible models need the httpcore2 package; {install_command('openai')}"
    assert factory().choose(None, None, "field").provider == "builtin"


async def test_each_task_has_a_model_of_its_own():
    models = factory(OPENAI_BASE_URL=HERE)
    builtin, remote = models.choose(None, None, "field"), models.choose(settings("m"), None, "field")
    made = [models.create(choice) for choice in (builtin, builtin, remote, remote)]
    assert [type(model) for model in made] == [RulesModel] * 2 + [CalledModel] * 2
    assert len({id(model) for model in made}) == 4
    assert {model.provider for model in made} <= set(Provider)
    for model in made:
        await model.close()


def test_an_endpoint_inside_is_refused_unless_the_operator_names_it():
    config = load({"OPENAI_BASE_URL": "http://10.0.0.1/v1"})
    models = ModelFactory(config.defaults, config.models, SystemClock(), EndpointPolicy(loopback=False))
    for address in ("http://10.0.0.2/v1", HERE):
        with pytest.raises(PreconditionError, match=r"field\.apiEndpoint: .* MODEL_ENDPOINT_ALLOW="):
            models.choose(settings("m", endpoint=address), None, "field")
    chosen = models.choose(settings("m"), None, "field").endpoint
    assert (chosen.base_url, chosen.configured) == ("http://10.0.0.1/v1", True)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("[::1]", True), ("0.0.0.0", False), ("::", False)],  # noqa: S104 - read, not bound
)
def test_loopback_is_open_to_clients_only_while_grpc_listens_there_alone(host, loopback):
    policy = endpoint_policy(load({"GRPC_HOST": host, "MODEL_ENDPOINT_ALLOW": "10.0.0.0/8, llm.internal"}))
    assert policy == EndpointPolicy(loopback=loopback, allowed=("10.0.0.0/8", "llm.internal"))
