from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.domain.errors import InvalidFieldError, PreconditionError
from gui_agents.domain.model import Provider
from gui_agents.domain.secret import MASKED_KEY, Secret
from gui_agents.domain.spec import Endpoint, LLMSettings
from gui_agents.models import endpoint
from gui_agents.models.endpoint import MAX_ADDRESS_LENGTH, OPENAI_ADDRESS, Family, check_address, select_endpoint

ENVIRONMENT = LLMSettings(
    model="env-model", provider="openai", api_key=Secret("env-key"), endpoint="https://env.example/v1"
)


def settings(*, model="", provider=None, key=None, endpoint=None):
    return LLMSettings(model=model, provider=provider, api_key=None if key is None else Secret(key), endpoint=endpoint)


def key_and_address(*layers):
    chosen = select_endpoint(*layers)
    return chosen.api_key and chosen.api_key.reveal(), chosen.base_url


def test_the_environment_alone_is_used_as_it_is():
    assert select_endpoint(None, None, ENVIRONMENT) == Endpoint(
        provider="openai",
        model="env-model",
        base_url="https://env.example/v1",
        api_key=Secret("env-key"),
        configured=True,
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
    )


def test_a_text_model_is_an_openai_model_without_screenshots():
    chosen = select_endpoint(settings(model="small", provider="openai-text"), None, ENVIRONMENT)
    assert chosen == Endpoint(
        provider="openai",
        model="small",
        base_url="https://env.example/v1",
        api_key=Secret("env-key"),
        takes_screenshots=False,
        configured=True,
    )
    assert select_endpoint(None, None, ENVIRONMENT).takes_screenshots


def test_the_provider_is_openai_unless_named():
    assert select_endpoint(settings(model="m", key="k"), None, None) == Endpoint(
        provider="openai", model="m", base_url=OPENAI_ADDRESS, api_key=Secret("k")
    )


def test_a_provider_named_below_the_models_layer_does_not_count():
    below = settings(model="claude", provider="anthropic")
    assert select_endpoint(settings(model="gpt", key="k"), below, None).provider == "openai"


def test_a_provider_named_above_the_models_layer_counts():
    with pytest.raises(InvalidFieldError, match="provider: 'other' is not openai"):
        select_endpoint(settings(provider="other"), settings(model="m", key="k"), None)


OTHER = Family(
    provider=Provider.BUILTIN,
    spellings={"other": True, "other-text": False},
    address="https://api.other.example/v1",
    key_variable="OTHER_API_KEY",
)


def test_another_familys_key_goes_to_its_own_address():
    chosen = select_endpoint(settings(model="m", provider="other-text", key="theirs"), None, ENVIRONMENT, family=OTHER)
    assert (chosen.base_url, chosen.api_key, chosen.takes_screenshots) == (OTHER.address, Secret("theirs"), False)
    with pytest.raises(PreconditionError, match=r"no key for https://api\.other\.example/v1; .* or set OTHER_API_KEY"):
        select_endpoint(settings(model="m", provider="other"), None, ENVIRONMENT, family=OTHER)


def test_no_model_at_all_is_refused():
    with pytest.raises(InvalidFieldError, match=r"actionGeneratorModel.modelName: no model is named"):
        select_endpoint(settings(key="k"), None, settings(endpoint="https://env.example/v1"))


@pytest.mark.parametrize("model", ["a\nb", "x" * 201])
def test_a_model_name_that_cannot_be_one_is_refused(model):
    with pytest.raises(InvalidFieldError, match="modelName: must be printable"):
        select_endpoint(settings(model=model), None, ENVIRONMENT)


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
    if request_ is not None and request_.api_key == Secret("request-key"):
        assert chosen.api_key == Secret("request-key")


@given(st.text(), st.text(min_size=1), st.text())
def test_any_text_is_taken_or_refused(model, address, key):
    try:
        chosen = select_endpoint(settings(model=model, endpoint=address, key=key), None, ENVIRONMENT)
    except (InvalidFieldError, PreconditionError):
        return
    assert chosen.base_url == address


def test_an_address_that_is_too_long_is_not_taken_apart(monkeypatch):
    taken_apart = []
    monkeypatch.setattr(endpoint, "urlsplit", lambda text: taken_apart.append(len(text)) or urlsplit(text))
    for long in ("http://host/" + "x" * 10**6, "[" * 10**6, "http://" + "h" * MAX_ADDRESS_LENGTH):
        with pytest.raises(InvalidFieldError, match=f"it has more than {MAX_ADDRESS_LENGTH} characters"):
            check_address(long, "apiEndpoint")
    assert taken_apart == []
    check_address("http://host/v1", "apiEndpoint")
    assert taken_apart == [len("http://host/v1")]
