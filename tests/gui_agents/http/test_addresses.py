"""A client cannot make the service call into the operator's network."""

from ipaddress import ip_address

import pytest

from gui_agents.domain.errors import PreconditionError
from gui_agents.http.addresses import AddressRefusedError, EndpointPolicy

PUBLIC = ["https://api.openai.com/v1", "http://8.8.8.8:80/v1", "https://[2001:4860:4860::8888]/v1", "http://1.1.1.1"]
LOOPBACK = [
    "http://127.0.0.1:11434/v1",
    "http://localhost/v1",
    "http://LOCALHOST./v1",
    "http://[::1]/v1",
    "http://127.1/v1",
    "http://0x7f000001/v1",
    "http://2130706433/v1",
    "http://0177.0.0.1/v1",
    "http://[::ffff:127.0.0.1]/v1",
]
PRIVATE = [
    "http://10.0.0.1/v1",
    "http://172.16.5.5/v1",
    "http://192.168.1.1/v1",
    "http://169.254.169.254/latest/meta-data",
    "http://[fd00::1]/v1",
    "http://[fe80::1]/v1",
    "http://[::ffff:10.0.0.1]/v1",
    "http://[2002:a00:1::]/v1",
    "http://0.0.0.0/v1",
    "http://100.64.0.1/v1",
    "http://167772161/v1",
]


def refused(policy: EndpointPolicy, url: str) -> bool:
    try:
        policy.check_url(url, "field.apiEndpoint")
    except PreconditionError as error:
        told = str(error)
    else:
        return False
    assert told.startswith("field.apiEndpoint: ")
    assert "MODEL_ENDPOINT_ALLOW=" in told
    return True


@pytest.mark.parametrize("loopback", [True, False])
def test_public_addresses_are_allowed_and_private_ones_are_not(loopback):
    policy = EndpointPolicy(loopback=loopback)
    assert [refused(policy, url) for url in PUBLIC] == [False] * len(PUBLIC)
    assert [refused(policy, url) for url in PRIVATE] == [True] * len(PRIVATE)
    assert [refused(policy, url) for url in LOOPBACK] == [not loopback] * len(LOOPBACK)


def test_what_the_operator_lists_is_allowed():
    policy = EndpointPolicy(loopback=False, allowed=("10.0.0.0/8", "192.168.1.1", "localhost", "fd00::/8"))
    allowed = ["http://10.9.8.7/v1", "http://192.168.1.1/v1", "http://localhost:8080/v1", "http://[fd00::5]/v1"]
    assert [refused(policy, url) for url in allowed] == [False] * 4
    assert [refused(policy, url) for url in ("http://192.168.1.2/v1", "http://127.0.0.1/v1")] == [True, True]


def refusal(policy: EndpointPolicy, *addresses: str) -> str | None:
    try:
        policy.check("inside.example", map(ip_address, addresses))
    except AddressRefusedError as error:
        return str(error)
    return None


INSIDE = [
    "0.0.0.0",  # noqa: S104 - nothing is bound to it
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "168.63.129.16",
    "169.254.169.254",
    "172.31.0.1",
    "192.0.0.192",
    "192.168.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001:db8::1",
    "2001:0:4136:e378:8000:63bf:f5ff:fffe",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "4000::1",
]


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_is_refused_by_any_of_its_addresses(address):
    policy = EndpointPolicy(loopback=False)
    told = refusal(policy, "8.8.8.8", address)
    assert told is not None
    assert told.startswith("inside.example is ")
    assert told.endswith(" MODEL_ENDPOINT_ALLOW=inside.example")
    assert refusal(EndpointPolicy(loopback=False, allowed=("inside.example",)), "8.8.8.8", address) is None


def test_public_addresses_and_what_wraps_them_are_allowed():
    outside = ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8", "2002:808:808::"]
    assert refusal(EndpointPolicy(loopback=False), *outside) is None


def test_an_allowed_network_counts_inside_what_wraps_it():
    policy = EndpointPolicy(loopback=False, allowed=("10.0.0.0/8", "64:ff9b:1::/48"))
    assert refusal(policy, "64:ff9b::a00:1", "::ffff:10.0.0.1", "64:ff9b:1::1") is None
