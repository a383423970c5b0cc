"""A client cannot make the service call into the operator's network."""

import asyncio

import pytest

from gui_agents.domain.errors import PreconditionError
from gui_agents.domain.model import ModelError
from gui_agents.models.addresses import EndpointPolicy

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


async def resolving(monkeypatch, *addresses):
    """Let every name have these addresses."""

    async def getaddrinfo(*_, **__):
        if not addresses:
            raise OSError("no such host")
        return [(None, None, None, "", (address, 0)) for address in addresses]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)


async def test_a_name_is_refused_by_any_of_its_addresses(monkeypatch):
    policy = EndpointPolicy(loopback=False)
    for inside in ("127.0.0.1", "10.1.2.3", "169.254.169.254", "fe80::1%eth0"):
        await resolving(monkeypatch, "8.8.8.8", inside)
        with pytest.raises(ModelError, match=r"inside\.example is .* MODEL_ENDPOINT_ALLOW=inside\.example"):
            await policy.check("http://inside.example/v1")
        await EndpointPolicy(loopback=False, allowed=("inside.example",)).check("http://inside.example/v1")
    await resolving(monkeypatch, "8.8.8.8")
    await policy.check("http://outside.example/v1")


async def test_a_name_without_an_address_is_left_to_the_call(monkeypatch):
    await resolving(monkeypatch)
    await EndpointPolicy(loopback=False).check("http://nowhere.example/v1")
