"""A service that opens a desktop without walls, says so, and waits to be killed.

python -m tests.gui_agents.sandboxes.x11.killed_service DIRECTORY
"""

import asyncio
import sys
from pathlib import Path

from gui_agents.config import load
from gui_agents.sandboxes.registry import SandboxFactory
from tests.fakes import a_spec


async def main() -> None:
    """Open the desktop."""
    factory = SandboxFactory(load({"X11_UNJAILED": "true"}).sandboxes, Path(sys.argv[1]))
    sandbox = factory.create(a_spec(backend="x11"))
    await sandbox.open()
    sys.stdout.write("open\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
