"""The page that tries every way into the network of the machine, in the browser of a task."""

import asyncio
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import pytest

from gui_agents.domain.actions import Navigate
from gui_agents.domain.sandbox import TransientSandboxError
from gui_agents.jail import machine
from gui_agents.jail.limits import Limits
from gui_agents.jail.supervisor import Supervisor
from gui_agents.sandboxes.chromium.sandbox import ChromiumSandbox
from gui_agents.threads import Threads
from tests.gui_agents.egress.attack import SPELLINGS, attacking
from tests.gui_agents.egress.peers import Names, browsing
from tests.system_tools import require_program

pytestmark = pytest.mark.system_tools

LIMITS = Limits(memory_bytes=2**31, disk_bytes=2**28, processes=512)
SECONDS = 60
"""After which the attack hangs; it takes about 8."""


async def until_attacked(sandbox):
    async with asyncio.timeout(SECONDS):
        while True:
            observation = await sandbox.observe(screenshot=False)
            if "attacked" in str(observation.tree):
                return
            await asyncio.sleep(0.2)


@pytest.mark.parametrize("unjailed", [False, True], ids=["jailed", "unjailed"])
async def test_the_attack_reaches_nothing_from_the_browser_of_a_task(tmp_path: Path, unjailed, monkeypatch):
    require_program("chromium")
    if unjailed:  # without walls, the browser's switches alone keep it from the network
        monkeypatch.setattr(machine, "problem", lambda: "this test does without")
    else:
        require_program("bwrap")
    supervisor = Supervisor(tmp_path, LIMITS)
    async with (
        attacking() as (victim, page, port),
        browsing(f"127.0.0.1:{page}", "inside.test", names=Names(inside_test=[["127.0.0.1"]])) as gate,
    ):
        prepare = partial(supervisor.prepare, "chromium", unjailed=unjailed)
        sandbox = ChromiumSandbox(prepare, proxy=gate.proxy, screen=(1280, 720), pictures=Threads("pages"))
        try:
            await sandbox.open()
            query = urlencode([("port", port), *(("spelling", spelling) for spelling in SPELLINGS)])
            await sandbox.act(Navigate(url=f"http://127.0.0.1:{page}/?{query}"))
            await until_attacked(sandbox)
            for spelling in SPELLINGS:
                with pytest.raises(TransientSandboxError, match="not public"):
                    await sandbox.act(Navigate(url=f"http://{spelling}:{port}/"))
        finally:
            await sandbox.close(destroy=True)
            supervisor.close()
        assert victim.hits == set()
    assert gate.counts["denied_private"] > 67
    assert gate.counts["allowed"] > 0
