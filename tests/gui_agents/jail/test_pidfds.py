"""Processes are waited for and ended by their descriptors."""

import os

from gui_agents.jail import pidfds


def test_a_process_is_known_to_have_ended(sleeper):
    process = sleeper("one")
    descriptor = os.pidfd_open(process.pid)
    assert not pidfds.has_ended(descriptor)
    pidfds.kill(descriptor)
    assert pidfds.has_ended(descriptor, 20)
    process.wait()
    pidfds.kill(descriptor)  # of nobody
    os.close(descriptor)


async def test_several_can_wait_for_one_process(sleeper):
    process = sleeper("one")
    descriptor = os.pidfd_open(process.pid)
    process.kill()
    await pidfds.ended(descriptor)
    await pidfds.ended(descriptor)
    os.close(descriptor)
