"""Which model a task gets, by what the request, the global configuration and the environment say."""

import pytest

from gui_agents.config import load
from gui_agents.decider import RulesModel
from gui_agents.domain.clock import SystemClock
from gui_agents.domain.errors import InvalidFieldError, PreconditionError
from gui_agents.domain.model import BUILTIN_MODEL, Provider
from gui_agents.domain.model_settings import WireProtocol
from gui_agents.domain.packages import install_command
from gui_agents.domain.providers import PROVIDERS
from gui_agents.domain.secret import Secret
from gui_agents.domain.spec import LLMSettings
from gui_agents.http.addresses import EndpointPolicy
from gui_agents.models.caller import CalledModel
from gui_agents.models.registry import ModelFactory, configured_providers
from gui_agents.service import endpoint_policy

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
        (LLMSettings(model="m", provider="nobody-text"), "field.provider"),
        (LLMSettings(provider="groq"), "field.modelName"),
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
    assert sorted([Provider.BUILTIN, *(row.provider for row in PROVIDERS)]) == sorted(Provider)


NAMES = [(row, name) for row in PROVIDERS for name in row.names]


def keyed(row, address: str | None = HERE) -> dict[str, str]:
    return {
        **({row.address_variables[0]: address} if address else {}),
        **({row.key_variables[0]: "sk-of-the-row"} if row.key_variables else {}),
    }


@pytest.mark.parametrize(("row", "name"), NAMES, ids=[name for _, name in NAMES])
def test_a_provider_is_called_by_each_of_its_names_in_any_case(row, name):
    models = factory(**keyed(row), DEFAULT_MODEL=f"{name.upper()}/Some/Model")
    key = Secret("sk-of-the-row") if row.key_variables else None
    for choice in (
        models.choose(None, None, "field"),
        models.choose(settings("Some/Model", provider=name.title()), None, "field"),
        models.choose(None, settings("Some/Model", provider=name), "field"),
    ):
        assert (choice.provider, choice.model, choice.endpoint.api_key) == (row.provider, "Some/Model", key)
        assert choice.endpoint.base_url.startswith("http://127.0.0.1:9")
        assert choice.endpoint.configured
        assert choice.endpoint.settings.pictures
    text = models.choose(settings("Some/Model", provider=f"{name}-Text"), None, "field")
    assert (text.provider, text.endpoint.settings.pictures) == (row.provider, False)


@pytest.mark.parametrize("row", [row for row in PROVIDERS if row.address], ids=str)
def test_without_an_address_it_is_the_usual_one(row):
    endpoint = factory(**keyed(row, None), DEFAULT_MODEL=f"{row.provider}/m").choose(None, None, "field").endpoint
    assert (endpoint.base_url, endpoint.configured) == (row.address, True)


@pytest.mark.parametrize("row", PROVIDERS, ids=str)
def test_a_key_of_the_environment_goes_to_no_address_of_a_request(row):
    elsewhere = settings("m", provider=str(row.provider), endpoint="http://127.0.0.1:8/v1")
    endpoint = factory(**keyed(row)).choose(elsewhere, None, "field").endpoint
    assert (endpoint.api_key, endpoint.configured) == (None, False)
    assert endpoint.base_url.startswith("http://127.0.0.1:8")


def test_a_global_key_that_names_no_provider_goes_to_no_other_one():
    models = factory(GROQ_API_KEY="sk-groq")
    configured = settings("gpt-4o", api_key=Secret("sk-global"))
    assert models.choose(None, configured, "field").endpoint.api_key == Secret("sk-global")
    theirs = models.choose(settings("llama", provider="groq"), configured, "field").endpoint
    assert (theirs.provider, theirs.api_key) == ("groq", Secret("sk-groq"))
    with pytest.raises(PreconditionError, match=r"no key for https://api\.x\.ai/v1"):
        models.choose(settings("grok-4", provider="xai"), configured, "field")


@pytest.mark.parametrize("provider", ["groq", "builtin"])
def test_a_model_of_one_provider_is_asked_of_no_other_one(provider):
    models = factory(DEFAULT_MODEL="openai/gpt-4o", OPENAI_API_KEY="k", GROQ_API_KEY="k")
    configured = settings("gpt-4o-mini", provider="openai")
    for global_, name in ((None, "gpt-4o"), (configured, "gpt-4o-mini"), (settings("gpt-4o-mini"), "gpt-4o-mini")):
        with pytest.raises(InvalidFieldError, match=f"field.modelName: '{name}' is no model of '{provider}'; name one"):
            models.choose(LLMSettings(provider=provider), global_, "field")


def test_amazon_is_refused_with_the_reason():
    for name in ("aws_bedrock", "Bedrock"):
        with pytest.raises(PreconditionError, match=f"^field.provider: '{name}' cannot be called: .*AWS's own scheme"):
            factory().choose(settings("m", provider=name), None, "field")


def test_a_model_without_a_provider_is_of_the_default_models_one():
    models = factory(DEFAULT_MODEL="anthropic/claude-sonnet-5", ANTHROPIC_API_KEY="k")
    choice = models.choose(settings("claude-opus-5"), None, "field")
    assert (choice.provider, choice.endpoint.settings.protocol) == ("anthropic", WireProtocol.MESSAGES)


@pytest.mark.parametrize(
    ("environment", "name", "chosen"),
    [
        ({}, "groq/some/model", ("groq", "some/model")),
        ({}, "openai/gpt-4o", ("openai", "gpt-4o")),
        ({}, "org/model", ("openai", "org/model")),
        ({"OPENAI_BASE_URL": HERE}, "groq/some/model", ("openai", "groq/some/model")),
        (
            {"DEFAULT_MODEL": "openrouter/x", "OPENROUTER_API_KEY": "k"},
            "openai/gpt-4o",
            ("openrouter", "openai/gpt-4o"),
        ),
    ],
)
def test_a_name_with_its_provider_is_taken_apart_only_where_names_hold_no_slash(environment, name, chosen):
    models = factory(OPENAI_API_KEY="k", GROQ_API_KEY="k", **environment)
    choice = models.choose(settings(name), None, "field")
    assert (choice.provider, choice.model) == chosen
    own = models.choose(settings(name, endpoint=HERE), None, "field")
    assert own.model == name


def test_a_proxy_that_the_default_model_cannot_use_is_told_at_the_start(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1080")
    models = factory(DEFAULT_MODEL="vllm/m", VLLM_BASE_URL="http://192.0.2.1/v1")
    assert models.default_problem().startswith("ALL_PROXY names no proxy that can be used; it must be a URL such as ")
    monkeypatch.setenv("NO_PROXY", "192.0.2.0/24")
    assert models.default_problem() is None


def test_an_azure_deployment_is_part_of_the_path_and_the_key_has_its_own_header():
    environment = {"AZURE_OPENAI_ENDPOINT": "https://r.openai.azure.com", "AZURE_OPENAI_API_KEY": "k"}
    asked = settings("my-gpt", provider="azure")
    endpoint = factory(**environment, OPENAI_API_VERSION="2024-10-21").choose(asked, None, "field").endpoint
    assert endpoint.base_url == "https://r.openai.azure.com/openai/deployments/my-gpt?api-version=2024-10-21"
    assert (endpoint.key_header, endpoint.model) == ("api-key", "my-gpt")
    assert factory(**environment).choose(asked, None, "field").endpoint.base_url == (
        "https://r.openai.azure.com/openai/v1"
    )


@pytest.mark.parametrize(
    "named",
    [
        {"requested": settings("m", endpoint="http://127.0.0.1:8/v1")},
        {"requested": settings("m", endpoint=HERE)},
        {"requested": settings("m"), "configured": LLMSettings(provider="openai", endpoint=HERE)},
    ],
)
def test_what_the_file_adds_to_requests_goes_to_the_operators_endpoint_alone(tmp_path, named):
    file = tmp_path / "models.yaml"
    added = "headers: {X-Gateway-Key: secret}, extra_body: {tenant: secret}"
    file.write_text(f"openai/m: {{pictures: false, {added}}}\n")
    models = factory(OPENAI_BASE_URL=HERE, MODELS_FILE=str(file))
    ours = models.choose(settings("m"), None, "field").endpoint.settings
    theirs = models.choose(**{"configured": None, "field": "field", **named}).endpoint.settings
    assert (ours.pictures, ours.headers) == (False, {"X-Gateway-Key": "secret"})
    assert ours.extra_body == {"tenant": "secret"}
    assert (theirs.pictures, theirs.headers, theirs.extra_body) == (False, {}, {})


def test_what_is_built_in_goes_to_every_endpoint(tmp_path):
    file = tmp_path / "models.yaml"
    file.write_text("dashscope/qwen3-32b: {extra_body: {tenant: secret}}\n")
    asked = settings("qwen3-32b", provider="dashscope", endpoint=HERE)
    chosen = factory(MODELS_FILE=str(file)).choose(asked, None, "field").endpoint.settings
    assert chosen.extra_body == {"enable_thinking": False}


def test_a_server_on_this_machine_that_nobody_configured_is_closed_to_other_machines():
    def chosen(**environment: str) -> bool:
        config = load(environment)
        models = ModelFactory(config.defaults, config.models, SystemClock(), EndpointPolicy(loopback=False))
        return models.choose(settings("llava", provider="ollama"), None, "field").endpoint.configured

    with pytest.raises(PreconditionError, match=r"field\.apiEndpoint: 127\.0\.0\.1 is a loopback address"):
        chosen()
    assert chosen(DEFAULT_MODEL="ollama/llava")
    assert chosen(OLLAMA_BASE_URL="http://127.0.0.1:11434/v1")


def test_the_configured_providers_have_a_key_or_an_address_or_the_default_model():
    def found(**environment: str) -> tuple[str, ...]:
        config = load(environment)
        return configured_providers(config.defaults, config.models)

    assert found() == ("builtin",)
    assert found(GOOGLE_API_KEY="k", vLLM_ENDPOINT_URL=HERE) == ("builtin", "gemini", "vllm")
    assert found(VLLM_ENDPOINT_URL=HERE) == ("builtin", "vllm")
    assert found(DEFAULT_MODEL="ark-text/m") == ("builtin", "doubao")
    assert found(DEFAULT_MODEL=BUILTIN_MODEL, OPENAI_API_VERSION="2024-10-21") == ("builtin",)


def test_a_missing_package_is_a_precondition(monkeypatch):
    monkeypatch.setattr("gui_agents.domain.packages.find_spec", lambda _: None)
    with pytest.raises(PreconditionError) as refusal:
        factory(OPENAI_BASE_URL=HERE).choose(settings("m"), None, "field")
    assert str(refusal.value) == f"language models need the httpcore2 package; {install_command('models')}"
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
    [("127.0.0.1", True), ("127.1", True), ("LocalHost", True), ("[::1]", True), ("0.0.0.0", False), ("::", False)],  # noqa: S104 - read, not bound
)
def test_loopback_is_open_to_clients_only_while_grpc_listens_there_alone(host, loopback):
    environment = {"GRPC_HOST": host, "ALLOW_INSECURE": "true", "MODEL_ENDPOINT_ALLOW": "10.0.0.0/8, llm.internal"}
    policy = endpoint_policy(load(environment))
    assert policy == EndpointPolicy(loopback=loopback, allowed=("10.0.0.0/8", "llm.internal"))
