"""Pictures of dashboards for the guide: Prometheus's own graphs of their queries, on three instances under load.

python -m tests.e2e.pictures docs/images
"""

import asyncio
import contextlib
import subprocess
import sys
import tempfile
import urllib.parse
from pathlib import Path

from collectors.operations.dashboards import boards
from gui_agents.testing.scripted_model import running_in_thread
from tests.e2e.programs import prometheus
from tests.e2e.test_dashboard_queries import asked, configured, instances_under_load
from tests.e2e.test_real_chain import answer
from tests.system_tools import require_program

PICTURES = {
    "dashboard-tasks": ("gui-agents-tasks", ("Created and ended", "Execution time", "Wait in the queue")),
    "dashboard-cost": ("gui-agents-cost", ("Cost per hour", "Tokens", "Open sandboxes")),
}
"""The pictures by their file, each with a dashboard and some of its panels."""

LOAD_SECONDS = 90
RANGE = "90s"


def address(port: int, uid: str, titles: tuple[str, ...]) -> str:
    """Return the address of Prometheus's graphs of the first query of some panels."""
    board = next(board for board in boards() if board.uid == uid)
    panels = [next(panel for panel in board.panels if panel.title == title) for title in titles]
    parameters = {}
    for index, panel in enumerate(panels):
        parameters |= {
            f"g{index}.expr": asked(panel.queries[min(1, len(panel.queries) - 1)].expr),
            f"g{index}.tab": "0",
            f"g{index}.stacked": "1" if panel.stacked else "0",
            f"g{index}.range_input": RANGE,
        }
    return f"http://127.0.0.1:{port}/graph?{urllib.parse.urlencode(parameters)}"


async def main(directory: Path) -> None:
    """Make every picture."""
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        async with contextlib.AsyncExitStack() as stack:
            model = stack.enter_context(running_in_thread(answer))
            started = await stack.enter_async_context(instances_under_load(work, model.base_url))
            port = await stack.enter_async_context(prometheus(work, configured(work, started)))
            await asyncio.sleep(LOAD_SECONDS)
            for name, (uid, titles) in PICTURES.items():
                command = [require_program("chromium"), "--headless", "--no-sandbox", "--hide-scrollbars"]
                command += ["--window-size=1100,1500", "--virtual-time-budget=15000"]
                command += [f"--user-data-dir={work / 'chromium'}", f"--screenshot={directory / name}.png"]
                await asyncio.to_thread(subprocess.run, [*command, address(port, uid, titles)], check=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]).resolve()))
