"""A socket is opened in the network of another process."""

import os

import pytest

from gui_agents.domain.sandbox import SandboxError
from gui_agents.jail import network, pidfds


def test_a_process_that_has_ended_has_no_network(sleeper):
    process = sleeper("one")
    descriptor = os.pidfd_open(process.pid)
    process.kill()
    pidfds.has_ended(descriptor, 20)
    with pytest.raises(SandboxError, match="port 1 inside cannot be opened"):
        network.listen_inside(process.pid, descriptor, 1, {})
    with pytest.raises(SandboxError, match="it has ended"):
        network.listen_inside(os.getpid(), descriptor, 1, {})  # the number is another process's now
    os.close(descriptor)


def test_a_socket_can_be_opened_in_the_network_that_one_is_in():
    descriptor = os.pidfd_open(os.getpid())
    if os.geteuid() != 0:
        pytest.skip("only root may enter the machine's own network")
    with network.listen_inside(os.getpid(), descriptor, 0, {}) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"
    os.close(descriptor)
