"""Pictures of the dashboards for the guide: every panel, drawn from a real Prometheus with three busy instances.

python -m tests.e2e.pictures docs/images
"""

import asyncio
import contextlib
import json
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Sequence
from pathlib import Path

from collectors.operations.dashboards import boards
from collectors.operations.dashboards.model import Panel
from tests.e2e.drawing import Line, draw, legend
from tests.e2e.programs import get, prometheus
from tests.e2e.test_dashboard_queries import asked, configured, instances_under_load
from tests.e2e.test_real_chain import answer
from tests.scripted_model import running_in_thread
from tests.system_tools import require_program

LOAD_SECONDS = 90


def lines(port: int, panel: Panel) -> list[Line]:
    """Return what Prometheus has for each query of a panel over the last seconds."""
    end = time.time() - 1
    found = []
    for one in panel.queries:
        times = {"start": end - LOAD_SECONDS + 20, "end": end, "step": 1}
        parameters = urllib.parse.urlencode({"query": asked(one.expr), **times})
        data = json.loads(get(f"http://127.0.0.1:{port}/api/v1/query_range?{parameters}"))["data"]["result"]
        found += [
            Line(legend(one.legend, series["metric"]), [(float(at), float(value)) for at, value in series["values"]])
            for series in data
        ]
    return found


def photograph(work: Path, svg: str, picture: Path) -> None:
    """Let Chromium make a PNG of a drawing."""
    page = work / "page.svg"
    page.write_text(svg, "utf-8")
    width, height = (svg.split(f'{side}="', 1)[1].split('"', 1)[0] for side in ("width", "height"))
    command = [require_program("chromium"), "--headless", "--no-sandbox", "--hide-scrollbars"]
    command += [f"--window-size={width},{height}", f"--user-data-dir={work / 'chromium'}"]
    subprocess.run([*command, f"--screenshot={picture}", page.as_uri()], check=True, capture_output=True)


async def main(directory: Path, chosen: Sequence[str]) -> None:
    """Make a picture of each chosen dashboard."""
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        async with contextlib.AsyncExitStack() as stack:
            model = stack.enter_context(running_in_thread(answer))
            started = await stack.enter_async_context(instances_under_load(work, model.base_url))
            port = await stack.enter_async_context(prometheus(work, configured(work, started)))
            await asyncio.sleep(LOAD_SECONDS)
            for board in (board for board in boards() if not chosen or board.uid in chosen):
                answers = {panel.title: await asyncio.to_thread(lines, port, panel) for panel in board.panels}
                picture = directory / f"{board.uid}.png"
                await asyncio.to_thread(photograph, work, draw(board, answers), picture)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]).resolve(), sys.argv[2:]))
