from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.domain import base_urls
from gui_agents.domain.base_urls import MAX_ADDRESS_LENGTH
from gui_agents.domain.errors import InvalidFieldError, PreconditionError
from gui_agents.domain.model import Provider
from gui_agents.domain.model_settings import WireProtocol
from gui_agents.domain.providers import PROVIDERS, row_of
from gui_agents.domain.secret import MASKED_KEY, Secret
from gui_agents.domain.spec import Endpoint, LLMSettings
from gui_agents.models.endpoint import REQUEST_FIELD, Layers, called_url, check_address, check_model_name
from gui_agents.models.endpoint import select_endpoint as select

OPENAI = row_of(Provider.OPENAI)
ENVIRONMENT = LLMSettings(
    model="env-model", provider="openai", api_key=Secret("env-key"), endpoint="https://env.example/v1"
)


def settings(*, model="", provider=None, key=None, endpoint=None):
    return LLMSettings(model=model, provider=provider, api_key=None if key is None else Secret(key), endpoint=endpoint)


def select_endpoint(request, global_, environment, *, row=OPENAI, request_field=REQUEST_FIELD):
    named = [layer.model for layer in (request, global_, environment) if layer is not None and layer.model]
    layers = Layers(request=request, global_=global_, environment=environment, request_field=request_field)
    return select(layers, row=row, model=(named or ["m"])[0])


def key_and_address(*layers, row=OPENAI):
    chosen = select_endpoint(*layers, row=row)
    return chosen.api_key and chosen.api_key.reveal(), chosen.base_url


def test_the_environment_alone_is_used_as_it_is():
    assert select_endpoint(None, None, ENVIRONMENT) == Endpoint(
        provider="openai",
        model="env-model",
        base_url="https://env.example/v1",
        api_key=Secret("env-key"),
        configured=True,
        named_by_operator=True,
    )


def test_a_request_may_change_the_model_alone():
    chosen = select_endpoint(settings(model="other"), None, ENVIRONMENT)
    assert (chosen.model, chosen.base_url, chosen.api_key) == ("other", "https://env.example/v1", Secret("env-key"))


def test_the_requests_key_goes_before_the_configured_ones():
    layers = (settings(key="mine"), settings(key="global-key"), ENVIRONMENT)
    assert key_and_address(*layers) == ("mine", "https://env.example/v1")


def test_a_request_with_its_own_address_gets_no_configured_key():
    layers = (settings(endpoint="http://10.0.0.1/v1"), settings(key="global-key"), ENVIRONMENT)
    assert key_and_address(*layers) == (None, "http://10.0.0.1/v1")


def test_a_request_that_spells_the_configured_address_gets_no_configured_key():
    assert key_and_address(settings(endpoint="https://env.example/v1"), None, ENVIRONMENT) == (
        None,
        "https://env.example/v1",
    )


def test_a_global_address_gets_no_key_of_the_environment():
    layers = (None, settings(endpoint="http://global.example/v1"), ENVIRONMENT)
    assert key_and_address(*layers) == (None, "http://global.example/v1")


def test_a_global_key_without_an_address_goes_to_the_environments():
    assert key_and_address(None, settings(key="global-key"), ENVIRONMENT) == ("global-key", "https://env.example/v1")


def test_a_global_key_goes_to_the_global_address():
    own = settings(key="global-key", endpoint="http://global.example/v1")
    assert key_and_address(None, own, ENVIRONMENT) == ("global-key", "http://global.example/v1")


@pytest.mark.parametrize("nothing", ["", MASKED_KEY])
def test_an_empty_or_masked_key_is_none(nothing):
    assert key_and_address(settings(key=nothing), None, ENVIRONMENT)[0] == "env-key"


def test_empty_strings_say_nothing():
    assert select_endpoint(settings(provider="", endpoint=""), None, ENVIRONMENT) == select_endpoint(
        None, None, ENVIRONMENT
    )


def test_another_providers_settings_give_neither_address_nor_key():
    theirs = settings(model="claude", provider="anthropic", key="their-key", endpoint="https://them.example")
    assert select_endpoint(settings(model="gpt", provider="openai"), theirs, ENVIRONMENT) == Endpoint(
        provider="openai",
        model="gpt",
        base_url="https://env.example/v1",
        api_key=Secret("env-key"),
        configured=True,
        named_by_operator=True,
    )


def test_a_model_name_that_cannot_be_one_is_refused():
    check_model_name("org/any:name@1", "here")
    for model in ("a\nb", "x" * 201):
        with pytest.raises(InvalidFieldError, match=r"here\.modelName: must be printable"):
            check_model_name(model, "here.modelName")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        (None, True),
        (OPENAI.address, True),
        ("https://API.openai.com/v1/", True),
        ("https://eu.api.openai.com/v1", False),
        ("http://127.0.0.1:8000/v1", False),
    ],
)
def test_public_prices_hold_at_the_providers_own_address_alone(address, public):
    assert select_endpoint(settings(model="gpt-4o", key="k", endpoint=address), None, None).public is public


@pytest.mark.parametrize("row", [row for row in PROVIDERS if row.key_needed and row.address], ids=str)
def test_a_public_address_is_called_with_a_key_alone(row):
    with pytest.raises(PreconditionError, match=rf"no key for {row.address}; .* or set {row.key_variables[0]}"):
        select_endpoint(settings(model="m"), None, None, row=row)
    chosen = select_endpoint(settings(model="m", key="mine"), None, None, row=row)
    assert (chosen.provider, chosen.base_url, chosen.api_key) == (row.provider, row.address, Secret("mine"))
    assert chosen.public


@pytest.mark.parametrize(
    "address",
    ["https://Mine.openai.AZURE.com", "https://n.cognitiveservices.azure.com", "https://n.services.ai.azure.com"],
)
def test_an_azure_resource_is_azures_own_and_needs_a_key(address):
    row = row_of(Provider.AZURE)
    with pytest.raises(PreconditionError, match="or set AZURE_OPENAI_API_KEY"):
        select_endpoint(settings(model="m", endpoint=address), None, None, row=row)
    # A deployment may have the name of any model.
    assert not select_endpoint(settings(model="m", key="k", endpoint=address), None, None, row=row).public


@pytest.mark.parametrize(
    "address",
    [
        "https://azure.com.example",
        "https://me.westeurope.cloudapp.azure.com",
        "https://x.blob.core.windows.net",
        "https://notopenai.azure.com",
    ],
)
def test_a_machine_of_a_customer_is_not_azures_own(address):
    row = row_of(Provider.AZURE)
    assert not row.owns(address)
    assert select_endpoint(settings(model="m", endpoint=address), None, None, row=row).api_key is None


@pytest.mark.parametrize(
    ("provider", "host"),
    [
        ("openai", "eu.api.openai.com"),
        ("openai", "us.api.openai.com"),
        ("dashscope", "dashscope-intl.aliyuncs.com"),
        ("dashscope", "dashscope-us.aliyuncs.com"),
        ("zhipu", "api.z.ai"),
    ],
)
def test_a_region_is_the_vendors_own_and_has_prices_of_its_own(provider, host):
    row = row_of(Provider(provider))
    asked = f"https://{host}{urlsplit(row.address).path}"
    with pytest.raises(PreconditionError, match=rf"or set {row.key_variables[0]}"):
        select_endpoint(settings(model="m", endpoint=asked), None, None, row=row)
    assert not select_endpoint(settings(model="m", key="k", endpoint=asked), None, None, row=row).public
    assert not row.owns(f"https://{host}.example/v1")
    assert not row.owns(f"https://x{host}/v1")


def test_an_endpoint_that_is_not_the_vendors_is_not_public():
    assert not select_endpoint(None, None, ENVIRONMENT).public


def test_servers_of_ones_own_need_no_key():
    assert key_and_address(settings(model="m"), None, None, row=row_of(Provider.OLLAMA)) == (
        None,
        "http://127.0.0.1:11434/v1",
    )


def test_without_any_address_the_variable_is_named():
    with pytest.raises(PreconditionError, match=r"no address is known of azure; give .*, or set AZURE_OPENAI_ENDPOINT"):
        select_endpoint(settings(model="m", key="k"), None, None, row=row_of(Provider.AZURE))


def test_a_provider_is_the_same_in_any_spelling():
    theirs = settings(model="m", provider="QWEN-text", key="theirs", endpoint="https://qwen.example/v1")
    row = row_of(Provider.DASHSCOPE)
    assert key_and_address(settings(model="m"), theirs, None, row=row) == ("theirs", "https://qwen.example/v1")


AZURE = "https://r.openai.azure.com"
DEPLOYMENTS = f"{AZURE}/openai/deployments"
FOUNDRY = "https://n.services.ai.azure.com"


@pytest.mark.parametrize(
    ("provider", "given", "version", "called"),
    [
        ("openai", "https://api.openai.com", None, "https://api.openai.com/v1"),
        ("openai", "https://api.openai.com/v1/", None, "https://api.openai.com/v1"),
        ("openai", "http://127.0.0.1:1", None, "http://127.0.0.1:1"),
        ("groq", "https://api.groq.com", None, "https://api.groq.com/openai/v1"),
        ("anthropic", "https://api.anthropic.com/v1", None, "https://api.anthropic.com"),
        ("anthropic", "http://gateway/anthropic", None, "http://gateway/anthropic"),
        ("azure", f"{AZURE}/", None, f"{AZURE}/openai/v1"),
        ("azure", f"{AZURE}/openai", None, f"{AZURE}/openai/v1"),
        ("azure", f"{AZURE}/openai/v1/", "2024-10-21", f"{AZURE}/openai/v1"),
        ("azure", AZURE, "2024-10-21", f"{DEPLOYMENTS}/a%2Fb?api-version=2024-10-21"),
        ("azure", f"{DEPLOYMENTS}/a%2Fb", "2024-10-21", f"{DEPLOYMENTS}/a%2Fb?api-version=2024-10-21"),
        ("azure", f"{DEPLOYMENTS}/a%2Fb/", None, f"{AZURE}/openai/v1"),
        ("azure", "https://gateway/z/openai/deployments/a%2Fb", None, "https://gateway/z/openai/v1"),
        ("azure", f"{FOUNDRY}/models", "2024-05-01-preview", f"{FOUNDRY}/models?api-version=2024-05-01-preview"),
        ("openai", "https://api.openai.com:443", None, "https://api.openai.com:443/v1"),
        ("openai", "https://eu.api.openai.com/", None, "https://eu.api.openai.com/v1"),
        (
            "dashscope",
            "https://dashscope-us.aliyuncs.com",
            None,
            "https://dashscope-us.aliyuncs.com/compatible-mode/v1",
        ),
        ("ollama", "http://localhost:11434", None, "http://localhost:11434/v1"),
        ("ollama", "http://box:11434/", None, "http://box:11434/v1"),
        ("ollama", "http://box:11434/mine", None, "http://box:11434/mine"),
        ("lmstudio", "http://box:1234", None, "http://box:1234/v1"),
        ("vllm", "http://box:8000", None, "http://box:8000/v1"),
    ],
)
def test_what_is_written_for_the_vendors_own_tools_works(provider, given, version, called):
    row = row_of(Provider(provider))
    assert called_url(row, given, model="a/b", protocol=row.protocol, version=version) == called


@pytest.mark.parametrize("address", [AZURE, f"{AZURE}/openai", f"{DEPLOYMENTS}/m"])
def test_azures_responses_are_called_without_deployment_and_version(address):
    row = row_of(Provider.AZURE)
    url = called_url(row, address, model="m", protocol=WireProtocol.RESPONSES, version="2025-04-01-preview")
    assert url == f"{AZURE}/openai/v1"


def test_azures_messages_are_called_where_the_address_says():
    row = row_of(Provider.AZURE)
    url = called_url(row, f"{FOUNDRY}/anthropic/v1", model="m", protocol=WireProtocol.MESSAGES, version="2024-10-21")
    assert url == f"{FOUNDRY}/anthropic"


def test_an_address_with_another_deployment_than_the_model_is_refused():
    row = row_of(Provider.AZURE)
    address = f"{DEPLOYMENTS}/my-gpt"
    with pytest.raises(InvalidFieldError, match=rf"modelName: 'other' is not .* 'my-gpt'; .* alone: {AZURE}$"):
        select_endpoint(settings(model="other", key="k", endpoint=address), None, None, row=row)
    chosen = select_endpoint(settings(model="my-gpt", key="k", endpoint=address), None, None, row=row)
    assert chosen.base_url == address


def test_messages_at_an_endpoint_of_any_provider_add_their_own_version():
    url = called_url(OPENAI, "http://gateway/v1", model="m", protocol=WireProtocol.MESSAGES, version=None)
    assert url == "http://gateway"


def test_the_public_address_without_a_key_is_refused():
    with pytest.raises(PreconditionError, match="OPENAI_API_KEY"):
        select_endpoint(settings(model="gpt-4o"), None, None)
    with pytest.raises(PreconditionError, match="beside it"):
        select_endpoint(settings(endpoint="https://API.openai.com/v1"), None, ENVIRONMENT)


@pytest.mark.parametrize(
    "address",
    [
        "ftp://example.com/v1",
        "file:///etc/passwd",
        "example.com/v1",
        "//example.com",
        "http://",
        "http:///v1",
        "http://user:hunter2@example.com/v1",
        "http://user@example.com/v1",
        "http://example.com:port/v1",
        "http://example.com:99999/v1",
        "http://[::1/v1",
        "http://example.com/v1?a=b",
        "http://example.com/v1#a",
        "http://exa mple.com/v1",
        "http://example.com/v1\r\nHost: x",
        "http://example.com\\@evil.example/",
        "http://exämple.com",
        "http://example.com/" + "x" * 2000,
        "javascript:alert(1)",
        "http://999.1.1.1/v1",
        "http://example..com/v1",
        "http://[fe80::zz]/v1",
        "http://exa%6dple.com/v1",
        "http://example.com:0/v1",
        "http://example.com/v1/chat/completions",
        "http://example.com/v1/responses/",
        "http://example.com/v1/Messages",
    ],
)
def test_what_is_no_plain_http_address_is_refused_without_repeating_it(address):
    with pytest.raises(InvalidFieldError) as caught:
        select_endpoint(settings(endpoint=address), None, ENVIRONMENT)
    assert caught.value.field == "runningConfig.stageModelConfig.actionGeneratorModel.apiEndpoint"
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8080/v1", "http://[::1]:1/v1", "https://example.com", "HTTPS://example.com/a/b/"]
)
def test_plain_http_addresses_are_taken_as_given(address):
    assert select_endpoint(settings(endpoint=address), None, ENVIRONMENT).base_url == address


@pytest.mark.parametrize("key", ["a b", "a\r\nX: y", "schlüssel", "x" * 4001])
def test_a_key_that_no_header_carries_is_refused_without_showing_it(key):
    with pytest.raises(InvalidFieldError, match="apiKey: must be") as caught:
        select_endpoint(settings(key=key), None, ENVIRONMENT, request_field="here")
    assert caught.value.field == "here.apiKey"
    assert key not in str(caught.value)


def layer_settings(name):
    return st.none() | st.builds(
        LLMSettings,
        model=st.sampled_from(["", f"{name}-model"]),
        provider=st.sampled_from([None, "", "openai", "other"]),
        api_key=st.sampled_from([None, Secret(""), Secret(MASKED_KEY), Secret(f"{name}-key")]),
        endpoint=st.sampled_from([None, "", f"https://{name}.example/v1", "https://same.example/v1"]),
    )


@given(layer_settings("request"), layer_settings("global"), layer_settings("environment"))
def test_a_key_never_goes_to_a_foreign_address(request_, global_, environment):
    layers = [request_, global_, environment]
    try:
        chosen = select_endpoint(*layers)
    except (InvalidFieldError, PreconditionError):
        return
    if chosen.api_key is None:
        return
    owner = next(place for place, layer in enumerate(layers) if layer is not None and layer.api_key == chosen.api_key)
    above = [layer for layer in layers[:owner] if layer is not None]
    foreign = {layer.endpoint for layer in above if layer.endpoint and layer.provider in {None, "", chosen.provider}}
    assert foreign == set()
    own = layers[owner]
    assert own.provider in {None, "", chosen.provider}
    assert not own.endpoint or own.endpoint == chosen.base_url


@given(layer_settings("request"), layer_settings("global"), layer_settings("environment"))
def test_a_key_of_the_request_is_always_the_one_that_is_used(request_, global_, environment):
    try:
        chosen = select_endpoint(request_, global_, environment)
    except (InvalidFieldError, PreconditionError):
        return
    # A request that names a provider is one for that provider.
    ours = request_ is not None and request_.provider != "other"
    if ours and request_.api_key == Secret("request-key"):
        assert chosen.api_key == Secret("request-key")


@given(st.text(min_size=1), st.text())
def test_any_text_is_taken_or_refused(address, key):
    try:
        chosen = select_endpoint(settings(model="m", endpoint=address, key=key), None, ENVIRONMENT)
    except (InvalidFieldError, PreconditionError):
        return
    assert chosen.base_url == address


def test_an_address_that_is_too_long_is_not_taken_apart(monkeypatch):
    taken_apart = []
    monkeypatch.setattr(base_urls, "urlsplit", lambda text: taken_apart.append(len(text)) or urlsplit(text))
    for long in ("http://host/" + "x" * 10**6, "[" * 10**6, "http://" + "h" * MAX_ADDRESS_LENGTH):
        with pytest.raises(InvalidFieldError, match=f"it has more than {MAX_ADDRESS_LENGTH} characters"):
            check_address(long, "apiEndpoint")
    assert taken_apart == []
    check_address("http://host/v1", "apiEndpoint")
    assert set(taken_apart) == {len("http://host/v1")}
