"""With whose account, at which endpoint and for which sandbox Lybic is asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.config import load
from gui_agents.domain.cloud import Authorization, CloudWish, SandboxKind
from gui_agents.domain.errors import InvalidFieldError, PreconditionError
from gui_agents.domain.sandbox import SandboxType
from gui_agents.domain.secret import MASKED_KEY, Secret
from gui_agents.sandboxes.lybic.orders import order
from tests.gui_agents.sandboxes.lybic.rig import CLOSED, OPEN

PUBLIC = "https://api.lybic.cn"
OWN = {"LYBIC_ORG_ID": "OWN", "LYBIC_API_KEY": "own-key"}
THERE = {**OWN, "LYBIC_API_ENDPOINT": "https://lybic.corp.example/"}


def account(organization="", key=None, endpoint=None):
    return Authorization(organization, None if key is None else Secret(key), endpoint)


def ordered(environment=OWN, policy=OPEN, backend="lybic", **wish):
    return order(backend, CloudWish(**wish), load(environment).sandboxes, policy)


def chosen(environment=OWN, **wish):
    found = ordered(environment, **wish).account
    return found.organization, found.api_key.reveal(), found.base_url


@pytest.mark.parametrize(
    ("environment", "wish", "expected"),
    [
        (OWN, {}, ("OWN", "own-key", PUBLIC)),
        (THERE, {}, ("OWN", "own-key", "https://lybic.corp.example")),
        ({**OWN, "LYBIC_ENDPOINT_URL": "https://old.example"}, {}, ("OWN", "own-key", "https://old.example")),
        (OWN, {"request": account("R", "r-key")}, ("R", "r-key", PUBLIC)),
        (THERE, {"request": account("R", "r-key")}, ("R", "r-key", "https://lybic.corp.example")),
        (OWN, {"request": account("R", "r-key", "https://r.example")}, ("R", "r-key", "https://r.example")),
        (OWN, {"global_": account("G", "g-key")}, ("G", "g-key", PUBLIC)),
        (OWN, {"request": account("R", "r-key"), "global_": account("G", "g-key")}, ("R", "r-key", PUBLIC)),
        (OWN, {"request": account("G"), "global_": account("G", "g-key")}, ("G", "g-key", PUBLIC)),
        (OWN, {"request": account("OWN", MASKED_KEY)}, ("OWN", "own-key", PUBLIC)),
        (OWN, {"request": account(key="r-key")}, ("OWN", "r-key", PUBLIC)),
        (OWN, {"request": account("OWN", "r-key", PUBLIC + "/")}, ("OWN", "r-key", PUBLIC)),
    ],
)
def test_the_first_layer_that_names_something_counts(environment, wish, expected):
    assert chosen(environment, **wish) == expected


@pytest.mark.parametrize(
    "wish",
    [
        {"request": account("OWN", None, "https://evil.example")},
        {"request": account("OWN", MASKED_KEY, "https://evil.example")},
        {"request": account("OTHER")},
        {"global_": account("OWN", None, "https://evil.example")},
        {"request": account("G", None, "https://evil.example"), "global_": account("G", "g-key")},
    ],
)
def test_a_configured_key_goes_to_no_endpoint_and_no_organization_that_somebody_else_names(wish):
    with pytest.raises(PreconditionError, match="there is no key of a Lybic account for") as refusal:
        ordered(**wish)
    assert "own-key" not in str(refusal.value)


@given(st.data())
def test_no_key_ever_goes_to_an_endpoint_of_a_layer_before_its_own(data):
    ends = st.sampled_from([None, "https://a.example", "https://b.example"])
    layers = [
        account(
            data.draw(st.sampled_from(["", "ORG"])), data.draw(st.sampled_from([None, f"key-{name}"])), data.draw(ends)
        )
        for name in ("request", "global")
    ]
    try:
        found = ordered(
            {"LYBIC_ORG_ID": "ORG", "LYBIC_API_KEY": "key-own"}, request=layers[0], global_=layers[1]
        ).account
    except PreconditionError:
        return
    before = {"key-request": (), "key-global": layers[:1], "key-own": layers}[found.api_key.reveal()]
    assert all(layer.endpoint is None for layer in before)
    assert found.of_operator is (found.api_key.reveal() == "key-own")


def test_without_an_account_the_fields_and_the_variables_are_named():
    with pytest.raises(PreconditionError) as refusal:
        ordered({})
    assert str(refusal.value) == (
        "runningConfig.authorizationInfo: there is no organization of a Lybic account; give orgID and apiKey, or set "
        "LYBIC_ORG_ID and LYBIC_API_KEY (a configured key goes only to the endpoint configured beside it)"
    )


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1", "http://10.0.0.1", "http://169.254.169.254", "http://0x7f000001"]
)
def test_a_client_does_not_name_an_address_within(address):
    with pytest.raises(PreconditionError, match=r"authorizationInfo\.apiEndpoint: .*LYBIC_ENDPOINT_ALLOW="):
        ordered(policy=CLOSED, request=account("R", "r-key", address))


def test_the_operators_endpoint_is_not_checked():
    own = {**OWN, "LYBIC_API_ENDPOINT": "http://10.0.0.1"}
    assert ordered(own, CLOSED).account.configured
    assert ordered(own, CLOSED, request=account("R", "r-key", "http://10.0.0.1")).account.configured
    assert not ordered(own, CLOSED, request=account("R", "r-key", "https://r.example")).account.configured


@pytest.mark.parametrize("wrong", ["..", "a/b", "a b", "", "é", "x" * 129, "-x", "a\n"])
def test_what_can_be_no_part_of_a_path_is_refused_with_its_field(wrong):
    if wrong:
        with pytest.raises(InvalidFieldError) as refusal:
            ordered(request=account(wrong, "r-key"))
        assert refusal.value.field == "runningConfig.authorizationInfo.orgID"
        with pytest.raises(InvalidFieldError) as refusal:
            ordered(sandbox_id=wrong)
        assert refusal.value.field == "sandbox.id"
        with pytest.raises(InvalidFieldError) as refusal:
            ordered(kind=SandboxKind(shape=wrong))
        assert refusal.value.field == "sandbox.shapeName"


@pytest.mark.parametrize(
    ("platform", "system"),
    [
        ("Windows", SandboxType.WINDOWS),
        ("Ubuntu", SandboxType.LINUX),
        ("linux", SandboxType.LINUX),
        ("Android", SandboxType.ANDROID),
        ("Darwin", None),
        ("", None),
    ],
)
def test_the_platform_says_of_which_system_a_sandbox_is(platform, system):
    assert ordered(platform=platform).kind.os is system


def test_the_platform_says_nothing_if_the_request_says_more():
    assert ordered(platform="Windows", kind=SandboxKind(shape="s")).kind == SandboxKind(shape="s")
    assert ordered(platform="Windows", kind=SandboxKind(os=SandboxType.LINUX)).kind.os is SandboxType.LINUX
    assert ordered(platform="Windows", sandbox_id="SBX-1").kind.os is None


def test_a_phone_is_wanted_of_lybic_mobile_unless_a_shape_or_an_id_says_what_it_is():
    assert ordered(backend="lybic_mobile").kind.os is SandboxType.ANDROID
    assert ordered(backend="lybic_mobile", platform="Android").kind.os is SandboxType.ANDROID
    assert ordered(backend="lybic_mobile", kind=SandboxKind(shape="s")).kind.os is None
    assert ordered(backend="lybic_mobile", sandbox_id="SBX-1").kind.os is None
    with pytest.raises(InvalidFieldError, match=r"^sandbox\.os: lybic_mobile has Android alone"):
        ordered(backend="lybic_mobile", kind=SandboxKind(os=SandboxType.WINDOWS))


def test_no_key_is_in_a_text():
    wanted = ordered()
    assert "own-key" not in repr(wanted)
    assert wanted.without_key().account.api_key.reveal() == MASKED_KEY
