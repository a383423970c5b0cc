"""A status and a cgroup's count become a reason and words."""

import pytest

from gui_agents.domain.sandbox import SandboxEnd
from gui_agents.jail import ends
from gui_agents.jail.limits import Limits

LIMITS = Limits(memory_bytes=2**31, disk_bytes=2**20, processes=10)


@pytest.mark.parametrize(
    ("status", "out_of_memory", "reason", "text"),
    [
        (0, 0, SandboxEnd.CRASHED, "its program ended by itself, with status 0"),
        (1, 5, SandboxEnd.CRASHED, "its program ended by itself, with status 1"),
        (127, 0, SandboxEnd.CRASHED, "its program ended by itself, with status 127"),
        (137, 1, SandboxEnd.OUT_OF_MEMORY, "it used more than SANDBOX_MEMORY (2.0 GiB)"),
        (-9, 1, SandboxEnd.OUT_OF_MEMORY, "it used more than SANDBOX_MEMORY (2.0 GiB)"),
        (137, 0, SandboxEnd.KILLED, "something outside of the service sent it SIGKILL"),
        (-15, 3, SandboxEnd.KILLED, "something outside of the service sent it SIGTERM"),
        (139, 0, SandboxEnd.CRASHED, "its program crashed with SIGSEGV"),
        (-6, 0, SandboxEnd.CRASHED, "its program crashed with SIGABRT"),
        (128 + 40, 0, SandboxEnd.CRASHED, "its program crashed with signal 40"),
        (255, 0, SandboxEnd.CRASHED, "its program ended by itself, with status 255"),
    ],
)
def test_a_status_is_explained(status, out_of_memory, reason, text):
    explained = ends.explain(status, out_of_memory, LIMITS)
    assert (explained.reason, explained.text) == (reason, text)
