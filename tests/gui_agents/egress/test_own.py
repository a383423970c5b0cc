import socket
from ipaddress import ip_address

import pytest

from gui_agents.egress import own


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_an_address_of_this_machine_is_its_own(address):
    assert own.is_own(ip_address(address))


@pytest.mark.parametrize("address", ["198.51.100.1", "2001:db8::1"])
def test_an_address_elsewhere_is_not(address):
    assert not own.is_own(ip_address(address))


def test_an_address_to_which_no_way_leads_is_not(monkeypatch):
    def unreachable(*_):
        raise OSError

    monkeypatch.setattr(socket, "socket", unreachable)
    assert not own.is_own(ip_address("198.51.100.1"))
