"""A service that makes jails and notes, says so, and waits to be killed.

python -m tests.gui_agents.jail.killed_service DIRECTORY [unjailed]
"""

import asyncio
import sys
from pathlib import Path

from gui_agents.jail.supervisor import Supervisor
from tests.gui_agents.jail.jails import ENVIRONMENT, LIMITS, line

DAEMON = "(setsid sh -c 'sleep 100 & sleep 100' &) ; echo on; cat"
"""Leaves the process group, and goes on if nobody ends it."""


async def main() -> None:
    """Make one jail of each kind that runs, and one that does not run yet."""
    supervisor = Supervisor(Path(sys.argv[1]), LIMITS)
    unjailed = "unjailed" in sys.argv
    names = []
    for kind in ("x11", "chromium"):
        jail = supervisor.prepare(kind, unjailed=unjailed)
        await line(await jail.start(["sh", "-c", DAEMON], ENVIRONMENT))
        names.append(jail.jail_id)
    names.append(supervisor.prepare("x11", unjailed=unjailed).jail_id)
    supervisor.note("cloud", {"name": "of a killed service"})
    sys.stdout.write(" ".join(names) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
