from ipaddress import ip_address

import pytest

from gui_agents.domain.egress import EgressVerdict
from gui_agents.egress.errors import EgressError
from tests.gui_agents.egress.peers import policy

HERE, PUBLIC, OTHER = "127.0.0.1", "93.184.215.14", "2606:2800:21f:cb07::1"


def allowed(items, host, port, *addresses):
    return [str(each) for each in policy(*items).allowed(host, port, [ip_address(text) for text in addresses])]


def refusal(items, host, port, *addresses):
    with pytest.raises(EgressError) as caught:
        allowed(items, host, port, *addresses)
    return caught.value.problem.verdict, str(caught.value)


def test_public_addresses_are_allowed_over_the_ports_of_the_web():
    assert allowed(["public"], "example.com", 443, OTHER, PUBLIC) == [OTHER, PUBLIC]
    assert refusal(["public"], "example.com", 25, PUBLIC) == (
        EgressVerdict.DENIED_LIST,
        "example.com:25 is not allowed; the operator can allow it by example.com:25 in EGRESS_ALLOW",
    )


@pytest.mark.parametrize(
    "address",
    [
        HERE,
        "10.0.0.1",
        "169.254.169.254",
        "168.63.129.16",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - not listened on
        "224.0.0.1",
        "::1",
        "fe80::1",
        "fd00:ec2::254",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "255.255.255.255",
        "192.0.0.192",
    ],
)
def test_an_address_inside_is_refused_unless_it_is_listed(address):
    assert refusal(["public", "any.example"], "any.example", 80, address)[0] is EgressVerdict.DENIED_PRIVATE


def test_a_listed_address_is_allowed_by_any_name():
    assert allowed(["10.0.0.0/8:80"], "wiki.corp", 80, "10.1.2.3") == ["10.1.2.3"]


def test_a_listed_name_that_turns_inside_is_refused_and_its_address_is_not_told():
    verdict, text = refusal(["evil.example"], "evil.example", 80, "10.1.2.3")
    assert verdict is EgressVerdict.DENIED_PRIVATE
    assert text == (
        "evil.example has an address that is not public; "
        "the operator can allow it by evil.example=NETWORK:80 in EGRESS_ALLOW"
    )


def test_one_address_inside_refuses_the_host_that_has_public_ones_besides():
    assert refusal(["public"], "both.example", 80, PUBLIC, HERE)[0] is EgressVerdict.DENIED_PRIVATE


def test_of_a_name_of_this_machine_the_listed_addresses_are_left():
    assert allowed(["127.0.0.1:80"], "localhost", 80, HERE, "::1") == [HERE]
    assert refusal(["127.0.0.1:80"], "localhost", 81, HERE, "::1") == (
        EgressVerdict.DENIED_PRIVATE,
        "localhost is an address that is not public; the operator can allow it by localhost:81 in EGRESS_ALLOW",
    )


def test_a_list_is_all_that_may_be_reached():
    assert refusal(["example.com"], "other.example", 443, PUBLIC)[0] is EgressVerdict.DENIED_LIST
    assert allowed(["example.com", "public"], "other.example", 443, PUBLIC) == [PUBLIC]
    assert allowed([f"{PUBLIC}/31"], "other.example", 443, OTHER, PUBLIC) == [PUBLIC]


def test_a_name_that_no_entry_can_cover_is_refused_before_it_is_looked_up():
    with pytest.raises(EgressError, match=r"secret\.evil\.example:443 is not allowed"):
        policy("example.com", "*.example.com").check_name("secret.evil.example", 443)
    policy("example.com", "10.0.0.0/8").check_name("any.example", 443)
